package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.context.ContentDigest;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What the image of a {@code build} section is made of, part by part, for who must know later whether it still is: the
 * section, the Dockerfile, each file that the builder may see, and the images of this host that it begins with. What a
 * secret contains is no part: it changes no image that is made as it should be. Nothing is fetched and nothing is
 * written.
 */
public final class SectionInputs {
    /** Between a section's own part and the name of an image of this host that it begins with. */
    public static final String FROM = ".from ";

    private final Engine engine;
    private final Project project;
    private final HostFiles files;
    private final Consumer<String> talk;

    /**
     * The image that a name means on this host. Of all parts it alone may be another one once something was built.
     *
     * @param digest absent: there is none
     */
    public record Here(Optional<Digest> digest) {}

    /**
     * @param files what the project's paths lead to
     * @param talk gets what is wrong with a Dockerfile, line by line
     */
    public SectionInputs(Engine engine, Project project, HostFiles files, Consumer<String> talk) {
        this.engine = engine;
        this.project = project;
        this.files = files;
        this.talk = talk;
    }

    /**
     * The parts of one, {@code services.web.build.context} and others, each with a value that is another one when the
     * part is.
     *
     * @param except a file that must not be among what is built, since it is still to be written
     * @throws UnbuildableException when it cannot be built, or what it is built from can be another thing each time
     */
    public SortedMap<String, Object> of(Service service, Optional<Path> except) throws IOException {
        var build = service.image().build().orElseThrow();
        var path = path(service.name());
        var dockerfiles = new Dockerfiles(talk);
        var contexts = new BuildContexts(files, dockerfiles, FetchedContexts.none());
        requireLasting(path + ".context", build.context());
        for (var further : build.additionalContexts().entrySet()) {
            requireLasting(path + ".additional_contexts." + further.getKey(), further.getValue());
        }
        Optional<Dockerfile> given = build.inlineDockerfile().isPresent()
                ? Optional.of(dockerfiles.read(
                        "Dockerfile", build.inlineDockerfile().get().getBytes(StandardCharsets.UTF_8)))
                : Optional.empty();
        var found = contexts.find(build.context(), build.dockerfile(), given, build.args());
        var named = named(contexts, build);

        var parts = new TreeMap<String, Object>();
        parts.put(path, build);
        parts.put(path + ".dockerfile", found.dockerfile().source());
        if (found.context().isPresent()) {
            parts.put(
                    path + ".context",
                    content(path + ".context", found.context().get(), build.context(), except));
        }
        for (var further : build.additionalContexts().entrySet()) {
            var place = path + ".additional_contexts." + further.getKey();
            if (named.get(StageGraph.contextName(further.getKey()))
                    instanceof BuildRequest.NamedContext.Files(var context)) {
                parts.put(place, content(place, context, further.getValue(), except));
            }
        }
        images(path, build, found, named, parts);
        return parts;
    }

    /** The part that stands for the section of a service as a whole. */
    public static String path(String service) {
        return "services." + service + ".build";
    }

    /** The same for one that is not built: the image that stands for it here. */
    public SortedMap<String, Object> ofExisting(Service service) {
        var parts = new TreeMap<String, Object>();
        BuiltImages.reference(project, service)
                .ifPresent(reference -> parts.put(path(service.name()), here(reference)));
        return parts;
    }

    /** Names are what they are on this host; what one is that is not here will be known after its pull. */
    private void images(
            String path,
            Build build,
            BuildContexts.Found found,
            Map<String, BuildRequest.NamedContext> named,
            Map<String, Object> parts)
            throws IOException {
        var request = new BuildRequest(
                found.dockerfile(),
                build.target(),
                found.context(),
                named,
                build.args(),
                build.labels(),
                BuildRequest.CacheUse.ALL,
                build.pull(),
                Map.of(),
                Map.of(),
                BuildRequest.StepOptions.NONE,
                SectionRequest.platform(path + ".platforms", build.platforms()),
                Optional.empty());
        for (var name : engine.builder().bases(request)) {
            image(path, name, parts);
        }
        for (var context : build.additionalContexts().values()) {
            if (context instanceof ContextSource.Remote(var address)) {
                image(path, address.substring(BuildContexts.IMAGE.length()), parts);
            }
        }
    }

    private void image(String path, String name, Map<String, Object> parts) throws UnbuildableException {
        try {
            parts.put(path + FROM + name, here(ImageReference.parse(name)));
        } catch (IllegalArgumentException e) {
            throw new UnbuildableException(path + ": " + e.getMessage(), e);
        }
    }

    /** One that is damaged is none: it is pulled or built again. */
    private Here here(ImageReference reference) {
        try {
            return new Here(engine.images().find(reference).map(Image::digest));
        } catch (IOException e) {
            return new Here(Optional.empty());
        }
    }

    private Map<String, BuildRequest.NamedContext> named(BuildContexts contexts, Build build) throws IOException {
        var named = new LinkedHashMap<String, BuildRequest.NamedContext>();
        for (var entry : build.additionalContexts().entrySet()) {
            named.put(
                    StageGraph.contextName(entry.getKey()),
                    switch (entry.getValue()) {
                        // Only its name matters here: it is a service of its own.
                        case ContextSource.OfService(var other) ->
                            new BuildRequest.NamedContext.Named(BuildSections.service(project, other)
                                    .flatMap(service -> BuiltImages.reference(project, service))
                                    .orElseThrow(() -> new UnbuildableException("build.additional_contexts."
                                            + entry.getKey() + ": service \"" + other + "\" has no build section")));
                        case ContextSource.Directory(var path) -> contexts.named(path);
                        case ContextSource.Remote(var address) -> contexts.named(address);
                    });
        }
        return named;
    }

    private static void requireLasting(String place, ContextSource source) throws UnbuildableException {
        if (source instanceof ContextSource.Remote(var address) && !address.startsWith(BuildContexts.IMAGE)) {
            throw new UnbuildableException(place + " is fetched when it is built, and may be something else by then:"
                    + " 'lockstep build' builds it; plan after that");
        }
    }

    private String content(String place, BuildRequest.Context context, ContextSource source, Optional<Path> except)
            throws IOException {
        if (except.isPresent() && source instanceof ContextSource.Directory(var text)) {
            requireOutside(place, context.ignore(), files.directory(text), except.get());
        }
        try (var root = context.opener().open()) {
            var all = new CopySource(SourceTree.context(root, context.ignore()), ".");
            return ContentDigest.of(CopyRequest.of(List.of(all), "/", "/")).toString();
        }
    }

    private static void requireOutside(String place, Ignore ignore, Path directory, Path file) throws IOException {
        var parent = file.getParent();
        var real = parent == null ? file : parent.toRealPath().resolve(file.getFileName());
        var top = directory.toRealPath();
        if (real.startsWith(top)
                && !ignore.match(RawPath.of(top.relativize(real).toString())).ignored()) {
            throw new UnbuildableException(file + " would be one of the files that are built (" + place
                    + "): name a file elsewhere, or name it in .dockerignore");
        }
    }
}
