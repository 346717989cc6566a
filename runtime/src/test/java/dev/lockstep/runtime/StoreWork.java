package dev.lockstep.runtime;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.prune.KeepRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One thing that is done to a store, in this process or in one of its own that can be killed. */
enum StoreWork {
    PULL {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.pull(ImageReference.parse(argument), Progress.NONE);
        }
    },
    LOAD {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.images().importArchive(Path.of(argument), Optional.empty(), Progress.NONE);
        }
    },
    UNPACK {
        @Override
        void run(Engine engine, String argument) throws IOException {
            for (var image : engine.images().catalog().images()) {
                engine.snapshots().unpack(image.whole().orElseThrow(), Progress.NONE);
            }
        }
    },
    PRUNE {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.housekeeping().prune(KeepRules.NOTHING, false);
        }
    };

    abstract void run(Engine engine, String argument) throws IOException;

    static Engine engine(Path directory) throws IOException {
        return Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/l")), true));
    }

    /** A process that says that it is ready, does the work and ends. */
    Process start(Path directory, String argument) {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StoreWork.class.getName(),
                name(),
                directory.toString(),
                argument));
        try {
            return new ProcessBuilder(command)
                    .redirectError(directory.resolve("err").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static void main(String[] args) throws IOException {
        try (var engine = engine(Path.of(args[1]))) {
            // What only costs time, so that the kill hits the work.
            engine.images().catalog();
            engine.housekeeping();
            System.out.println("ready");
            System.out.flush();
            valueOf(args[0]).run(engine, args[2]);
        }
    }
}
