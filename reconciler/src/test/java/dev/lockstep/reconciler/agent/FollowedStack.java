package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;

/** The stack {@code shop} of a repository, on an engine of its own, brought to one commit after the other by a test. */
final class FollowedStack implements AutoCloseable {
    private final Path directory;
    private final Engine engine;
    private final HealthMonitor health;
    private final TestRepository origin;
    private final GitSource source;
    private final HostSecrets secrets;
    private final Deployment deployment;
    private final List<String> said = new ArrayList<>();
    private final Map<String, CommitSource> commits = new HashMap<>();

    /** @param directory empty */
    FollowedStack(Path directory) throws IOException {
        this.directory = directory;
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        health = engine.containers().healthMonitor((_, _) -> {});
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(engine.root());
        secrets = new HostSecrets(directory.resolve("stacks"));
        deployment = deployment(ImagePolicy.NONE, HostPolicy.CLOSED);
    }

    private Deployment deployment(ImagePolicy images, HostPolicy policy) {
        return new Deployment(engine, "test", images, policy, secrets);
    }

    Engine engine() {
        return engine;
    }

    /** Where the commits come from, as owners of objects have it. */
    String repository() {
        return source.remote().toString();
    }

    /** What people were told. */
    List<String> said() {
        return said;
    }

    /** What the host adds to the files of commits that are made from now on, in the syntax of {@code .env}. */
    void variables(String env) throws IOException {
        var file = Files.createDirectories(directory.resolve("stacks/shop")).resolve("env");
        Files.writeString(file, env);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    /** Where it keeps its state, and what Compose secrets of the host hold. */
    Path directory() {
        return directory;
    }

    /** One of these images, without a name. */
    Digest image(String content) throws IOException {
        var archive = TestImage.busybox("x").file("content", content).ociArchive(directory.resolve(content + ".tar"));
        return engine.images()
                .importArchive(archive, Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
    }

    /**
     * A Compose file with a service {@code app}.
     *
     * @param program what it runs, for a shell
     * @param more of the service, a line each, or nothing
     */
    static String app(String program, String... more) {
        var file = new StringBuilder("""
                services:
                  app:
                    image: app:1
                    command: [sh, -c, "%s"]
                    init: true
                    network_mode: none
                    stop_grace_period: 1s
                """.formatted(program));
        for (var line : more) {
            file.append("    ").append(line).append('\n');
        }
        return file.toString();
    }

    /** A commit with this Compose file. */
    CommitSource commit(String subject, String compose, StackBuilds builds) throws IOException {
        origin.put("stacks/shop/compose.yaml", compose);
        origin.commit(subject);
        var tree = origin.fetchMain(source);
        var commit = new CommitSource(
                tree,
                StackDirectories.find(tree, "", "shop").getFirst(),
                Optional.empty(),
                engine.root(),
                new HostVariables(directory.resolve("stacks")).of("shop"),
                List.of(),
                List.of(),
                StackRules.NONE,
                builds,
                Set.of(),
                _ -> {});
        commits.put(commit.commit().commit(), commit);
        return commit;
    }

    /** As an agent has it that was just started. */
    Reconciliation reconciliation(WantedBuilds builds) {
        return reconciliation(deployment, builds);
    }

    /** The same on a host with rules for images. */
    Reconciliation reconciliation(ImagePolicy images, WantedBuilds builds) {
        return reconciliation(deployment(images, HostPolicy.CLOSED), builds);
    }

    /** The same on a host that allows something. */
    Reconciliation reconciliation(HostPolicy policy) {
        return reconciliation(deployment(ImagePolicy.NONE, policy), WantedBuilds.NONE);
    }

    /** The stack's worker beside that supervisor, not started. */
    StackWorker worker(Supervisor supervisor) {
        return new StackWorker(
                "shop",
                engine,
                deployment,
                health,
                supervisor,
                records(),
                commits(),
                Duration.ofMinutes(1),
                InstantSource.system(),
                new Backoff(RandomGenerator.getDefault()),
                said::add,
                List::of,
                new Permission("shop", engine, InstantSource.system()),
                WantedBuilds.NONE);
    }

    /** Hears of ends of the stack's containers, not started. */
    Supervisor supervisor() throws IOException {
        return new Supervisor(engine, health, InstantSource.system(), "shop"::equals, "shop"::equals, _ -> {});
    }

    private StackRecords records() {
        return new StackRecords(engine.root(), "test", "shop", InstantSource.system());
    }

    private KeptRevision.Commits commits() {
        return new KeptRevision.Commits() {
            @Override
            public Optional<CommitSource> kept() throws IOException {
                return source.pinned("shop").map(Revision::commit).map(commits::get);
            }

            @Override
            public CommitSource at(String commit) {
                return Optional.ofNullable(commits.get(commit)).orElseThrow();
            }
        };
    }

    private Reconciliation reconciliation(Deployment deployment, WantedBuilds builds) {
        var context = new StackContext(
                "shop",
                engine,
                deployment,
                health,
                records(),
                InstantSource.system(),
                said::add,
                new Permission("shop", engine, InstantSource.system()),
                new FullDisk(FullDisk.Volumes.of(engine, "shop"), InstantSource.system()));
        return new Reconciliation(context, commits(), builds);
    }

    static Outcome run(Reconciliation reconciliation, CommitSource wanted) throws IOException, InterruptedException {
        return run(reconciliation, wanted, new CountDownLatch(1));
    }

    /** @param superseded counted down: a newer revision has come meanwhile */
    static Outcome run(Reconciliation reconciliation, CommitSource wanted, CountDownLatch superseded)
            throws IOException, InterruptedException {
        return reconciliation
                .run(wanted, "poll", PlanOptions.followed(Set.of(), Instant.EPOCH), superseded)
                .outcome();
    }

    /** The only container. */
    ObservedContainer container() throws IOException {
        var all = engine.containers().observe();
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    StackStatus status() throws IOException {
        return new StatusFiles(engine.root()).read("shop").orElseThrow();
    }

    List<String> problems() throws IOException {
        return status().problems().stream().map(StackStatus.Problem::message).toList();
    }

    @Override
    public void close() throws IOException {
        new Applier(engine, health, BeforeStart.NOTHING, new ApplyListener() {})
                .apply(deployment.planDown("shop", true));
        assertThat(engine.containers().observe()).isEmpty();
        source.close();
        origin.close();
        health.close();
        engine.close();
    }
}
