package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.contexts.CommitFiles;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceImage;
import dev.lockstep.spec.model.Written;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What goes into a build, as one number: the recipe, and each file of the commit that the builder may see. What
 * {@code .dockerignore} leaves out does not count, nor does what a test asks for, and base images are what their names
 * say.
 */
public final class BuildInputs {
    /** Other numbers for the same where this class counts in another way. */
    private static final String FORM = "1";

    private static final String IGNORE = ".dockerignore";

    private final CommitTree tree;
    private final MessageDigest sum;
    /** Services whose images it builds from, so that a circle ends. */
    private final Set<String> seen = new HashSet<>();

    private BuildInputs(CommitTree tree) {
        this.tree = tree;
        try {
            this.sum = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * See {@link BuildOrder#inputs}.
     *
     * @param tree of the commit that the target was read from
     * @throws ContextException when the commit's ignore file is none, with its place
     */
    public static String of(CommitTree tree, BuildTarget target) throws IOException {
        var inputs = new BuildInputs(tree);
        inputs.add("form", FORM);
        switch (target.recipe()) {
            case Recipe.Entry(var base, var build) -> inputs.add(base, build);
            case Recipe.OfService(var directory, var project, var service) -> inputs.add(directory, project, service);
        }
        return HexFormat.of().formatHex(inputs.sum.digest());
    }

    private void add(String base, dev.lockstep.spec.settings.Build build) throws IOException {
        add("target", build.target());
        add("args", build.arguments());
        add("platforms", build.platforms());
        // Which there are, where there are any: their values change no image that is made as it should be.
        if (!build.secrets().isEmpty()) {
            add("secrets", build.secrets());
        }
        if (build.reproducible()) {
            add("time", tree.committed().toString());
        }
        context("context", base, build.context(), Optional.of(build.dockerfile()));
    }

    private void add(String directory, Project project, String service) throws IOException {
        if (!seen.add(service)) {
            return;
        }
        var found = Optional.ofNullable(project.services().get(service)).map(Service::image);
        var build = found.flatMap(ServiceImage::build);
        if (build.isPresent()) {
            add("platform", found.flatMap(ServiceImage::platform).map(Written::text));
            add(directory, project, build.get());
        }
    }

    private void add(String directory, Project project, Build build) throws IOException {
        add("target", build.target());
        add("args", build.args());
        add("labels", build.labels());
        add("platforms", build.platforms());
        add("inline", build.inlineDockerfile());
        add("network", build.network());
        add("entitlements", build.entitlements());
        add("hosts", build.extraHosts().toString());
        add("shm", build.shmSize().toString());
        add("ulimits", build.ulimits().toString());
        add("privileged", String.valueOf(build.privileged()));
        // Only where they are: without them no number has changed since they are honoured.
        build.sbom().ifPresent(text -> add("sbom", text));
        build.provenance().ifPresent(text -> add("provenance", text));
        build.cacheTo().stream()
                .filter(text -> text.strip().equals("type=inline"))
                .forEach(text -> add("cache in the image", text));
        // Which there are; their values change no image that is made as it should be.
        add("secrets", build.secrets().stream().map(Object::toString).toList());
        context("context", directory, project, build.context(), build.dockerfile());
        for (var further : new TreeMap<>(build.additionalContexts()).entrySet()) {
            context("context " + further.getKey(), directory, project, further.getValue(), Optional.empty());
        }
    }

    private void context(
            String name, String directory, Project project, ContextSource source, Optional<String> dockerfile)
            throws IOException {
        switch (source) {
            case ContextSource.Directory(var path) -> context(name, directory, path, dockerfile);
            case ContextSource.Remote(var reference) -> {
                add(name, reference);
                add("dockerfile", dockerfile);
            }
            case ContextSource.OfService(var service) -> {
                add(name, "service " + service);
                add(directory, project, service);
            }
        }
    }

    /** A directory of the commit; where there is none, its name, and the build will say so. */
    private void context(String name, String base, String path, Optional<String> dockerfile) throws IOException {
        var directory = RepositoryPath.resolve(base, path);
        var found = directory.isEmpty()
                ? Optional.<TreeEntry>empty()
                : tree.resolve(directory.get()).filter(TreeEntry::isDirectory);
        if (found.isEmpty()) {
            add(name, "no directory " + path);
            return;
        }
        var written = dockerfile.flatMap(named -> RepositoryPath.resolve(directory.get(), named));
        var existing = written.isEmpty() ? written : CommitFiles.dockerfile(tree, written.get());
        var file = existing.isEmpty() ? written : existing;
        var entry = file.isEmpty() ? Optional.<TreeEntry>empty() : tree.resolve(file.get());
        // The builder reads it whether it is ignored or not.
        add("dockerfile", dockerfile);
        add("dockerfile is", entry.map(TreeEntry::objectId));
        var ignore = ignore(directory.get(), file);
        if (ignore.isEmpty()) {
            add(name, found.get().objectId());
            return;
        }
        add(name, "chosen");
        var above = new HashMap<String, Ignore.Match>();
        var skip = found.get().path().isEmpty() ? 0 : found.get().path().length() + 1;
        for (var child : tree.walk(found.get())) {
            var own = child.path().substring(skip);
            if (!match(ignore, own, above).ignored()) {
                add(own, child.mode() + " " + child.objectId());
            }
        }
    }

    private static Ignore.Match match(Ignore ignore, String path, Map<String, Ignore.Match> directories) {
        var parent = RepositoryPath.parent(path);
        var above = parent.isEmpty() ? Ignore.Match.ROOT : directories.get(parent);
        if (above == null) {
            above = match(ignore, parent, directories);
            directories.put(parent, above);
        }
        return ignore.match(RawPath.of(path), above);
    }

    /** The Dockerfile's own counts before the context's, as the builder has it. */
    private Ignore ignore(String directory, Optional<String> dockerfile) throws IOException {
        var ofContext = RepositoryPath.child(directory, IGNORE);
        for (var name : dockerfile.isEmpty() ? List.of(ofContext) : List.of(dockerfile.get() + IGNORE, ofContext)) {
            var bytes = tree.read(name);
            if (bytes.isPresent()) {
                return Ignore.parse(bytes.get(), name);
            }
        }
        return Ignore.NOTHING;
    }

    private void add(String name, Map<String, String> values) {
        add(name, String.valueOf(values.size()));
        new TreeMap<>(values).forEach(this::add);
    }

    private void add(String name, Collection<String> values) {
        add(name, String.valueOf(values.size()));
        values.forEach(value -> add(name, value));
    }

    private void add(String name, Optional<String> value) {
        add(name, value.map(v -> "=" + v).orElse(""));
    }

    /** With their lengths, so that no two things are written alike. */
    private void add(String name, String value) {
        for (var text : new String[] {name, value}) {
            var bytes = text.getBytes(StandardCharsets.UTF_8);
            sum.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
            sum.update(bytes);
        }
    }
}
