package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.Hooks;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.Namespaces;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent brings back after a start of the host, and what keeps it from that. */
class HostStartIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final RestartPolicy ALWAYS = new RestartPolicy(RestartPolicy.Condition.ALWAYS, 0, true);

    @TempDir
    Path directory;

    private final List<String> said = new CopyOnWriteArrayList<>();
    private Engine engine;
    private HealthMonitor health;
    private Digest image;

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        health = engine.containers().healthMonitor((_, _) -> {});
        image = engine.images()
                .importArchive(
                        TestImage.busybox("x").ociArchive(directory.resolve("image.tar")),
                        Optional.empty(),
                        Progress.NONE)
                .getFirst()
                .digest();
    }

    @AfterEach
    void close() throws IOException {
        for (var container : engine.containers().observe()) {
            engine.containers().remove(container.id(), true, true);
        }
        health.close();
        engine.close();
    }

    private Supervisor supervisor() throws IOException {
        var supervisor = new Supervisor(engine, health, InstantSource.system(), _ -> false, _ -> false, said::add);
        supervisor.start();
        return supervisor;
    }

    private String started(String service, UnaryOperator<ContainerSpec> change) throws IOException {
        var spec = new ContainerSpec(
                service,
                new Owner("test", "s", Optional.empty()),
                service,
                1,
                ImageReference.parse("x:latest"),
                image,
                Optional.empty(),
                Optional.of(List.of("sleep", "600")),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(),
                List.of(),
                Resources.UNLIMITED,
                ALWAYS,
                Optional.empty(),
                Optional.empty(),
                Optional.of(Duration.ZERO));
        var id = engine.containers().create(change.apply(spec)).id();
        engine.containers().start(id);
        return id;
    }

    private ObservedContainer container(String id) throws IOException {
        return engine.containers().observe(id).orElseThrow();
    }

    private Instant startOf(String id) throws IOException {
        return ((ContainerState.Running) container(id).state()).startedAt();
    }

    private void kill(String id) throws IOException {
        var process = ProcessIdentity.of(((ContainerState.Running) container(id).state()).pid())
                .orElseThrow();
        try (var pidfd = Pidfd.open(process).orElseThrow()) {
            pidfd.send(Signal.KILL);
        }
    }

    /** It ran until the power was cut, and the run root is empty. */
    private void loseWithHost(String id) throws IOException {
        engine.containers().stop(id, Optional.of(Duration.ZERO));
        changeLife(id, life -> {
            life.put("wanted", true);
            life.put("stoppedByUser", false);
            life.remove(List.of("exit", "stoppedInBoot"));
        });
        assertThat(container(id).state()).isInstanceOf(ContainerState.Lost.class);
    }

    private interface Edit {
        void of(ObjectNode life);
    }

    private void changeLife(String id, Edit edit) throws IOException {
        var file = directory.resolve("state/containers/" + id + "/life.json");
        var json = (ObjectNode) engine.root().json().readTree(file.toFile());
        edit.of((ObjectNode) json.get("record"));
        Files.write(file, engine.root().json().writeValueAsBytes(json));
    }

    private static ContainerSpec sharing(ContainerSpec spec, String container) {
        var network = new Namespaces(
                Optional.of(new NamespaceMode.Of(container)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        return spec.with(
                ContainerOptions.NONE.with(ContainerOptions.NONE.isolation().with(network)));
    }

    private static ContainerSpec after(ContainerSpec spec, String service) {
        return spec.withLabels(Map.of("com.docker.compose.depends_on", service + ":service_started:false"));
    }

    @Test
    void what_others_share_or_depend_on_starts_before_them() throws Exception {
        var vpn = started("c-vpn", s -> s);
        var app = started("b-app", s -> sharing(s, "c-vpn"));
        var web = started("a-web", s -> after(s, "b-app"));
        for (var id : List.of(vpn, app, web)) {
            loseWithHost(id);
        }
        try (var _ = supervisor()) {
            await().atMost(SOON)
                    .until(() -> container(vpn).isRunning()
                            && container(app).isRunning()
                            && container(web).isRunning());
        }
        assertThat(startOf(vpn)).isBefore(startOf(app));
        assertThat(startOf(app)).isBefore(startOf(web));
        assertThat(said).noneMatch(line -> line.contains("cannot"));
    }

    @Test
    void what_could_not_be_started_is_tried_again_and_by_the_next_agent_too() throws Exception {
        var source = Files.createDirectory(directory.resolve("source"));
        var id = started(
                "c", s -> s.withMounts(List.of(new MountSpec.Bind(source, source.toString(), "/data", true, false))));
        loseWithHost(id);
        Files.delete(source);
        try (var supervisor = supervisor()) {
            await().atMost(SOON).until(() -> supervisor.undone().contains(id));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(said)
                            .anySatisfy(line ->
                                    assertThat(line).startsWith("container c ").contains("could not")));
            var sentences = said.size();
            supervisor.lookAgain();
            await().atMost(SOON).until(() -> supervisor.undone().contains(id));
            assertThat(said).as("the same is not said again").hasSize(sentences);

            Files.createDirectory(source);
            supervisor.lookAgain();
            await().atMost(SOON).until(() -> container(id).isRunning());
        }
        loseWithHost(id);
        Files.delete(source);
        try (var supervisor = supervisor()) {
            await().atMost(SOON).until(() -> supervisor.undone().contains(id));
        }
        Files.createDirectory(source);
        try (var _ = supervisor()) {
            await().atMost(SOON).until(() -> container(id).isRunning());
        }
    }

    @Test
    void one_that_cannot_be_started_with_the_host_keeps_nobody_from_it() throws Exception {
        var source = Files.createDirectory(directory.resolve("source"));
        var broken = started(
                "a-broken",
                s -> s.withMounts(List.of(new MountSpec.Bind(source, source.toString(), "/data", true, false))));
        var whole = started("b-whole", s -> s);
        for (var id : List.of(broken, whole)) {
            engine.containers().stop(id, Optional.of(Duration.ZERO));
            changeLife(id, life -> life.put("stoppedInBoot", "another-boot"));
        }
        Files.delete(source);
        try (var supervisor = supervisor()) {
            await().atMost(SOON).until(() -> container(whole).isRunning());
            await().atMost(SOON).until(() -> supervisor.undone().contains(broken));
            assertThat(said)
                    .contains("container b-whole was started with the host, as its policy always says")
                    .anySatisfy(line ->
                            assertThat(line).startsWith("container a-broken ").contains("could not"));
            Files.createDirectory(source);
            supervisor.lookAgain();
            await().atMost(SOON).until(() -> container(broken).isRunning());
        }
    }

    @Test
    void hooks_that_take_their_time_hold_up_nobody_else() throws Exception {
        var go = Files.createDirectory(directory.resolve("go"));
        var hook = new Hooks.Hook(
                List.of("sh", "-c", "[ -e /go/first ] || exit 0; until [ -e /go/on ]; do sleep 0.1; done; touch /done"),
                Optional.empty(),
                false,
                Optional.empty(),
                Map.of());
        UnaryOperator<ContainerSpec> slow =
                s -> s.withMounts(List.of(new MountSpec.Bind(go, go.toString(), "/go", true, false)))
                        .with(ContainerOptions.NONE.with(new Hooks(List.of(hook), List.of())));
        var first = started("first", slow);
        var second = started("second", slow);
        var third = started("third", s -> s);
        Files.createFile(go.resolve("first"));
        try (var supervisor = supervisor()) {
            var before = startOf(third);
            for (var id : List.of(first, second)) {
                var start = startOf(id);
                kill(id);
                await().atMost(SOON)
                        .until(() -> container(id).isRunning() && !startOf(id).equals(start));
            }
            kill(third);
            await().atMost(SOON)
                    .until(() -> container(third).isRunning() && !startOf(third).equals(before));
            assertThat(said).as("hooks run yet").noneMatch(line -> line.matches("container (first|second) was .*"));

            Files.createFile(go.resolve("on"));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(said)
                            .contains("container first was started again", "container second was started again"));
            assertThat(supervisor.undone()).isEmpty();
        }
    }
}
