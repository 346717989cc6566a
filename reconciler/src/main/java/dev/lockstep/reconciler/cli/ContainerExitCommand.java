package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code container-exit ID}: what a container's supervisor calls, by way of the script {@code on-exit}, when the
 * container has ended and no agent is there: puts the remains away, and starts it again if its policy says so or
 * removes it if it was to go with its end.
 */
final class ContainerExitCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Called when a container has ended; not for people.");
        spec.addPositional(Options.arguments("ID", "1", "Id of the container"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var id = call.arguments().getFirst();
        var door = EngineDoor.of(call);
        if (!door.hasRoot()) {
            throw new CommandException("there is no root at " + call.globals().root());
        }
        try (var engine = door.open()) {
            var containers = engine.containers();
            if (containers.removeEnded(id)) {
                new DefaultBridge(engine).removeIfUnused();
                return ExitCodes.OK;
            }
            // An agent that has begun meanwhile has seen that this container does not run.
            containers.restartByPolicy(id, () -> EngineDoor.agentRuns(engine.root()));
            return ExitCodes.OK;
        }
    }
}
