package dev.lockstep.runtime;

import dev.lockstep.runtime.copy.TreeCopy;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.StoredImage;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.testing.ChildMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** One thing that is done to a store, in this process or in one of its own that can be killed. */
enum StoreWork {
    PULL {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.pull(ImageReference.parse(argument), Progress.NONE);
        }
    },
    PUSH {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.push(ImageReference.parse(argument), Progress.NONE);
        }
    },
    LOAD {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.images().importArchive(Path.of(argument), Optional.empty(), Progress.NONE);
        }
    },
    /** From a layout, as a directory. */
    IMPORT {
        @Override
        void run(Engine engine, String argument) throws IOException {
            LOAD.run(engine, argument);
        }
    },
    SAVE {
        @Override
        void run(Engine engine, String argument) throws IOException {
            try (var out = Files.newOutputStream(Path.of(argument))) {
                engine.images().save(engine.images().catalog().images(), out);
            }
        }
    },
    TAG {
        @Override
        void run(Engine engine, String argument) throws IOException {
            for (var image : engine.images().catalog().images()) {
                for (var i = 0; i < NAMES; i++) {
                    engine.images().tag(image.digest(), ImageReference.parse("example.test/tagged:" + i));
                }
            }
        }
    },
    RM {
        @Override
        void run(Engine engine, String argument) throws IOException {
            for (var image : engine.images().catalog().images()) {
                engine.housekeeping().remove(image.digest().toString(), true);
            }
        }
    },
    UNPACK {
        @Override
        void run(Engine engine, String argument) throws IOException {
            for (var image : engine.images().catalog().images()) {
                if (image.whole().isPresent()) {
                    engine.unpack(image.whole().get(), Progress.NONE);
                }
            }
        }
    },
    /** Into a directory of the user's: {@code image unpack}. */
    EXTRACT {
        @Override
        void run(Engine engine, String argument) throws IOException {
            for (var image : engine.images().catalog().images()) {
                engine.snapshots().extract(image.whole().orElseThrow(), Path.of(argument), Progress.NONE);
            }
        }
    },
    /** An image of a root file system. */
    ROOTFS {
        @Override
        void run(Engine engine, String argument) throws IOException {
            try (var content = Files.newInputStream(Path.of(argument))) {
                var name = Optional.of(ImageReference.parse("example.test/rootfs:1"));
                engine.images().importRootfs(content, name, List.of(), "");
            }
        }
    },
    /** A layer of a step's upper directory, which is a copy of {@code argument}. */
    COMMIT {
        @Override
        void run(Engine engine, String argument) throws IOException {
            var upper = AtomicFiles.temporaryBeside(engine.root().state().resolve("upper"));
            Files.createDirectory(upper);
            try (var from = Directory.open(Path.of(argument));
                    var to = Directory.open(upper)) {
                TreeCopy.copy(from, to);
            }
            engine.snapshots().commit(new Snapshots.Change(upper, List.of(), Set.of(), Optional.empty()));
        }
    },
    VERIFY {
        @Override
        void run(Engine engine, String argument) throws IOException {
            var found = engine.housekeeping().verify();
            if (!found.content().damaged().isEmpty() || !found.damaged().isEmpty()) {
                throw new IllegalStateException(found.toString());
            }
        }
    },
    PRUNE {
        @Override
        void run(Engine engine, String argument) throws IOException {
            engine.housekeeping().prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        }
    },
    /** Many of the others, by chance: {@code SEED TIMES REFERENCE ARCHIVE OUT}. */
    ALL {
        @Override
        void run(Engine engine, String argument) throws IOException {
            var words = argument.split(" ", -1);
            var chance = new Random(Long.parseLong(words[0]));
            var works = List.of(PULL, LOAD, TAG, RM, UNPACK, VERIFY, PRUNE, SAVE);
            for (var i = 0; i < Integer.parseInt(words[1]); i++) {
                var work = works.get(chance.nextInt(works.size()));
                var own = work == PULL ? words[2] : work == SAVE ? words[4] : words[3];
                try {
                    work.run(engine, own);
                } catch (InvalidImageException | NoSuchFileException e) {
                    // Another process has removed the image: that is said, and no more than that.
                    if (!isGone(e)) {
                        throw e;
                    }
                }
            }
        }

        private static boolean isGone(Throwable e) {
            return e instanceof NoSuchFileException
                    || String.valueOf(e.getMessage()).matches(".*(was removed while|not here|there is no image).*")
                    || e.getCause() != null && isGone(e.getCause());
        }
    };

    static final int NAMES = 50;
    /** What {@link #main} waits for. */
    static final String BEGIN = "begin\n";

    abstract void run(Engine engine, String argument) throws IOException;

    static Engine engine(Path directory) throws IOException {
        return Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/l")), true));
    }

    /** A process that says that it is ready, does the work and ends. */
    Process start(ChildMachine machine, Path directory, String argument) {
        var process = prepare(machine, directory, argument);
        begin(process);
        return process;
    }

    /**
     * One that only {@link #begin begins} when it is told to: the start of a virtual machine takes most of the time.
     */
    Process prepare(ChildMachine machine, Path directory, String argument) {
        var command = machine.command(StoreWork.class, name(), directory.toString(), argument);
        try {
            return new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("err").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets a prepared process look at the store, say that it is ready, and do the work. */
    static void begin(Process prepared) {
        try (var in = prepared.outputWriter()) {
            in.write(BEGIN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Processes for one work after the other, each made ready while the one before it is looked after. */
    final class Row implements AutoCloseable {
        private final ChildMachine machine;
        private final Path directory;
        private final String argument;
        private Process next;

        Row(ChildMachine machine, Path directory, String argument) {
            this.machine = machine;
            this.directory = directory;
            this.argument = argument;
            this.next = prepare(machine, directory, argument);
        }

        /** Begins the next one. */
        Process begin() {
            var process = next;
            next = prepare(machine, directory, argument);
            StoreWork.begin(process);
            return process;
        }

        @Override
        public void close() {
            next.destroyForcibly();
        }
    }

    public static void main(String[] args) throws IOException {
        var work = valueOf(args[0]);
        if (System.in.read() < 0) {
            return; // nobody wants it any more
        }
        try (var engine = engine(Path.of(args[1]))) {
            // What only costs time, so that the kill hits the work.
            engine.images().catalog().images().forEach(StoredImage::called);
            engine.housekeeping();
            System.out.println("ready");
            System.out.flush();
            work.run(engine, args[2]);
        }
    }
}
