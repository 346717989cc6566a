package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds Dockerfiles, contexts and ignore files of builds: in directories of this host, and in what is fetched. */
final class BuildContexts {
    private static final String IMAGE = "docker-image://";
    private static final String KEEP_GIT = "BUILDKIT_CONTEXT_KEEP_GIT_DIR";

    private final Path base;
    private final PrintStream talk;
    private final FetchedContexts fetched;

    /**
     * @param base of relative paths, absolute
     * @param talk gets the lines of a Dockerfile that cannot be read
     * @param fetched brings what does not lie in a directory; open as long as the build goes on
     */
    BuildContexts(Path base, PrintStream talk, FetchedContexts fetched) {
        this.base = base;
        this.talk = talk;
        this.fetched = fetched;
    }

    /**
     * What a build begins with.
     *
     * @param labels that tell where the files are from
     */
    record Found(Dockerfile dockerfile, Optional<BuildRequest.Context> context, Map<String, String> labels) {
        Found {
            labels = Map.copyOf(labels);
        }
    }

    Path path(String text) {
        return base.resolve(text).normalize();
    }

    /**
     * A context's directory.
     *
     * @throws CommandException when it is none
     */
    Path directory(String text) throws CommandException {
        var directory = path(text);
        if (!Files.isDirectory(directory)) {
            throw new CommandException("unable to prepare context: path \"" + text + "\" "
                    + (Files.exists(directory) ? "is not a directory" : "not found"));
        }
        return directory;
    }

    /** Reads a Dockerfile. */
    Dockerfile dockerfile(Path file) throws IOException, CommandException {
        if (!Files.isRegularFile(file)) {
            throw new CommandException("failed to read dockerfile: " + file + " "
                    + (Files.exists(file) ? "is not a file" : "does not exist"));
        }
        if (Files.size(file) > DockerfileParser.LARGEST) {
            throw new CommandException(file + " is larger than " + DockerfileParser.LARGEST + " bytes");
        }
        return dockerfile(file.getFileName().toString(), Files.readAllBytes(file));
    }

    /** The same from bytes. */
    Dockerfile dockerfile(String name, byte[] bytes) throws CommandException {
        return switch (DockerfileParser.parse(name, bytes)) {
            case Parsed.Valid valid -> valid.dockerfile();
            case Parsed.Invalid invalid -> {
                // Excerpts have lines of their own.
                invalid.text().lines().forEach(line -> talk.println(Printable.text(line)));
                var count = invalid.problems().size();
                throw new CommandException(
                        "failed to build: " + name + " has " + (count == 1 ? "an error" : count + " errors"));
            }
        };
    }

    /**
     * The files of a directory that a build sees.
     *
     * @param dockerfile whose own ignore file counts before the context's; absent: it has none
     */
    BuildRequest.Context context(Path directory, Optional<Path> dockerfile) throws IOException {
        var own = dockerfile.map(file -> file.resolveSibling(file.getFileName() + ".dockerignore"));
        var file = own.filter(Files::isRegularFile).orElse(directory.resolve(".dockerignore"));
        var ignore = Files.isRegularFile(file)
                ? Ignore.parse(Files.readAllBytes(file), file.getFileName().toString())
                : Ignore.NOTHING;
        return new BuildRequest.Context(() -> OpenDirectory.open(directory), ignore);
    }

    /**
     * What comes on standard input: an archive, or a Dockerfile alone.
     *
     * @param file the Dockerfile in an archive, absent: {@code Dockerfile}
     */
    Found input(InputStream in, Optional<String> file) throws IOException, CommandException {
        var name = "the context on standard input";
        return found(fetched.read(in, name), name, file, Optional.empty());
    }

    /**
     * What a server of the web gives: the same.
     *
     * @param given the Dockerfile, where it is not in there
     */
    Found web(ContextAddress.Web web, Optional<String> file, Optional<Dockerfile> given)
            throws IOException, CommandException {
        return found(fetched.web(web), "the context " + web.shown(), file, given);
    }

