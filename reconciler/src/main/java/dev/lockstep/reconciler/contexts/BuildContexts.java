package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.ContextSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds Dockerfiles, contexts and ignore files of builds: where paths lead, and in what is fetched. */
public final class BuildContexts {
    static final String IMAGE = "docker-image://";
    private static final String KEEP_GIT = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";

    private final ContextFiles files;
    private final Dockerfiles dockerfiles;
    private final FetchedContexts fetched;

    /**
     * @param files what paths lead to
     * @param fetched brings what no path leads to; open as long as the build goes on
     */
    public BuildContexts(ContextFiles files, Dockerfiles dockerfiles, FetchedContexts fetched) {
        this.files = files;
        this.dockerfiles = dockerfiles;
        this.fetched = fetched;
    }

    /**
     * What a build begins with.
     *
     * @param labels that tell where the files are from
     */
    public record Found(Dockerfile dockerfile, Optional<BuildRequest.Context> context, Map<String, String> labels) {
        public Found {
            labels = Map.copyOf(labels);
        }
    }

    /**
     * What a {@code build} section names.
     *
     * @param file the Dockerfile, relative to the context; absent: {@code Dockerfile}
     * @param given the Dockerfile, where it is in no file
     * @param arguments of the build, one of which may ask for a {@code .git} among the files
     */
    Found find(ContextSource source, Optional<String> file, Optional<Dockerfile> given, Map<String, String> arguments)
            throws IOException {
        if (source instanceof ContextSource.Remote(var address)) {
            switch (ContextAddress.parse(address)) {
                case ContextAddress.Web web -> {
                    return web(web, file, given);
                }
                case ContextAddress.Git git -> {
                    return git(git, file, given, arguments);
                }
                case ContextAddress.Directory _, ContextAddress.Input _ -> {
                    // Has no address's form: a path, as below.
                }
            }
        }
        return files.find(source.text(), file, given, dockerfiles);
    }

    /**
     * What comes on standard input: an archive, or a Dockerfile alone.
     *
     * @param file the Dockerfile in an archive, absent: {@code Dockerfile}
     */
    public Found input(InputStream in, Optional<String> file) throws IOException {
        var name = "the context on standard input";
        return found(fetched.read(in, name), name, file, Optional.empty());
    }

    /**
     * What a server of the web gives: the same.
     *
     * @param given the Dockerfile, where it is not in there
     */
    public Found web(ContextAddress.Web web, Optional<String> file, Optional<Dockerfile> given) throws IOException {
        return found(fetched.web(web), "the context " + web.shown(), file, given);
    }

    /**
     * A commit, with the labels that name it.
     *
     * @param arguments of the build, one of which may ask for a {@code .git} among the files
     */
    public Found git(
            ContextAddress.Git git, Optional<String> file, Optional<Dockerfile> given, Map<String, String> arguments)
            throws IOException {
        var keep = List.of("1", "t", "true")
                .contains(arguments.getOrDefault(KEEP_GIT, "").toLowerCase(Locale.ROOT));
        return found(fetched.git(git, keep), "the context " + git.remote() + " at " + git.ref(), file, given);
    }

    private Found found(FetchedContexts.Fetched came, String where, Optional<String> file, Optional<Dockerfile> given)
            throws IOException {
        return switch (came) {
            case FetchedContexts.Fetched.Text text -> {
                if (file.isPresent() || given.isPresent()) {
                    throw new UnbuildableException(where
                            + " is a Dockerfile and no archive, and -f names another; leave" + " one of them out");
                }
                yield new Found(dockerfiles.read("Dockerfile", text.content()), Optional.empty(), Map.of());
            }
            case FetchedContexts.Fetched.Files(var opener, var labels) -> {
                try (var root = opener.open()) {
                    var tree = SourceTree.context(root, Ignore.NOTHING);
                    var name = existing(tree, file.orElse("Dockerfile"));
                    var dockerfile = given.isPresent() ? given.get() : dockerfile(tree, where, name);
                    var ignore = ignore(tree, given.isPresent() ? Optional.empty() : Optional.of(name));
                    yield new Found(dockerfile, Optional.of(new BuildRequest.Context(opener, ignore)), labels);
                }
            }
        };
    }

    /** The same when it is nowhere. */
    private static String existing(SourceTree tree, String name) throws IOException {
        for (var each : DockerfileNames.of(name)) {
            if (tree.read(each, DockerfileParser.LARGEST).isPresent()) {
                return each;
            }
        }
        return name;
    }

    private Dockerfile dockerfile(SourceTree tree, String where, String name) throws IOException {
        var bytes = tree.read(name, DockerfileParser.LARGEST)
                .orElseThrow(() -> new UnbuildableException(
                        "failed to read dockerfile: there is no file " + name + " in " + where));
        return dockerfiles.read(name.substring(name.lastIndexOf('/') + 1), bytes);
    }

    /** The Dockerfile's own ignore file counts before the context's. */
    static Ignore ignore(SourceTree tree, Optional<String> dockerfile) throws IOException {
        var common = ".dockerignore";
        if (dockerfile.isPresent()) {
            var own = dockerfile.get() + common;
            var bytes = tree.read(own, DockerfileParser.LARGEST);
            if (bytes.isPresent()) {
                return Ignore.parse(bytes.get(), own);
            }
        }
        var bytes = tree.read(common, DockerfileParser.LARGEST);
        return bytes.isPresent() ? Ignore.parse(bytes.get(), common) : Ignore.NOTHING;
    }

    /** Further contexts by name. */
    public Map<String, BuildRequest.NamedContext> named(Map<String, String> texts) throws IOException {
        var contexts = new LinkedHashMap<String, BuildRequest.NamedContext>();
        for (var text : texts.entrySet()) {
            contexts.put(StageGraph.contextName(text.getKey()), named(text.getValue()));
        }
        return contexts;
    }

    BuildRequest.NamedContext named(String text) throws IOException {
        if (text.startsWith(IMAGE)) {
            try {
                return new BuildRequest.NamedContext.Named(ImageReference.parse(text.substring(IMAGE.length())));
            } catch (IllegalArgumentException e) {
                throw new UnbuildableException(String.valueOf(e.getMessage()));
            }
        }
        return new BuildRequest.NamedContext.Files(
                switch (ContextAddress.parse(text)) {
                    case ContextAddress.Directory(var path) -> files.further(path);
                    case ContextAddress.Input _ ->
                        throw new UnbuildableException("a further context does not come on standard input");
                    case ContextAddress.Git git ->
                        further(fetched.git(git, false), git.remote().toString());
                    case ContextAddress.Web web -> further(fetched.web(web), web.shown());
                });
    }

    private static BuildRequest.Context further(FetchedContexts.Fetched came, String shown) throws IOException {
        return switch (came) {
            case FetchedContexts.Fetched.Text _ ->
                throw new UnbuildableException(
                        "the context " + shown + " is no archive, and no other file is a context");
            case FetchedContexts.Fetched.Files(var opener, var _) -> {
                try (var root = opener.open()) {
                    yield new BuildRequest.Context(
                            opener, ignore(SourceTree.context(root, Ignore.NOTHING), Optional.empty()));
                }
            }
        };
    }

    /** Whether nothing is fetched for a further context. */
    public static boolean isHere(String text) throws UnbuildableException {
        return text.startsWith(IMAGE) || ContextAddress.parse(text) instanceof ContextAddress.Directory;
    }
}
