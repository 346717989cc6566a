package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.content.ContentStore;
import dev.lockstep.reconciler.content.FileChange;
import dev.lockstep.reconciler.content.MountSource;
import dev.lockstep.reconciler.content.MountSources;
import dev.lockstep.reconciler.content.StackFiles;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.plan.LineCommits;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.FileAccess;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A stack as one commit has it. Interpolation sees the commit's {@code .env} and the host's own file for the stack,
 * never this process's environment: whoever can push must not read it.
 *
 * @param name what the stack is called on this host, whatever values its files are given; empty while that is found out
 * @param variables the host's own values for the stack
 * @param imagePolicies what {@code lockstep.yaml} says of the stack's images
 * @param policies what {@code lockstep.yaml} leaves of what the host allows the stack to ask for
 * @param rules what it says of when and how the stack is changed
 * @param builds what of its images the commit builds on this host
 * @param formerly URLs that the repository had before, without credentials
 * @param reports hears what became of files that somebody changed on the host
 */
record CommitSource(
        CommitTree tree,
        StackDirectories.Stack stack,
        Optional<String> name,
        Root root,
        HostVariables.Values variables,
        List<ImagePolicy> imagePolicies,
        List<PolicyLayer> policies,
        StackRules rules,
        StackBuilds builds,
        Set<String> formerly,
        Consumer<FileChange> reports)
        implements StackSource {

    /** The stack as its files alone have it, to find out what it is called. */
    static CommitSource unnamed(
            CommitTree tree, StackDirectories.Stack stack, Root root, HostVariables.Values variables) {
        return new CommitSource(
                tree,
                stack,
                Optional.empty(),
                root,
                variables,
                List.of(),
                List.of(),
                StackRules.NONE,
                StackBuilds.NONE,
                Set.of(),
                _ -> {});
    }

    /** Whether both say the same of the stack: one commit of one repository, with the same values of the host. */
    boolean isSameAs(CommitSource other) {
        return commit().equals(other.commit())
                && stack.equals(other.stack)
                && name.equals(other.name)
                && variables.equals(other.variables)
                && imagePolicies.equals(other.imagePolicies)
                && policies.equals(other.policies)
                && formerly.equals(other.formerly)
                && rules.equals(other.rules);
    }

    Revision commit() {
        return tree.revision();
    }

    @Override
    public LoadRequest load() throws IOException {
        var request = LoadRequest.of(tree)
                .withDirectory(stack.directory())
                .withDefaultName(stack.defaultName())
                .withEnvironment(variables.orThrow())
                // Whoever can push must not read this host's files either.
                .withAccess(FileAccess.insideTree(""));
        return name.map(request::withProjectName).orElse(request);
    }

    @Override
    public Optional<String> repository() {
        return Optional.of(commit().repository());
    }

    @Override
    public Optional<String> revision() {
        return Optional.of(commit().shortCommit() + " \"" + commit().subject() + "\"");
    }

    @Override
    public LineCommits lines() {
        return FileLines.of(tree);
    }

    @Override
    public Optional<Path> values() {
        return variables.place();
    }

    @Override
    public Secrets secrets() {
        return new Secrets(
                Set.copyOf(variables.file().values().values()),
                variables.file().places().values().stream()
                        .map(SourcePosition::file)
                        .collect(Collectors.toSet()));
    }

    @Override
    public Files files(Project project, String projectDirectory) throws IOException {
        var devices = MountSources.devices(project);
        var sources = MountSources.of(tree, projectDirectory, project);
        var content = new ContentStore(root, InstantSource.system());
        for (var source : sources.values()) {
            if (source instanceof MountSource.Content immutable) {
                content.check(tree, immutable);
            }
        }
        var files = new StackFiles(root, project.name(), InstantSource.system());
        return new Files(
                bindSources(project.name(), sources, content, files),
                preparation(project.name(), sources, devices, content, files));
    }

    private static BindSources bindSources(
            String stack, Map<String, MountSource> sources, ContentStore content, StackFiles files) {
        return source -> switch (sources.get(source)) {
            case MountSource.Content immutable ->
                new BindSources.Source(content.locate(immutable), immutable.identity(stack));
            case MountSource.StackFile file ->
                new BindSources.Source(files.locate(file), file.identity(stack), Optional.of(files.base(file)));
            case null -> {
                if (!source.startsWith("/")) {
                    throw new IOException("a volume of a followed repository can only be a directory of the host that"
                            + " is named by its absolute path. Mount ./" + source + " in the services instead");
                }
                yield new BindSources.Source(Path.of(source), source);
            }
        };
    }

    /** @param devices of volumes that are directories of the stack, by the volume's name */
    private BeforeStart preparation(
            String stack,
            Map<String, MountSource> sources,
            Map<String, String> devices,
            ContentStore content,
            StackFiles files) {
        return new BeforeStart() {
            @Override
            public void materialise(ContainerSpec spec) throws IOException {
                for (var source : mountedBy(spec)) {
                    if (source instanceof MountSource.Content immutable) {
                        content.materialise(tree, immutable);
                    }
                }
            }

            @Override
            public void install(ContainerSpec spec) throws IOException {
                var own = mountedBy(spec).stream()
                        .filter(MountSource.StackFile.class::isInstance)
                        .map(MountSource.StackFile.class::cast)
                        .toList();
                if (!own.isEmpty()) {
                    files.install(tree, own).stream()
                            .filter(change -> change.kind().isReported())
                            .forEach(reports);
                }
            }

            private List<MountSource> mountedBy(ContainerSpec spec) {
                var identities = spec.mounts().stream()
                        .filter(MountSpec.Bind.class::isInstance)
                        .map(m -> ((MountSpec.Bind) m).identity())
                        .toList();
                var volumes = spec.mounts().stream()
                        .filter(MountSpec.Volume.class::isInstance)
                        .map(m -> devices.getOrDefault(((MountSpec.Volume) m).name(), ""))
                        .toList();
                return sources.entrySet().stream()
                        .filter(s -> identities.contains(s.getValue().identity(stack)) || volumes.contains(s.getKey()))
                        .map(Map.Entry::getValue)
                        .toList();
            }
        };
    }

    @Override
    public byte[] read(String projectDirectory, String path) throws IOException {
        if (path.startsWith("/")) {
            throw new IOException("the file " + path
                    + " is the host's own, and who can push must not read it. Put it into the repository");
        }
        var inTree = Path.of(projectDirectory).resolve(path).normalize().toString();
        return tree.read(inTree)
                .orElseThrow(
                        () -> new IOException("there is no file " + inTree + " in commit " + commit().shortCommit()));
    }

    @Override
    public boolean isExecutable(String projectDirectory, String path) throws IOException {
        return tree.isExecutable(
                Path.of(projectDirectory).resolve(path).normalize().toString());
    }
}
