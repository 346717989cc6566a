package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code network prune}: removes networks that no container is on, be it a stopped one. */
final class NetworkPrune implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Removes all networks that no container is on, running or stopped. Asks first.");
        spec.addOption(Options.values("FILTER", "Only these: " + PruneFilter.WORDS, "--filter"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var filter = PruneFilter.of(call);
        var door = EngineDoor.of(call);
        if (!call.agrees("This removes all networks that no container is on. Do you want that?", "--force")) {
            return ExitCodes.OK;
        }
        try (var engine = door.open()) {
            return prune(call, door, engine, filter);
        }
    }

    private static int prune(Invocation call, EngineDoor door, Engine engine, PruneFilter filter) throws IOException {
        var removed = new ArrayList<String>();
        var stacks = new TreeSet<String>();
        var code = ExitCodes.OK;
        var used = NetworkList.used(engine);
        for (var network : engine.networks().list()) {
            if (used.contains(network.name()) || !filter.takes(network.spec().labels(), network.created())) {
                continue;
            }
            try {
                engine.uses().removeNetwork(network.name());
                removed.add(network.name());
                stacks.add(network.spec().owner().stack());
            } catch (IOException e) {
                call.say("lockstep: " + Sentences.of(e));
                code = ExitCodes.ERROR;
            }
        }
        var out = call.world().out();
        if (!removed.isEmpty()) {
            out.println("Deleted Networks:");
            removed.forEach(out::println);
            out.println();
            out.flush();
        }
        for (var stack : stacks) {
            StackChange.tellAgent(call, door, engine, stack);
        }
        return code;
    }
}
