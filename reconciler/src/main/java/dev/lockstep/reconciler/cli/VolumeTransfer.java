package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.container.StandStill;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.volume.NoSuchVolumeException;
import dev.lockstep.runtime.volume.Volumes;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume export} and {@code volume import}: volumes as tar archives, for another host or a backup. */
final class VolumeTransfer {
    private static final int BUFFER = 128 * 1024;

    private VolumeTransfer() {}

    /** Writes an archive. */
    static final class Export implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Writes what is in a volume as a tar archive, with owners, modes, times, extended"
                                    + " attributes and links.",
                            "Holes of files take no room in it, as with 'tar --sparse'.");
            Quiet.describe(spec);
            spec.addOption(Options.value("FILE", "Instead of to standard output", "-o", "--output"));
            spec.addPositional(Options.arguments("VOLUME", "1", "Its name"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var volume = call.arguments().getFirst();
            var file = call.text("--output").map(call.world().directory()::resolve);
            if (file.isEmpty() && call.world().terminals().out()) {
                throw new CommandException("an archive does not go to a terminal: say -o FILE, or redirect it");
            }
            try (var engine = EngineDoor.of(call).open()) {
                if (engine.volumes().find(volume).isEmpty()) {
                    throw new NoSuchVolumeException(volume);
                }
                try (var _ = engine.volumes().visit(volume);
                        var _ = Quiet.asAsked(call, engine, volume)) {
                    if (file.isPresent()) {
                        WholeFile.write(file.get(), out -> write(call, engine, volume, out));
                        return ExitCodes.OK;
                    }
                    return StandardOutput.write(call, out -> write(call, engine, volume, out));
                }
            } catch (IllegalArgumentException e) {
                throw new NoSuchVolumeException(volume);
            }
        }

        private static void write(Invocation call, Engine engine, String volume, OutputStream out) throws IOException {
            try (var root = Directory.open(engine.volumes().path(volume))) {
                Copying.archiveWhole(root, out).forEach(left -> call.say("Warning: " + left));
            }
        }
    }

    /** Reads one. */
    static final class Import implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Fills a volume from a tar archive, which may be compressed by gzip, zstd, xz or bzip2; a"
                                    + " volume that is not there is made. It is filled whole or not at all.",
                            "Containers that use it must not run; --stop stops them and starts them again.");
            spec.addOption(Options.flag("What is in the volume now may be lost", "--replace"));
            spec.addOption(Options.flag("Stop containers that use it, and start them again afterwards", "--stop"));
            spec.addPositional(Options.arguments("VOLUME FILE|-", "2", "Its name; the archive, - for standard input"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var volume = call.arguments().get(0);
            var file = call.arguments().get(1);
            var door = EngineDoor.of(call);
            var spec = VolumeCommand.spec(door, volume, Map.of(), Map.of());
            try (var engine = door.open();
                    var archive = new BufferedInputStream(
                            file.equals("-")
                                    ? call.world().in()
                                    : Files.newInputStream(
                                            call.world().directory().resolve(file)),
                            BUFFER)) {
                if (engine.volumes().find(volume).isPresent()) {
                    requireEmpty(call, engine, volume);
                }
                if (!call.flag("--stop")) {
                    engine.uses().requireIdle(volume, "stop them, or say --stop");
                }
                var done = false;
                var isOurs = engine.volumes().createUnlessThere(spec);
                try {
                    var left = fill(call, engine, volume, archive);
                    left.forEach(sentence -> call.say("Warning: " + sentence));
                    done = true;
                } catch (ArchiveException | EOFException e) {
                    throw new CommandException((file.equals("-") ? "standard input" : file) + ": " + e.getMessage());
                } finally {
                    if (!done && isOurs) {
                        // Unless somebody has filled it meanwhile, or means to.
                        engine.volumes()
                                .removeUnless(
                                        volume,
                                        () -> !isEmpty(engine, volume)
                                                || !engine.uses()
                                                        .ofVolume(volume)
                                                        .isEmpty());
                    }
                }
                call.world().out().println(volume);
            }
            return ExitCodes.OK;
        }

        private static void requireEmpty(Invocation call, Engine engine, String volume) throws IOException {
            if (!call.flag("--replace") && !isEmpty(engine, volume)) {
                throw new IOException("volume " + volume + " is not empty: --replace gives up what is in it,"
                        + " 'lockstep volume snapshot " + volume + "' keeps a copy first");
            }
        }

        private static boolean isEmpty(Engine engine, String volume) throws IOException {
            try (var root = Directory.open(engine.volumes().path(volume))) {
                return root.list().isEmpty();
            }
        }

        private static List<String> fill(Invocation call, Engine engine, String volume, InputStream archive)
                throws IOException, CommandException {
            if (!call.flag("--stop")) {
                return replace(call, engine, volume, archive, () -> {});
            }
            try (var quiet = Quiet.of(call, engine, volume, StandStill.Manner.STOP)) {
                // They do not wait until nobody reads the old content any more.
                return replace(call, engine, volume, archive, quiet::close);
            }
        }

        private static List<String> replace(
                Invocation call, Engine engine, String volume, InputStream archive, Volumes.Check changed)
                throws IOException {
            var left = new ArrayList<String>();
            engine.volumes()
                    .replace(
                            volume,
                            () -> {
                                engine.uses().requireIdle(volume, "stop them, or say --stop");
                                // Asked again when the archive is read: somebody may have written there since.
                                requireEmpty(call, engine, volume);
                            },
                            target -> {
                                try (var into = Directory.open(target)) {
                                    left.addAll(Copying.fill(ArchiveStream.of(archive), into));
                                }
                            },
                            changed)
                    .ifPresent(left::add);
            return left;
        }
    }
}
