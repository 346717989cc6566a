package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.LocalMount;
import dev.lockstep.runtime.volume.NoSuchVolumeException;
import dev.lockstep.runtime.volume.VolumeRecord;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume}: what can be done with volumes. */
final class VolumeCommand implements CommandGroup {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    VolumeCommand() {
        subcommands.put("create", new Create());
        subcommands.put("ls", new VolumeList());
        subcommands.put("inspect", new Inspect());
        subcommands.put("rm", new Remove());
        subcommands.put("prune", new VolumePrune());
        subcommands.put("export", new VolumeTransfer.Export());
        subcommands.put("import", new VolumeTransfer.Import());
        subcommands.put("snapshot", new VolumeSnapshotCommand());
        subcommands.put("restore", new VolumeRestore());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Makes, lists, copies and removes volumes.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    /** Docker's document about a volume, and whose it is. */
    private static void write(JsonGenerator json, Engine engine, VolumeRecord volume) throws IOException {
        json.writeStartObject();
        json.writeStringField("CreatedAt", volume.createdAt().toString());
        json.writeStringField("Driver", "local");
        json.writeObjectFieldStart("Labels");
        for (var label : volume.spec().labels().entrySet()) {
            json.writeStringField(label.getKey(), label.getValue());
        }
        json.writeEndObject();
        json.writeStringField(
                "Mountpoint", engine.volumes().path(volume.spec().name()).toString());
        json.writeStringField("Name", volume.spec().name());
        json.writeObjectFieldStart("Options");
        for (var option : volume.spec().options().entrySet()) {
            json.writeStringField(
                    option.getKey(),
                    option.getKey().equals("o") ? LocalMount.hidden(option.getValue()) : option.getValue());
        }
        json.writeEndObject();
        json.writeStringField("Scope", "local");
        json.writeStringField("Stack", volume.spec().owner().stack());
        json.writeEndObject();
    }

    /** A volume of no stack. */
    static VolumeSpec spec(EngineDoor door, String name, Map<String, String> labels, Map<String, String> options)
            throws CommandException {
        try {
            LocalMount.of(options);
        } catch (IllegalArgumentException e) {
            throw new CommandException("--opt: " + e.getMessage());
        }
        try {
            return new VolumeSpec(name, new Owner(door.host(), "", Optional.empty()), labels, options);
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage()
                    + ": a name has letters, digits, '_', '.' and '-', and begins with a letter or digit");
        }
    }

    private static final class Create implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Makes a volume, for stacks that call it external. One that exists stays as it is.");
            spec.addOption(Options.value("DRIVER", "local", "-d", "--driver"));
            spec.addOption(Options.values(
                    "KEY=VALUE", "type, device or o: what is mounted while a container uses it", "-o", "--opt"));
            spec.addOption(Options.values("KEY[=VALUE]", "Label of the volume; several may be given", "--label"));
            spec.addPositional(Options.arguments("[VOLUME]", "0..1", "Its name; without one it gets one by chance"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var driver = call.text("--driver").orElse("local");
            if (!driver.equals("local")) {
                throw new CommandException("--driver takes local: a volume is a directory of this host, and there is no"
                        + " driver \"" + Printable.text(driver) + "\"");
            }
            var labels = Labels.of(call.texts("--label"));
            var options = Labels.of(call.texts("--opt"));
            var door = EngineDoor.of(call);
            var name = call.arguments().isEmpty() ? chance() : call.arguments().getFirst();
            var volume = spec(door, name, labels, options);
            try (var engine = door.open()) {
                var made = engine.volumes().create(volume).spec();
                if (!options.isEmpty() && !made.options().equals(options)) {
                    throw new CommandException("volume " + name + " is there already, with other options ("
                            + made.mount().map(LocalMount::shown).orElse("none") + "); it stays as it is");
                }
                call.world().out().println(made.name());
            }
            return ExitCodes.OK;
        }

        private static String chance() {
            var bytes = new byte[32];
            ThreadLocalRandom.current().nextBytes(bytes);
            return HexFormat.of().formatHex(bytes);
        }
    }

    private static final class Inspect implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Shows everything about volumes as JSON.");
            Inspection.describe(spec, "{{.Mountpoint}}");
            spec.addPositional(Options.arguments("VOLUME...", "1..*", "Names"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            try (var engine = EngineDoor.of(call).openForReading()) {
                return new Inspection<VolumeRecord>(
                                (from, name) -> from.volumes().find(name),
                                VolumeCommand::write,
                                name -> "no such volume: " + name)
                        .run(call, engine);
            }
        }
    }

    private static final class Remove implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Removes volumes with all that is in them. One that a container uses, be it stopped, is"
                                    + " refused; snapshots stay.");
            spec.addOption(Options.flag("No error when there is no such volume", "-f", "--force"));
            spec.addPositional(Options.arguments("VOLUME...", "1..*", "Names"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var code = ExitCodes.OK;
            try (var engine = EngineDoor.of(call).open()) {
                for (var name : call.arguments()) {
                    try {
                        engine.uses().removeVolume(name);
                        call.world().out().println(name);
                    } catch (NoSuchVolumeException e) {
                        if (!call.flag("--force")) {
                            call.say("lockstep: " + e.getMessage());
                            code = ExitCodes.ERROR;
                        }
                    } catch (IOException | IllegalArgumentException e) {
                        call.say("lockstep: " + e.getMessage());
                        code = ExitCodes.ERROR;
                    }
                }
            }
            return code;
        }
    }
}
