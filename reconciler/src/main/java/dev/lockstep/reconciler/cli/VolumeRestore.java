package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.StandStill;
import dev.lockstep.runtime.volume.VolumeSnapshot;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume restore}: a volume becomes again what it was when a snapshot was taken. */
final class VolumeRestore implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Gives a volume the content of one of its snapshots; what is in it now is lost. One that was"
                                + " removed is made again. Asks first.",
                        "Containers that use it must not run; --stop stops them and starts them again.");
        spec.addOption(Options.flag("Stop containers that use it, and start them again afterwards", "--stop"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
        spec.addPositional(Options.arguments("VOLUME SNAPSHOT", "2", "The volume, and the snapshot's name"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var volume = call.arguments().get(0);
        var name = call.arguments().get(1);
        try (var engine = EngineDoor.of(call).open()) {
            var snapshot = VolumeSnapshotCommand.find(engine, volume, name)
                    .orElseThrow(() -> new CommandException("volume " + volume + " has no snapshot " + name
                            + "; 'lockstep volume snapshot --list' lists them"));
            if (!call.flag("--stop")) {
                engine.uses().requireIdle(volume, "stop them, or say --stop");
            }
            var age =
                    VolumeSnapshotCommand.created(snapshot, call.world().clock().instant());
            if (engine.volumes().find(volume).isPresent()
                    && !call.agrees(
                            "What is in volume " + volume + " now is lost, and it becomes what it was " + age
                                    + ". Do you want that?",
                            "--force")) {
                call.say("Nothing was changed.");
                return ExitCodes.ERROR;
            }
            restore(call, engine, snapshot);
            call.world().out().println(volume);
        }
        return ExitCodes.OK;
    }

    private static void restore(Invocation call, Engine engine, VolumeSnapshot snapshot)
            throws IOException, CommandException {
        if (!call.flag("--stop")) {
            replace(call, engine, snapshot, () -> {});
            return;
        }
        try (var quiet = Quiet.of(call, engine, snapshot.volume().name(), StandStill.Manner.STOP)) {
            // They do not wait until nobody reads the old content any more.
            replace(call, engine, snapshot, quiet::close);
        }
    }

    private static void replace(Invocation call, Engine engine, VolumeSnapshot snapshot, Volumes.Check changed)
            throws IOException {
        engine.volumeSnapshots()
                .restore(
                        snapshot,
                        () -> engine.uses().requireIdle(snapshot.volume().name(), "stop them, or say --stop"),
                        changed)
                .ifPresent(left -> call.say("Warning: " + left));
    }
}
