package dev.lockstep.runtime;

import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ExecSpec;
import dev.lockstep.runtime.container.ExecStreams;
import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.TaggedImage;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/**
 * An engine that lives on as an agent's does, for {@code examples/bench/start}: takes a line of standard input at a
 * time, does it, and prints how many milliseconds it took. Arguments: root, run root, an image's archive, a runtime.
 */
final class WarmEngine {
    private static final String NETWORK = "bench-warm";
    private static final List<String> SLEEP = List.of("sleep", "1000000");

    private final Engine engine;
    private final TaggedImage image;
    private final Optional<String> runtime;
    private int made;

    private WarmEngine(Engine engine, TaggedImage image, Optional<String> runtime) {
        this.engine = engine;
        this.image = image;
        this.runtime = runtime;
    }

    /** The program. */
    public static void main(String[] args) throws Exception {
        var options = new EngineOptions(Path.of(args[0]), Path.of(args[1]), "bench", Optional.empty(), true);
        try (var engine = Engine.open(options)) {
            var image = engine.images()
                    .importArchive(Path.of(args[2]), Optional.empty(), Progress.NONE)
                    .getFirst();
            var warm = new WarmEngine(engine, image, Optional.of(args[3]));
            // The first container of a host makes what all share, and the last one takes it away.
            var other = warm.started(SLEEP);
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (var line = in.readLine(); line != null; line = in.readLine()) {
                System.out.println(warm.run(line.split(" ", 2)));
            }
            engine.containers().remove(other, true, true);
            if (engine.networks().find(NETWORK).isPresent()) {
                engine.networks().remove(NETWORK);
            }
        } finally {
            System.out.flush();
        }
    }

    private double run(String[] words) throws Exception {
        return switch (words[0]) {
            case "start" -> start(List.of());
            case "networked" -> start(network());
            case "run" -> oneOff();
            case "exec" -> exec();
            case "many" -> many(Integer.parseInt(words[1]));
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    private static double millis(Callable<?> work) throws Exception {
        var begin = System.nanoTime();
        work.call();
        return (System.nanoTime() - begin) / 1e6;
    }

    /** One network for all, made when it is first asked for. */
    private List<AttachmentSpec> network() throws IOException {
        if (engine.networks().find(NETWORK).isEmpty()) {
            engine.networks().create(NetworkSpec.plain(NETWORK, new Owner("bench", "bench", Optional.empty())));
        }
        return List.of(new AttachmentSpec(NETWORK, List.of(), List.of(), 0));
    }

    private synchronized ContainerSpec spec(List<String> command, List<AttachmentSpec> networks) {
        var none = Isolation.NONE;
        var isolation = new Isolation(
                none.privileged(),
                none.readOnly(),
                none.capAdd(),
                none.capDrop(),
                none.security(),
                none.namespaces(),
                none.cgroupParent(),
                runtime,
                none.sysctls());
        return new ContainerSpec(
                "bench-" + made++,
                new Owner("bench", "bench", Optional.empty()),
                "",
                1,
                ImageReference.parse("localhost/bench:1"),
                image.digest(),
                Optional.empty(),
                Optional.of(command),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                networks,
                List.of(),
                Resources.UNLIMITED,
                RestartPolicy.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                ContainerOptions.NONE.with(isolation));
    }

    private String started(List<String> command) throws IOException {
        return started(command, List.of());
    }

    private String started(List<String> command, List<AttachmentSpec> networks) throws IOException {
        var id = engine.containers().create(spec(command, networks)).id();
        engine.containers().start(id);
        return id;
    }

    /** From nothing to a program that runs. */
    private double start(List<AttachmentSpec> networks) throws Exception {
        var ids = new ArrayList<String>();
        var took = millis(() -> ids.add(started(SLEEP, networks)));
        engine.containers().remove(ids.getFirst(), true, true);
        return took;
    }

    /** From nothing to nothing, with an exit code in between. */
    private double oneOff() throws Exception {
        return millis(() -> {
            var id = started(List.of("true"));
            var code = engine.containers().await(id);
            engine.containers().remove(id, true, true);
            return code;
        });
    }

    private double exec() throws Exception {
        var id = started(SLEEP);
        var streams = new ExecStreams(
                InputStream.nullInputStream(), OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
        var took = millis(() -> engine.containers().exec(id, ExecSpec.of("true"), streams));
        engine.containers().remove(id, true, true);
        return took;
    }

    /** So many at once. */
    private double many(int count) throws Exception {
        var ids = new ArrayList<String>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            var took = millis(() -> {
                var all = threads.invokeAll(
                        java.util.Collections.nCopies(count, (Callable<String>) () -> started(SLEEP)));
                for (var one : all) {
                    ids.add(one.get());
                }
                return count;
            });
            threads.invokeAll(ids.stream()
                    .map(id -> (Callable<Boolean>) () -> {
                        engine.containers().remove(id, true, true);
                        return true;
                    })
                    .toList());
            return took;
        }
    }
}
