package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildSink;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackDirectories;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Following goes on, whatever is wrong on the host. Each commit says itself which one it is: by a suspension. */
class FollowingIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    /** What nobody heard, while nobody can hear. */
    private final List<String> unheard = new CopyOnWriteArrayList<>();

    private volatile boolean deaf;
    private Engine engine;
    private HealthMonitor health;
    private Supervisor supervisor;
    private TestRepository repository;
    private Follower follower;
    private FollowedStacks stacks;
    private StackWorkers makers;
    private Following following;

    @BeforeEach
    void aFollowedRepository() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        health = engine.containers().healthMonitor((_, _) -> {});
        repository = TestRepository.create(directory.resolve("shop.git"));
        repository.put("stacks/shop/compose.yaml", "services: {a: {image: x}}\n");
        commit("one");
        var source = new FollowedRepository(
                new AgentSettings.Repository(repository.directory().toString(), Optional.empty(), Optional.empty()));
        var clock = InstantSource.system();
        stacks = new FollowedStacks(engine.root(), List.of(source));
        supervisor = new Supervisor(engine, health, clock, _ -> false, _ -> false, said::add);
        follower = new Follower(
                source,
                new GitRepositories(engine.root(), GitSettings.defaults()),
                new FollowingHost(engine.root(), "test", Map.of(), new HostVariables(directory), BuildsEntry.DEFAULT),
                _ -> false,
                said::add);
        makers = new StackWorkers(
                engine,
                "test",
                ImagePolicy.NONE,
                HostPolicy.CLOSED,
                new HostSecrets(directory),
                health,
                supervisor,
                stacks,
                Duration.ofMinutes(1),
                clock,
                _ -> WantedBuilds.NONE,
                this::hear);
        var statuses = new RepositoryStatuses(engine.root(), "test", List.of(source), clock, said::add);
        var events = new BuildEvents(follower, engine.root(), new NoBuilds(), said::add);
        following = new Following(events, makers, stacks, statuses, fast(), said::add);
    }

    private void hear(String line) {
        if (deaf) {
            unheard.add(line);
            throw new IllegalStateException("nobody hears that " + line);
        }
        said.add(line);
    }

    private static AgentSettings fast() {
        var usual = AgentSettings.defaults();
        return new AgentSettings(
                usual.host(),
                usual.labels(),
                usual.repositories(),
                Duration.ofMillis(100),
                usual.driftInterval(),
                usual.foreignFirewall(),
                usual.housekeeping(),
                usual.registries(),
                usual.images(),
                usual.policy(),
                usual.proxy(),
                usual.unpackLimits(),
                usual.userNamespaces(),
                usual.builds());
    }

    @AfterEach
    void end() throws Exception {
        following.close();
        following.join();
        stacks.end();
        follower.close();
        supervisor.close();
        health.close();
        engine.close();
        repository.close();
    }

    private static final class NoBuilds implements BuildSink {
        @Override
        public void submit(String url, List<BuildOrder> orders) {
            throw new AssertionError(orders.toString());
        }

        @Override
        public void refuse(String url, List<Refusal> refusals) {
            throw new AssertionError(refusals.toString());
        }
    }

    private void commit(String name) throws IOException {
        repository.put("lockstep.yaml", "stacks: {shop: {suspend: " + name + "}}\n");
        repository.commit(name);
    }

    private void says(String part) {
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(said).anySatisfy(line -> assertThat(line).contains(part)));
    }

    @Test
    void a_stack_is_looked_after_though_it_could_not_be_told_that_a_run_failed() throws Exception {
        deaf = true;
        repository.put("stacks/shop/compose.yaml", "services: {a: {imag: x}}\n").remove("lockstep.yaml");
        repository.commit("wrong");
        following.start();
        await().atMost(SOON).until(() -> unheard.size() > 1); // that it is refused, and that this could not be told
        deaf = false;

        var runs = following.sync("sync").get(SOON.toSeconds(), TimeUnit.SECONDS);

        assertThat(runs.getFirst().get(SOON.toSeconds(), TimeUnit.SECONDS).outcome())
                .isEqualTo(Outcome.REFUSED);
    }

    @Test
    void the_end_waits_for_the_run_of_a_stack_that_was_let_go_meanwhile() throws Exception {
        repository.put("stacks/shop/compose.yaml", "services: {a: {imag: x}}\n").remove("lockstep.yaml");
        repository.commit("refused");
        var source = Objects.requireNonNull(
                follower.stacks().of(follower.look()).active().get("shop"));
        var ending = Thread.ofPlatform().unstarted(() -> {
            try {
                stacks.end();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try (var _ = StackLock.take(engine.root(), "shop", SOON, _ -> {})) {
            var worker = stacks.worker("shop", name -> makers.worker(name, follower));
            worker.start();
            var _ = worker.want(source, "poll");
            says("stack shop is being changed by");
            stacks.remove("shop");
            ending.start();
            await().atMost(SOON).until(() -> ending.getState() == Thread.State.WAITING);
        }

        assertThat(ending.join(SOON)).isTrue();
        assertThat(said).anySatisfy(line -> assertThat(line).contains("is refused"));
    }

    @Test
    void what_ran_is_kept_by_a_new_agent_while_the_newest_commit_is_refused() throws IOException {
        repository.put("stacks/shop/compose.yaml", "services: {a: {imag: x}}\n").remove("lockstep.yaml");
        repository.commit("that ran");
        var ran = follower.look();
        var status = StackStatus.followed("shop", follower.repository().url(), ran.ref(), "stacks/shop", Instant.EPOCH);
        new StatusFiles(engine.root())
                .write(status.withApplied(Optional.of(
                        new StackStatus.Commit(ran.commit(), ran.subject(), ran.author(), ran.authored()))));
        repository.put("stacks/shop/compose.yaml", "services: {a: {image: x}}\n");
        repository.put("lockstep.yaml", "stacks: {shop: {supend: x}}\n").commit("with a typing mistake");

        following.start();

        says("stack shop at " + ran.shortCommit() + " \"that ran\" is refused");
        says("supend");
    }

    @Test
    void it_goes_on_when_a_failure_could_not_be_written_down() throws IOException {
        following.start();
        says("suspend: one");
        // As on a disk that is full: nothing takes the place of a directory that has something in it.
        var status = engine.root().state().resolve("agent.json");
        await().atMost(SOON).until(() -> Files.exists(status));
        Files.delete(status);
        Files.createDirectories(status.resolve("in-the-way"));
        var elsewhere = directory.resolve("elsewhere");
        Files.move(repository.directory(), elsewhere);
        says("is not there");

        Files.move(elsewhere, repository.directory());
        Files.delete(status.resolve("in-the-way"));
        Files.delete(status);
        commit("two");

        says("suspend: two");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(Files.readString(status))
                        .contains("\"commit\":\"" + repository.id("main").name()));
    }

    @Test
    void a_clone_that_cannot_be_packed_is_told_once_and_the_repository_is_well() throws IOException {
        following.start();
        says("suspend: one");
        Path clone;
        try (var clones = Files.newDirectoryStream(engine.root().state().resolve("git"), "[0-9a-f]*[0-9a-f]")) {
            clone = clones.iterator().next();
        }
        Files.writeString(clone.resolve("config"), "[gc]\n\tautoPackLimit = 1\n", StandardOpenOption.APPEND);
        Files.createDirectories(clone.resolve("packed-refs.lock/in-the-way"));
        for (var name : List.of("two", "three", "four", "five")) {
            commit(name);
            says("suspend: " + name);
        }

        says("cannot be packed");
        commit("six");
        says("suspend: six");
        assertThat(said)
                .filteredOn(line -> line.contains("cannot be packed"))
                .singleElement()
                .asString()
                .doesNotContain("Exception");
        assertThat(AgentStatus.read(engine.root()).orElseThrow().repositories())
                .singleElement()
                .satisfies(r -> assertThat(r.error()).isEmpty());
    }

    @Test
    void the_status_of_another_stack_that_is_damaged_is_set_aside_and_stops_nothing() throws IOException {
        var old = StackDirectories.make(engine.root(), "old");
        Files.writeString(old.resolve("status.json"), "{");
        following.start();
        says("suspend: one");
        says("the status of stack old cannot be used");
        commit("two");

        says("suspend: two");
        assertThat(old.resolve("status.json.damaged")).hasContent("{");
        assertThat(old.resolve("status.json")).doesNotExist();
    }

    @Test
    void a_status_that_only_a_newer_lockstep_reads_stays_and_costs_its_stack_alone() throws IOException {
        var newer = "{\"format\":99,\"root\":\"" + engine.root().id() + "\",\"record\":{}}";
        var database = StackDirectories.make(engine.root(), "database").resolve("status.json");
        Files.writeString(database, newer);
        repository.put("stacks/database/compose.yaml", "services: {a: {image: x}}\n");
        commit("one");
        following.start();

        says("stack database is refused");
        says("suspend: one");
        commit("two");
        says("suspend: two");
        assertThat(database).hasContent(newer);
        assertThat(new StatusFiles(engine.root()).unusable()).hasSize(1);
        assertThat(said)
                .as("once")
                .filteredOn(line -> line.startsWith("the status of stack database"))
                .hasSize(1);
    }
}
