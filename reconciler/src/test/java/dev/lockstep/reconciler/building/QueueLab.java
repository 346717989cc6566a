package dev.lockstep.reconciler.building;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.builds.BuiltNames;
import dev.lockstep.reconciler.builds.CommitBuilds;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.builds.Recipe;
import dev.lockstep.reconciler.builds.Triggers;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileAccess;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.settings.RepositorySettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;

/** A repository with files beside it, an engine with busybox, and a queue that builds the one from the other. */
final class QueueLab implements AutoCloseable {
    private static final String INPUTS = "0".repeat(64);
    static final Path REPOSITORY = Path.of("shop");

    /** Builds {@code shop} of {@code app} for tags. */
    static final String ENTRY = """
            builds:
              app: {image: shop, tags: ['{{tag}}', latest], context: app, when: {tags: ['v*']}}
            """;

    private final Path directory;
    final Engine engine;
    private final GitSource clone;
    final List<String> said = new CopyOnWriteArrayList<>();
    Optional<BuildTest> test = Optional.empty();
    BuildsEntry policy = BuildsEntry.DEFAULT;
    ImagePolicy images = ImagePolicy.NONE;
    HostPolicy hostPolicy = HostPolicy.CLOSED;
    boolean push;
    /** Commits that are here only when somebody has brought them. */
    final Set<String> elsewhere = ConcurrentHashMap.newKeySet();

    private QueueLab(Path directory) throws IOException {
        this.directory = directory;
        this.engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        this.clone = new GitRepositories(engine.root(), GitSettings.defaults())
                .open(Remote.parse(directory.resolve(REPOSITORY).toString()));
    }

