package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a host ran before, applying a stack makes it what an empty host becomes by it, and then there is nothing to
 * do. {@code lockstep.count} is the number of pairs of stacks that are tried, a tenth of it where nobody asked for 100.
 */
class PairsIT {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed"})
    void one_stack_after_another_is_as_on_an_empty_host(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var pairs = Math.max(3, Integer.getInteger("lockstep.count", 100) / 10);
        System.out.println("pairs of stacks: seed " + Long.toUnsignedString(seed) + ", " + pairs);
        var chance = new Random(seed);
        var project = Files.createDirectories(directory.resolve("shop"));
        try (var used = engine("used");
                var empty = engine("empty")) {
            try {
                for (var pair = 0; pair < pairs; pair++) {
                    tryPair(used, empty, project, chance, "seed " + Long.toUnsignedString(seed) + ", pair " + pair);
                }
            } catch (AssertionError | IOException e) {
                for (var engine : List.of(used, empty)) {
                    try {
                        down(engine);
                    } catch (AssertionError | IOException more) {
                        e.addSuppressed(more);
                    }
                }
                throw e;
            }
        }
    }

    private void tryPair(Engine used, Engine empty, Path project, Random chance, String when) throws IOException {
        var a = stack(chance);
        var b = stack(chance);
        apply(used, project, a, when + ", first stack");
        apply(used, project, b, when + ", after\n" + a);
        apply(empty, project, b, when);

        assertThat(host(used)).as(when + ":\n" + a + "\nand then\n" + b).containsExactlyElementsOf(host(empty));
        assertThat(plan(used, project).plan().steps())
                .as(when + ": after\n" + a + "\nand then\n" + b)
                .isEmpty();
        down(used);
        down(empty);
    }

    private Engine engine(String name) throws IOException {
        var engine = Engine.open(new EngineOptions(
                directory.resolve(name),
                directory.resolve(name + "-run"),
                "host",
                Optional.of(Path.of("/bin/false")),
                true));
        for (var version : new String[] {"one", "two"}) {
            var image = TestImage.busybox("app:" + version).file("version", version);
            engine.images()
                    .importArchive(
                            image.dockerArchive(directory.resolve("image.tar")), Optional.empty(), Progress.NONE);
        }
        return engine;
    }

    /** Up to four services with a few attributes each, of every sort that plans treat differently. */
    private static String stack(Random chance) {
        var text = new StringBuilder("name: shop\nservices:\n");
        var names = new ArrayList<>(List.of("a", "b", "c", "d"));
        Collections.shuffle(names, chance);
        var services = names.subList(0, 1 + chance.nextInt(4));
        var before = new ArrayList<String>();
        for (var name : services) {
            text.append("  ").append(name).append(":\n");
            text.append("    image: app:")
                    .append(chance.nextBoolean() ? "one" : "two")
                    .append('\n');
            text.append("    command: [sh, -c, \"trap 'exit 0' TERM; sleep 100000 & wait\"]\n");
            maybe(chance, text, "    environment: {LEVEL: \"" + chance.nextInt(3) + "\"}\n");
            maybe(chance, text, "    mem_limit: " + (32 + 16 * chance.nextInt(2)) + "m\n");
            maybe(chance, text, "    pids_limit: " + (50 + chance.nextInt(2)) + "\n");
            maybe(chance, text, "    labels: {x: \"" + chance.nextInt(2) + "\"}\n");
            maybe(chance, text, "    hostname: h" + chance.nextInt(2) + "\n");
            maybe(chance, text, "    restart: on-failure\n");
            maybe(chance, text, "    volumes: [\"" + (chance.nextBoolean() ? "data" : "more") + ":/data\"]\n");
            maybe(chance, text, "    networks: [" + (chance.nextBoolean() ? "front" : "front, back") + "]\n");
            maybe(chance, text, "    configs: [c]\n");
            maybe(
                    chance,
                    text,
                    "    deploy: {replicas: " + (1 + chance.nextInt(3)) + ", update_config: {order: "
                            + (chance.nextBoolean() ? "start-first" : "stop-first") + ", parallelism: "
                            + chance.nextInt(3)
                            + ", monitor: 1ms}}\n");
            if (!before.isEmpty() && chance.nextBoolean()) {
                text.append("    depends_on: {")
                        .append(before.getLast())
                        .append(": {condition: service_started, restart: ")
                        .append(chance.nextBoolean())
                        .append("}}\n");
            }
            before.add(name);
        }
        return text.append("networks:\n  front: {}\n  back: {labels: {n: \"" + chance.nextInt(2) + "\"}")
                .append(chance.nextBoolean() ? ", internal: true}\n" : "}\n")
                .append("volumes:\n  data: {}\n  more: {}\n")
                .append("configs:\n  c: {content: \"" + chance.nextInt(2) + "\"}\n")
                .toString();
    }

    private static void maybe(Random chance, StringBuilder text, String line) {
        if (chance.nextInt(3) == 0) {
            text.append(line);
        }
    }

    private Deployment deployment(Engine engine) {
        return new Deployment(
                engine, "host", ImagePolicy.NONE, HostPolicy.CLOSED, new HostSecrets(directory.resolve("none")));
    }

    private Planned.Ready plan(Engine engine, Path project) throws IOException {
        var source = new DirectorySource(LoadRequest.of(new DirectoryTree(project)), project);
        var planned = deployment(engine).plan(source, PlanOptions.byHand(true, false, Optional.empty()));
        assertThat(planned).isInstanceOf(Planned.Ready.class);
        return (Planned.Ready) planned;
    }

    private void apply(Engine engine, Path project, String text, String when) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), text);
        var ready = plan(engine, project);
        assertThat(ready.plan().problems()).as(when + ":\n" + text).isEmpty();
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var results = new Applier(engine, health, ready.beforeStart(), ApplyListener.NONE).apply(ready.plan());
            assertThat(results)
                    .as(when + ":\n" + text)
                    .allSatisfy(r -> assertThat(r).isInstanceOf(StepResult.Done.class));
        }
    }

    private void down(Engine engine) throws IOException {
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            var plan = deployment(engine).planDown("shop", true);
            assertThat(new Applier(engine, health, BeforeStart.NOTHING, ApplyListener.NONE).apply(plan))
                    .allSatisfy(r -> assertThat(r).isInstanceOf(StepResult.Done.class));
        }
    }

    /** What is asked of everything and what the kernel has of it, without what chance gives: ids, times, addresses. */
    private static Set<String> host(Engine engine) throws IOException {
        var lines = new TreeSet<String>();
        for (var container : engine.containers().observe()) {
            var made = container.record().made();
            var environment = new TreeMap<>(made.environment());
            environment.remove("HOSTNAME"); // by default the container's id
            // Of contents there are keyed identities, which each root has of its own.
            lines.add(container.record().spec().toString().replaceAll("identity=[0-9a-f]{64}", "identity=its"));
            lines.add(container.name() + " is "
                    + (container.state() instanceof ContainerState.Running ? "running" : "not")
                    + " with " + container.limits() + ", " + environment + ", " + made.args() + ", "
                    + container.addresses().size() + " addresses, " + made.image());
        }
        for (var network : engine.networks().list()) {
            lines.add(network.spec().toString());
        }
        // Data outlives revisions: of volumes an earlier stack may have left more.
        return lines;
    }
}
