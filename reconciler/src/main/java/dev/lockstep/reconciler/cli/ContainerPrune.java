package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code container prune}: removes containers that do not run. Where an agent follows their stack it makes them anew,
 * and the answer says so.
 */
final class ContainerPrune implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Removes all containers that do not run. Asks first.");
        spec.addOption(Options.values("NAME=VALUE", "Only these: " + PruneFilter.WORDS, "--filter"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
        spec.addOption(Options.dryRun());
    }

    @Override
    public int run(Invocation call) throws Exception {
        var filter = PruneFilter.of(call);
        var out = call.world().out();
        if (!call.dryRun() && !agreed(call)) {
            return ExitCodes.OK;
        }
        var door = EngineDoor.of(call);
        var failures = new ArrayList<String>();
        var removed = new ArrayList<String>();
        var stacks = new TreeSet<String>();
        var bytes = 0L;
        try (var engine = call.dryRun() ? door.openForReading() : door.open()) {
            for (var container : engine.containers().observe()) {
                if (container.isRunning()
                        || waits(engine, container)
                        || !filter.takes(
                                container.record().labels(), container.record().createdAt())) {
                    continue;
                }
                var size = ContainerSize.of(engine, container).own();
                try {
                    if (!call.dryRun()) {
                        LooseContainer.remove(engine, container.record(), false);
                    }
                    removed.add(container.id());
                    stacks.add(container.record().spec().owner().stack());
                    bytes += size;
                } catch (ContainerException e) {
                    failures.add(String.valueOf(e.getMessage()));
                }
            }
            if (!removed.isEmpty()) {
                out.println(call.dryRun() ? "Would be deleted:" : "Deleted Containers:");
                removed.forEach(out::println);
                out.println();
            }
            out.println("Total reclaimed space: " + ImageLines.size(bytes));
            out.flush();
            if (!call.dryRun()) {
                for (var stack : stacks) {
                    StackChange.tellAgent(call, door, engine, stack);
                }
            }
        }
        failures.forEach(why -> call.say("lockstep: " + why));
        return failures.isEmpty() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    /** Between two runs it has not ended for good. */
    private static boolean waits(Engine engine, ObservedContainer container) throws IOException {
        return container.state() instanceof ContainerState.Exited
                && PsCommand.decision(engine, container)
                        .filter(RestartDecision.Restart.class::isInstance)
                        .isPresent();
    }

    private static boolean agreed(Invocation call) throws IOException {
        if (call.flag("--force")) {
            return true;
        }
        call.world()
                .err()
                .print("WARNING! This will remove all stopped containers.\n"
                        + "Are you sure you want to continue? [y/N] ");
        call.world().err().flush();
        var answer = new BufferedReader(new InputStreamReader(call.world().in(), StandardCharsets.UTF_8)).readLine();
        return answer != null && answer.strip().matches("(?i)y|yes");
    }
}