    /** A new one; its repository has an entry {@code app}. */
    static QueueLab create(Path directory) throws IOException {
        try (var _ = Git.init()
                .setDirectory(directory.resolve(REPOSITORY).toFile())
                .setInitialBranch("main")
                .call()) {
            var lab = new QueueLab(directory);
            var archive = TestImage.busybox("busybox:latest").dockerArchive(directory.resolve("image.tar"));
            lab.engine.images().importArchive(archive, Optional.empty(), Progress.NONE);
            return lab;
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    /** What the host's owner says, as {@code agent.yaml} has it. */
    static AgentSettings settings(String yaml) {
        return switch (AgentSettings.read("agent.yaml", yaml.getBytes(StandardCharsets.UTF_8))) {
            case AgentSettings.Read.Valid valid -> valid.settings();
            case AgentSettings.Read.Invalid invalid ->
                throw new AssertionError(invalid.errors().toString());
        };
    }

    /** The same of builds. */
    static BuildsEntry policy(String builds) {
        return settings("builds: {" + builds + "}").builds();
    }

    /** The same, in another process. */
    static QueueLab reopen(Path directory) throws IOException {
        return new QueueLab(directory);
    }

    /** Another repository, with the same commits. */
    static final String OTHER = "https://git.example/other.git";

    String url() {
        return clone.remote().toString();
    }

    void file(String name, String content) throws IOException {
        var file = directory.resolve(REPOSITORY).resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    /** Commits every file, and has the commit in the clone. */
    String commit(String message) throws IOException {
        try (var git = Git.open(directory.resolve(REPOSITORY).toFile())) {
            git.add().addFilepattern(".").call();
            var commit = git.commit()
                    .setMessage(message)
                    .setAuthor("Test", "test@example.com")
                    .setCommitter("Test", "test@example.com")
                    .setSign(false)
                    .call();
            clone.fetch(new FollowedRef("main"));
            return commit.name();
        } catch (GitAPIException e) {
            throw new IOException(e);
        }
    }

    HostSecrets secrets() {
        return new HostSecrets(directory.resolve("stacks"));
    }

    /** A queue that has not begun to build. */
    BuildQueue queue() throws IOException {
        return new BuildQueue(
                engine,
                policy,
                images,
                hostPolicy,
                secrets(),
                new Commits(),
                (target, occasion, _, _) -> target.tags().stream()
                        .map(tag -> tag.replace("{{tag}}", occasion.ref().replaceFirst(".*/", "")))
                        .toList(),
                Set::of,
                InstantSource.system(),
                said::add);
    }

    private final class Commits implements BuildSources {
        @Override
        public List<Source> find(String repository, String commit) throws IOException {
            var revision = clone.revision(commit);
            return (repository.equals(url()) || repository.equals(OTHER))
                            && revision.isPresent()
                            && !elsewhere.contains(commit)
                    ? List.of(new Commit(clone.open(revision.get())))
                    : List.of();
        }

        @Override
        public void bring(String repository, Occasion occasion) {
            elsewhere.remove(occasion.commit());
        }
    }

    private final class Commit implements BuildSources.Source {
        private final CommitTree tree;

        Commit(CommitTree tree) {
            this.tree = tree;
        }

        @Override
        public CommitTree tree() {
            return tree;
        }

        @Override
        public List<BuildTarget> targets() throws IOException {
            return QueueLab.this.targets(tree);
        }

        @Override
        public List<ImagePolicy> imagePolicies() {
            return List.of();
        }

        @Override
        public Optional<BuildSources.Stack> stack(String service) {
            return service.equals("missing")
                    ? Optional.empty()
                    : Optional.of(new BuildSources.Stack(new Shop(tree), "shop", service));
        }
    }

    private List<BuildTarget> targets(CommitTree tree) throws IOException {
        var file = tree.read(RepositorySettings.FILE);
        var names = file.isEmpty()
                ? List.of("app")
                : List.copyOf(
                        ((RepositorySettings.Read.Valid) RepositorySettings.read(RepositorySettings.FILE, file.get()))
                                .settings()
                                .builds()
                                .keySet());
        var all = new ArrayList<BuildTarget>();
        for (var name : names) {
            all.add(target(tree, name));
        }
        return all;
    }

    /** The one stack of the repository. */
    private final class Shop implements StackSource {
        private final CommitTree tree;

        Shop(CommitTree tree) {
            this.tree = tree;
        }

        @Override
        public StackBuilds builds() {
            var targets = new CommitBuilds.Targets() {
                @Override
                public List<BuildTarget> all() throws IOException {
                    return targets(tree);
                }

                @Override
                public String inputs(BuildTarget target) {
                    return INPUTS;
                }
            };
            return new CommitBuilds(url(), targets, records(), new BuiltNames(engine.root()));
        }

        @Override
        public LoadRequest load() {
            return LoadRequest.of(tree).withAccess(FileAccess.insideTree("")).withDefaultName("shop");
        }

        @Override
        public Optional<String> repository() {
            return Optional.of(tree.revision().repository());
        }

        @Override
        public Optional<String> revision() {
            return Optional.empty();
        }

        @Override
        public Secrets secrets() {
            return Secrets.NONE;
        }

        @Override
        public StackSource.Files files(Project project, String directory) {
            return new StackSource.Files(
                    source -> new BindSources.Source(Path.of(source), source), BeforeStart.NOTHING);
        }

        @Override
        public byte[] read(String directory, String path) throws IOException {
            return tree.read(path).orElseThrow();
        }

        @Override
        public boolean isExecutable(String directory, String path) throws IOException {
            return tree.isExecutable(path);
        }
    }

    /** The entry of that name, or where there is none the build section of the service {@code app}. */
    private BuildTarget target(CommitTree tree, String name) throws IOException {
        var file = tree.read(RepositorySettings.FILE);
        if (file.isPresent()) {
            var read = RepositorySettings.read(RepositorySettings.FILE, file.get());
            var build = Objects.requireNonNull(
                    ((RepositorySettings.Read.Valid) read).settings().builds().get(name));
            return new BuildTarget(
                    name,
                    build.image(),
                    build.tags(),
                    new Recipe.Entry("", build),
                    new Triggers(List.of("v*"), List.of(), List.of(), false),
                    test.or(() -> build.test()
                            .map(own -> new BuildTest(
                                    own.command(), own.service(), own.timeout(), own.reports(), own.matrix()))),
                    push);
        }
        var loaded = new ComposeLoader()
                .load(LoadRequest.of(tree).withAccess(FileAccess.insideTree("")).withDefaultName("shop"));
        return new BuildTarget(
                "shop/app",
                "shop-app",
                List.of("{{tag}}"),
                new Recipe.OfService("", ((Loaded.Valid) loaded).project(), "app"),
                new Triggers(List.of("v*"), List.of(), List.of(), false),
                test,
                push);
    }

    /** An order as a tag gives it. */
    BuildOrder order(String tag, String commit) throws IOException {
        return order("app", tag, commit);
    }

    /** The same for another entry. */
    BuildOrder order(String name, String tag, String commit) throws IOException {
        var tree = clone.open(clone.revision(commit).orElseThrow());
        return new BuildOrder(target(tree, name), new Occasion(Occasion.Kind.TAG, "refs/tags/" + tag, commit), INPUTS);
    }

    /** Builds what waits, and ends. */
    void build(BuildOrder... orders) throws IOException, InterruptedException {
        build(url(), orders);
    }

    /** The same of a repository. */
    void build(String repository, BuildOrder... orders) throws IOException, InterruptedException {
        try (var queue = queue()) {
            queue.submit(repository, List.of(orders));
            queue.start();
            if (!queue.awaitIdle(Duration.ofMinutes(5))) {
                throw new IOException("still at it: " + said);
            }
        }
    }

    BuildRecords records() {
        return new BuildRecords(engine.root());
    }

    BuildRecord record(long number) throws IOException {
        return records().read(number).orElseThrow();
    }

    String log(long number) throws IOException {
        return Files.readString(records().log(number));
    }

    Optional<Image> image(String name) throws IOException {
        return engine.images().find(ImageReference.parse(name));
    }

    /** What is run in the image, and leaves its reports in {@code /reports}. */
    static Optional<BuildTest> test(String script, Duration timeout, Map<String, List<String>> matrix) {
        return Optional.of(new BuildTest(
                List.of("/bin/sh", "-c", script), Optional.empty(), timeout, Optional.of("/reports"), matrix));
    }

    /** What holds all that builds run. */
    Cgroup limits() throws IOException {
        return Cgroups.detect().at("/lockstep-builds-" + engine.root().shortId());
    }

    /** The same, and nothing of builds is left. */
    void closeEmpty() throws IOException {
        assertThat(engine.containers().observe()).isEmpty();
        assertThat(engine.networks().observe().networks()).isEmpty();
        close();
        assertThat(MountTable.below(directory)).isEmpty();
    }

    @Override
    public void close() throws IOException {
        clone.close();
        engine.close();
    }
}
