package dev.lockstep.runtime.container;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.testing.ChildMachine;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** One thing that is done with a container, in a process of its own that can be killed. */
enum LifecycleWork {
    CREATE(Before.NOTHING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().create(wish(engine).spec());
        }
    },
    START(Before.CREATED) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().start(id);
        }
    },
    RUNNING(Before.CREATED) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().start(id);
            engine.containers().await(id);
        }
    },
    PAUSE(Before.RUNNING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            for (var i = 0; i < 20; i++) {
                engine.containers().pause(id);
                engine.containers().unpause(id);
            }
        }
    },
    /** In the middle of its grace, for it does not listen. */
    STOP(Before.RUNNING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().stop(id, Optional.of(Duration.ofMillis(200)));
        }
    },
    STOP_PAUSED(Before.PAUSED) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().stop(id, Optional.of(Duration.ofMillis(200)));
        }
    },
    REMOVE(Before.RUNNING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().remove(id, true, true);
        }
    },
    EXEC(Before.RUNNING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            engine.containers().exec(id, ExecSpec.of("sh", "-c", "echo a; sleep 0.2; echo b"), streams());
        }
    },
    COPY(Before.RUNNING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            copy(engine, id);
        }
    },
    COPY_STOPPED(Before.CREATED) {
        @Override
        void run(Engine engine, String id) throws IOException {
            copy(engine, id);
        }
    },
    RUN_AND_REMOVE(Before.NOTHING) {
        @Override
        void run(Engine engine, String id) throws IOException {
            var containers = engine.containers();
            var made = containers
                    .create(wish(engine).shell("echo a; sleep 0.2; echo b").spec())
                    .id();
            try (var _ = containers.removeWhenEnded(made)) {
                containers.startAttached(made, streams());
                containers.finishExit(made);
                containers.remove(made, true, true);
            }
        }
    },
    /** The pause before an automatic start, and the start. */
    RESTART(Before.ENDED) {
        @Override
        void run(Engine engine, String id) throws IOException {
            try {
                engine.containers().restartByPolicy(id, () -> false);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    };

    /** What is there before. */
    enum Before {
        NOTHING,
        CREATED,
        RUNNING,
        PAUSED,
        ENDED
    }

    static final String NETWORK = "kill";
    private static final int BIG = 1 << 20;

    final Before before;

    LifecycleWork(Before before) {
        this.before = before;
    }

    abstract void run(Engine engine, String id) throws IOException;

    private static ExecStreams streams() {
        return new ExecStreams(
                new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(), new ByteArrayOutputStream());
    }

    private static void copy(Engine engine, String id) throws IOException {
        try (var tree = engine.containers().tree(id, "archive-path")) {
            var root = new Copying.End(tree.root(), "/bin", "in the container");
            var out = new ByteArrayOutputStream(BIG);
            Copying.archive(root, false, out);
            Copying.extract(
                    new ByteArrayInputStream(out.toByteArray()),
                    new Copying.End(tree.root(), "/tmp", "in the container"),
                    new Keep(true, true));
        }
    }

    static Engine engine(Path directory) throws IOException {
        return Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
    }

    /** Whatever leaves something: network, port, volume, restart policy, health check. It ends by SIGKILL alone. */
    static Wish wish(Engine engine) throws IOException {
        return new Wish("c", image(engine))
                .network(new AttachmentSpec(NETWORK, List.of("other"), List.of(), 0))
                .port(new PublishedPort(
                        Optional.of(IpAddress.parse("127.0.0.1")),
                        Optional.empty(),
                        80,
                        PublishedPort.TransportProtocol.TCP))
                .mount(new MountSpec.Anonymous("/etc", false))
                .restart(RestartPolicy.Condition.ALWAYS)
                .run("sleep", "1000000");
    }

    static Digest image(Engine engine) throws IOException {
        return engine.images()
                .find(ImageReference.parse("test/busybox:1"))
                .orElseThrow()
                .digest();
    }

    /** A process that says that it is ready, and does what it is told on its standard input. */
    static Process start(ChildMachine machine, Path directory) throws IOException {
        var command = machine.command(LifecycleWork.class, directory.toString());
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("err").toFile()))
                .start();
    }

    public static void main(String[] args) throws IOException {
        try (var engine = engine(Path.of(args[0]))) {
            // What only costs time, so that the kill hits the work.
            engine.containers().observe();
            engine.networks().observe();
            engine.runtime();
            wish(engine).spec();
            System.out.println("ready");
            System.out.flush();
            var words = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))
                    .readLine()
                    .split(" ", -1);
            valueOf(words[0]).run(engine, words[1]);
        }
    }
}
