package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.runtime.store.Root;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** {@code sync}: the agent looks now, and this waits for what becomes of it. */
final class SyncCommand implements Command {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Makes the agent look at its repositories and at this host now, and waits for the outcome.",
                        "Exit codes: 0 converged, 1 error, 3 applied but unhealthy, 5 refused.");
        spec.addOption(Options.value("TIME", "How long to wait (default 10m)", "--timeout"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var patience = call.duration("--timeout").orElse(PATIENCE);
        var door = EngineDoor.of(call);
        var globals = call.globals();
        if (!door.hasRoot()) {
            throw noAgent(call);
        }
        var root = Root.open(globals.root(), globals.runRoot());
        if (!EngineDoor.agentRuns(root)) {
            throw noAgent(call);
        }
        var answer = new RequestBox(root, call.world().clock())
                .ask("sync", Map.of(), patience)
                .orElseThrow(() -> new CommandException("the agent has not answered within " + Spans.round(patience)
                        + "; 'lockstep status' shows how far it is"));
        var to = answer.exitCode() == ExitCodes.OK
                ? call.world().out()
                : call.world().err();
        answer.lines().forEach(line -> to.println(Printable.text(line)));
        switch (answer.exitCode()) {
            case ExitCodes.OK -> call.world().out().println("In sync.");
            case ExitCodes.UNHEALTHY -> call.say("Applied, but not healthy; 'lockstep status' says what.");
            case ExitCodes.REFUSED -> call.say("Refused; 'lockstep status' says why.");
            default -> call.say("Not in sync; 'lockstep status' says why.");
        }
        return answer.exitCode();
    }

    private static CommandException noAgent(Invocation call) {
        return new CommandException("no agent runs on root " + call.globals().root()
                + "; start it ('systemctl start lockstep'), or look once with 'lockstep agent --once'");
    }
}
