package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.runtime.store.Root;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
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
                        "Exit codes: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused.");
        spec.addOption(Options.flag(
                "Also outside of the windows in which stacks may be changed; it is written down", "--now"));
        spec.addOption(Options.flag("Try again also a revision that was left because it failed", "--retry"));
        spec.addOption(Options.value(
                "COMMIT",
                "Follow a ref to this commit that it was moved to and that is refused (force-push)",
                "--moved"));
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
                .ask("sync", arguments(call), patience)
                .orElseThrow(() -> new CommandException("the agent has not answered within " + Spans.round(patience)
                        + "; 'lockstep status' shows how far it is"));
        var to = answer.exitCode() == ExitCodes.OK
                ? call.world().out()
                : call.world().err();
        answer.lines().forEach(line -> to.println(Printable.text(line)));
        switch (answer.exitCode()) {
            case ExitCodes.OK -> call.world().out().println("In sync.");
            case ExitCodes.UNHEALTHY -> call.say("Applied, but not healthy; 'lockstep status' says what.");
            case ExitCodes.ROLLED_BACK -> call.say("Rolled back; 'lockstep status' says why.");
            case ExitCodes.REFUSED ->
                call.say("Refused, held, suspended or waiting for its window; 'lockstep status' says why.");
            default -> call.say("Not in sync; 'lockstep status' says why.");
        }
        return answer.exitCode();
    }

    private static Map<String, String> arguments(Invocation call) throws CommandException {
        var arguments = new HashMap<String, String>();
        for (var name : List.of("now", "retry")) {
            if (call.flag("--" + name)) {
                arguments.put(name, "true");
            }
        }
        var moved = call.text("--moved");
        if (moved.isPresent()) {
            arguments.put("moved", commit(moved.get()));
        }
        return arguments;
    }

    /** What somebody agrees to. */
    static String commit(String text) throws CommandException {
        if (!text.matches("[0-9a-f]{7,40}")) {
            throw new CommandException("--moved takes the id of a commit, or the first 7 digits of it or more, not \""
                    + text + "\"; 'lockstep status' shows it");
        }
        return text;
    }

    private static CommandException noAgent(Invocation call) {
        return new CommandException("no agent runs on root " + call.globals().root()
                + "; start it ('systemctl start lockstep'), or look once with 'lockstep agent --once'");
    }
}