    /**
     * A commit, with the labels that name it.
     *
     * @param arguments of the build, one of which may ask for what is not done
     */
    Found git(ContextAddress.Git git, Optional<String> file, Optional<Dockerfile> given, Map<String, String> arguments)
            throws IOException, CommandException {
        if (List.of("1", "t", "true")
                .contains(arguments.getOrDefault(KEEP_GIT, "").toLowerCase(Locale.ROOT))) {
            throw new CommandException(KEEP_GIT + ": the files of " + git.remote()
                    + " come from its objects, and no .git is made for them; leave it out");
        }
        return found(fetched.git(git), "the context " + git.remote() + " at " + git.ref(), file, given);
    }

    private Found found(FetchedContexts.Fetched came, String where, Optional<String> file, Optional<Dockerfile> given)
            throws IOException, CommandException {
        return switch (came) {
            case FetchedContexts.Fetched.Text text -> {
                if (file.isPresent() || given.isPresent()) {
                    throw new CommandException(where + " is a Dockerfile and no archive, and -f names another; leave"
                            + " one of them out");
                }
                yield new Found(dockerfile("Dockerfile", text.content()), Optional.empty(), Map.of());
            }
            case FetchedContexts.Fetched.Files(var opener, var labels) -> {
                try (var root = opener.open()) {
                    var tree = SourceTree.context(root, Ignore.NOTHING);
                    var name = file.orElse("Dockerfile");
                    var dockerfile = given.isPresent() ? given.get() : dockerfile(tree, where, name);
                    var ignore = ignore(tree, given.isPresent() ? Optional.empty() : Optional.of(name));
                    yield new Found(dockerfile, Optional.of(new BuildRequest.Context(opener, ignore)), labels);
                }
            }
        };
    }

    private Dockerfile dockerfile(SourceTree tree, String where, String name) throws IOException, CommandException {
        var bytes = tree.read(name, DockerfileParser.LARGEST)
                .orElseThrow(() ->
                        new CommandException("failed to read dockerfile: there is no file " + name + " in " + where));
        return dockerfile(name.substring(name.lastIndexOf('/') + 1), bytes);
    }

    /** The Dockerfile's own ignore file counts before the context's. */
    private static Ignore ignore(SourceTree tree, Optional<String> dockerfile) throws IOException {
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
    Map<String, BuildRequest.NamedContext> named(Map<String, String> texts) throws IOException, CommandException {
        var contexts = new LinkedHashMap<String, BuildRequest.NamedContext>();
        for (var text : texts.entrySet()) {
            contexts.put(text.getKey().toLowerCase(Locale.ROOT), named(text.getValue()));
        }
        return contexts;
    }

    BuildRequest.NamedContext named(String text) throws IOException, CommandException {
        if (text.startsWith(IMAGE)) {
            try {
                return new BuildRequest.NamedContext.Named(ImageReference.parse(text.substring(IMAGE.length())));
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
        }
        return new BuildRequest.NamedContext.Files(
                switch (ContextAddress.parse(text)) {
                    case ContextAddress.Directory(var path) -> context(directory(path), Optional.empty());
                    case ContextAddress.Input _ ->
                        throw new CommandException("a further context does not come on standard input");
                    case ContextAddress.Git git ->
                        further(fetched.git(git), git.remote().toString());
                    case ContextAddress.Web web -> further(fetched.web(web), web.shown());
                });
    }

    private static BuildRequest.Context further(FetchedContexts.Fetched came, String shown)
            throws IOException, CommandException {
        return switch (came) {
            case FetchedContexts.Fetched.Text _ ->
                throw new CommandException("the context " + shown + " is no archive, and no other file is a context");
            case FetchedContexts.Fetched.Files(var opener, var _) -> {
                try (var root = opener.open()) {
                    yield new BuildRequest.Context(
                            opener, ignore(SourceTree.context(root, Ignore.NOTHING), Optional.empty()));
                }
            }
        };
    }

    /** Whether nothing is fetched for a further context. */
    static boolean isHere(String text) throws CommandException {
        return text.startsWith(IMAGE) || ContextAddress.parse(text) instanceof ContextAddress.Directory;
    }
}
