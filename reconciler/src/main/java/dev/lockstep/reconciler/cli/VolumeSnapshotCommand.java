package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.TreeSize;
import dev.lockstep.runtime.volume.DamagedSnapshot;
import dev.lockstep.runtime.volume.NoSuchVolumeException;
import dev.lockstep.runtime.volume.VolumeSnapshot;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume snapshot}: takes, lists and removes copies of volumes. */
final class VolumeSnapshotCommand implements Command {
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Copies a volume as it is now, on this host; 'lockstep volume restore' brings that back. Where"
                                + " the file system can (Btrfs, XFS), blocks are shared and it takes no room at first.",
                        "A snapshot outlives its volume. Without a name it is called by the time, such as"
                                + " 20260131-093000.");
        Quiet.describe(spec);
        spec.addOption(Options.flag("List the snapshots, of all volumes or of one", "-l", "--list"));
        spec.addOption(Options.flag("Remove the snapshots that are named", "--rm"));
        spec.addOption(Options.value("FORMAT", "With --list: table or json", "--format"));
        spec.addPositional(Options.arguments("[VOLUME [NAME...]]", "0..*", "The volume, and names of snapshots"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        if (call.flag("--list")) {
            return list(call);
        }
        if (call.arguments().isEmpty()) {
            throw new CommandException("which volume? 'lockstep volume ls' lists them");
        }
        var volume = call.arguments().getFirst();
        var names = call.arguments().subList(1, call.arguments().size());
        if (call.flag("--rm")) {
            return remove(call, volume, names);
        }
        if (names.size() > 1) {
            throw new CommandException("a snapshot has one name, and " + names.size() + " were given");
        }
        var now = call.world().clock().instant();
        var name = names.isEmpty() ? NAME.format(now) : names.getFirst();
        try (var engine = EngineDoor.of(call).open()) {
            var snapshot = take(call, engine, volume, name);
            call.world().out().println(snapshot.name());
            if (snapshot.consistency() == VolumeSnapshot.Consistency.LIVE) {
                call.say("Warning: containers wrote meanwhile; files of this snapshot may be of different moments");
            }
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        return ExitCodes.OK;
    }

    private static VolumeSnapshot take(Invocation call, Engine engine, String volume, String name)
            throws IOException, CommandException {
        if (engine.volumes().find(volume).isEmpty()) {
            throw new NoSuchVolumeException(volume);
        }
        try (var quiet = Quiet.asAsked(call, engine, volume)) {
            return engine.volumeSnapshots().take(volume, name, quiet.consistency());
        }
    }

    private static int remove(Invocation call, String volume, List<String> names) throws Exception {
        if (names.isEmpty()) {
            throw new CommandException(
                    "which snapshots of " + volume + "? 'lockstep volume snapshot --list " + volume + "' lists them");
        }
        var code = ExitCodes.OK;
        try (var engine = EngineDoor.of(call).open()) {
            for (var name : names) {
                if (isThere(engine, volume, name)) {
                    engine.volumeSnapshots().remove(volume, name);
                    call.world().out().println(name);
                } else {
                    call.say("lockstep: volume " + volume + " has no snapshot " + name);
                    code = ExitCodes.ERROR;
                }
            }
        }
        return code;
    }

    /** Also where nobody can read what it is: there is no other way to be rid of it. */
    private static boolean isThere(Engine engine, String volume, String name) throws IOException {
        try {
            return find(engine, volume, name).isPresent();
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            return true;
        }
    }

    /** The snapshot of that name; nothing has a name that is none. */
    static Optional<VolumeSnapshot> find(Engine engine, String volume, String name) throws IOException {
        try {
            return engine.volumeSnapshots().find(volume, name);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static int list(Invocation call) throws Exception {
        var format = call.choice("--format", "table", List.of("table", "json"));
        if (call.arguments().size() > 1) {
            throw new CommandException("--list takes one volume, or none for all");
        }
        var out = call.world().out();
        try (var engine = EngineDoor.of(call).openForReading()) {
            var snapshots = new ArrayList<VolumeSnapshot>();
            var damaged = new ArrayList<DamagedSnapshot>();
            try {
                var all = engine.volumeSnapshots();
                if (call.arguments().isEmpty()) {
                    snapshots.addAll(all.list());
                    damaged.addAll(all.damaged());
                } else {
                    var volume = call.arguments().getFirst();
                    snapshots.addAll(all.list(volume));
                    damaged.addAll(all.damaged(volume));
                }
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            var now = call.world().clock().instant();
            var table = new Table("VOLUME", "SNAPSHOT", "CREATED", "CONTAINERS WERE", "SIZE");
            for (var snapshot : snapshots) {
                var size = TreeSize.of(engine.volumeSnapshots().path(snapshot));
                if (format.equals("json")) {
                    out.print(json(snapshot, size));
                } else {
                    table.row(
                            snapshot.volume().name(),
                            snapshot.name(),
                            created(snapshot, now),
                            word(snapshot),
                            ImageLines.size(size));
                }
            }
            if (format.equals("table")) {
                out.print(table);
            }
            damaged.forEach(one -> call.say("Warning: " + one.sentence() + "."));
        }
        return ExitCodes.OK;
    }

    static String created(VolumeSnapshot snapshot, Instant now) {
        return Spans.ago(snapshot.createdAt(), now);
    }

    private static String word(VolumeSnapshot snapshot) {
        return snapshot.consistency().name().toLowerCase(Locale.ROOT);
    }

    private static String json(VolumeSnapshot snapshot, long size) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Volume", Printable.text(snapshot.volume().name()));
            json.writeStringField("Name", snapshot.name());
            json.writeStringField("CreatedAt", snapshot.createdAt().toString());
            json.writeStringField("Consistency", word(snapshot));
            json.writeNumberField("Size", size);
            json.writeEndObject();
        });
    }
}
