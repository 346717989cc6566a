package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.store.TreeSize;
import dev.lockstep.runtime.volume.VolumeInUseException;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.function.Predicate;
import picocli.CommandLine.Model.CommandSpec;

/** {@code volume prune}: volumes that nobody named and no container uses. What has a name goes only by its name. */
final class VolumePrune implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Removes anonymous volumes that no container uses. A volume with a name is data that somebody"
                                + " wanted to keep: 'lockstep volume rm NAME' and 'lockstep down -v' remove those.");
        spec.addOption(Options.flag("Refused: named volumes go by their names", "-a", "--all"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
        spec.addOption(
                Options.values("FILTER", "label=KEY[=VALUE] or label!=KEY[=VALUE]; several may be given", "--filter"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        if (call.flag("--all")) {
            throw new CommandException("volumes with names are removed by their names and not by the dozen:"
                    + " 'lockstep volume ls -f dangling=true' lists those that no container uses,"
                    + " 'lockstep volume rm NAME' removes one");
        }
        Predicate<VolumeRecord> wanted = VolumeRecord::isAnonymous;
        for (var filter : call.texts("--filter")) {
            if (filter.startsWith("label=")) {
                wanted = wanted.and(VolumeList.labelled(filter.substring("label=".length())));
            } else if (filter.startsWith("label!=")) {
                wanted = wanted.and(VolumeList.labelled(filter.substring("label!=".length()))
                        .negate());
            } else {
                throw new CommandException("--filter takes label=KEY[=VALUE] or label!=KEY[=VALUE], not \""
                        + Printable.text(filter) + "\"");
            }
        }
        var door = EngineDoor.of(call);
        if (!call.agrees("This removes all anonymous volumes that no container uses. Do you want that?", "--force")) {
            call.say("Nothing was removed.");
            return ExitCodes.ERROR;
        }
        var removed = new ArrayList<String>();
        var bytes = 0L;
        var code = ExitCodes.OK;
        try (var engine = door.open()) {
            var used = VolumeList.used(engine);
            for (var volume : engine.volumes().list()) {
                var name = volume.spec().name();
                if (!wanted.test(volume) || used.contains(name)) {
                    continue;
                }
                var size = TreeSize.of(engine.volumes().path(name));
                try {
                    engine.uses().removeVolume(name);
                    removed.add(name);
                    bytes += size;
                } catch (VolumeInUseException e) {
                    // By a container that has come since.
                } catch (IOException e) {
                    call.say("lockstep: " + e.getMessage());
                    code = ExitCodes.ERROR;
                }
            }
        }
        var out = call.world().out();
        if (!removed.isEmpty()) {
            out.println("Deleted Volumes:");
            removed.forEach(out::println);
            out.println();
        }
        out.println("Total reclaimed space: " + ImageLines.size(bytes));
        return code;
    }
}
