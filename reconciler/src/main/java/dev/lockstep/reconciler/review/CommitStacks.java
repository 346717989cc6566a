package dev.lockstep.reconciler.review;

import dev.lockstep.reconciler.content.MountSource;
import dev.lockstep.reconciler.content.MountSources;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.FileContents;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileAccess;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The stacks of one commit, and which host has which. Variables and secrets that hosts keep for themselves are not
 * known here.
 */
final class CommitStacks {
    private final CommitTree tree;
    private final String repository;
    private final byte[] key;
    private final RepositorySettings settings;
    private final Map<String, Stack> stacks = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();

    /** A stack whose files are right. */
    private record Stack(StackDirectories.Stack found, Project project, String directory) {}

    /**
     * Reads all of them.
     *
     * @param repository what containers are marked with
     * @param key of the names of contents, the same for commits that are compared
     */
    CommitStacks(CommitTree tree, String repository, byte[] key) throws IOException {
        this.tree = tree;
        this.repository = repository;
        this.key = key.clone();
        this.settings = settings();
        for (var found : StackDirectories.find(tree, "", tree.nameOf(""))) {
            switch (new ComposeLoader()
                    .load(LoadRequest.of(tree)
                            .withDirectory(found.directory())
                            .withDefaultName(found.defaultName())
                            .withAccess(FileAccess.insideTree("")))) {
                case Loaded.Invalid invalid -> problems.addAll(invalid.errors());
                case Loaded.Valid valid -> add(found, valid);
            }
        }
    }

    private void add(StackDirectories.Stack found, Loaded.Valid valid) {
        var project = valid.project();
        var wrong = Checks.strict(project);
        problems.addAll(wrong);
        if (wrong.isEmpty()) {
            // The same name for two hosts is two stacks; for one host the first is taken, as by the agent.
            stacks.putIfAbsent(
                    project.name() + "@" + found.host().orElse(""),
                    new Stack(found, project, valid.projectDirectory()));
        }
    }

    private RepositorySettings settings() throws IOException {
        var bytes = tree.read(RepositorySettings.FILE);
        if (bytes.isEmpty()) {
            return RepositorySettings.NONE;
        }
        return switch (RepositorySettings.read(RepositorySettings.FILE, bytes.get())) {
            case RepositorySettings.Read.Valid(var read, var unused) -> read;
            case RepositorySettings.Read.Invalid(var errors, var unused) -> {
                problems.addAll(errors);
                yield RepositorySettings.NONE;
            }
        };
    }

    /** What is wrong with the files; the stacks concerned are left out. */
    List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** Every host that the commit names. */
    Set<String> hosts() {
        var hosts = new TreeSet<>(settings.hosts().keySet());
        stacks.values().forEach(stack -> stack.found().host().ifPresent(hosts::add));
        return hosts;
    }

    /** What that host is to run, by the names of stacks. */
    Map<String, Desired> of(String host) throws IOException {
        var placed = new LinkedHashMap<String, Desired>();
        for (var stack : stacks.values()) {
            var name = stack.project().name();
            var bound = stack.found().host();
            if (bound.isPresent() ? bound.get().equals(host) : settings.isPlaced(name, host, Map.of())) {
                var desired = desired(stack, host);
                if (desired.isPresent()) {
                    placed.putIfAbsent(name, desired.get());
                }
            }
        }
        return placed;
    }

    private Optional<Desired> desired(Stack stack, String host) throws IOException {
        var project = BuiltImages.named(stack.project(), this::isBuilt);
        var mounts = MountSources.of(tree, stack.directory(), project);
        var translation = new Translation(
                project,
                new Owner(host, project.name(), Optional.of(repository)),
                binds(project.name(), mounts),
                contents(stack.directory()),
                false,
                reference -> new Resolution.Unknown("no registry is asked"));
        return switch (translation.translate(
                Placement.ONE_HOST,
                Optional.of(
                        tree.revision().shortCommit() + " \"" + tree.revision().subject() + "\""))) {
            case Translation.Result.Translated(var desired) -> Optional.of(desired);
            case Translation.Result.Refused(var refused) -> {
                refused.stream().filter(problem -> !problems.contains(problem)).forEach(problems::add);
                yield Optional.empty();
            }
        };
    }

    /** Whether a build of the repository makes the image; on which hosts is not looked at. */
    private boolean isBuilt(ImageReference reference) {
        return settings.builds().isEmpty()
                || settings.builds().values().stream().anyMatch(build -> BuiltImages.isOf(build.image(), reference));
    }

    private static BindSources binds(String stack, Map<String, MountSource> mounts) {
        return source -> {
            var known = mounts.get(source);
            var path = Path.of("/").resolve(source);
            return new BindSources.Source(path, known == null ? source : known.identity(stack));
        };
    }

    private FileContents contents(String directory) {
        return new FileContents() {
            @Override
            public byte[] read(String path) throws IOException {
                var inTree = Path.of(directory).resolve(path).normalize().toString();
                return tree.read(inTree)
                        .orElseThrow(() -> new IOException("there is no file " + inTree + " in commit "
                                + tree.revision().shortCommit()));
            }

            @Override
            public boolean isExecutable(String path) throws IOException {
                return tree.isExecutable(
                        Path.of(directory).resolve(path).normalize().toString());
            }

            @Override
            public byte[] external(String what, String name) {
                return new byte[0]; // each host's own
            }

            @Override
            public String identity(byte[] content) {
                try {
                    var mac = Mac.getInstance("HmacSHA256");
                    mac.init(new SecretKeySpec(key, "HmacSHA256"));
                    return HexFormat.of().formatHex(mac.doFinal(content));
                } catch (GeneralSecurityException e) {
                    throw new IllegalStateException("every JDK has HmacSHA256", e);
                }
            }
        };
    }
}
