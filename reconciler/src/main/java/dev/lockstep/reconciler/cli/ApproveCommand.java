package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.decision.Approval;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.HeldPlan;
import dev.lockstep.reconciler.history.StackDirectories;
import dev.lockstep.runtime.store.Root;
import java.nio.file.Files;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code approve}: a person agrees to a plan that an agent holds, and to no other one. */
final class ApproveCommand implements Command {
    private static final int COMMIT = 7;

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Agrees to a plan that the agent holds because of what it removes: to this plan, so that"
                                + " another one is held again. 'lockstep status' shows which are held.",
                        "Exit codes: 0 done, or agreed to while no agent runs; 1 error; 3 applied but unhealthy;"
                                + " 5 nothing is held, or another plan than the one that is named.");
        spec.addOption(Options.flag("Do not ask", "-y", "--yes"));
        spec.addPositional(Options.arguments(
                "STACK [PLAN|COMMIT]", "1..2", "The stack, and the beginning of the plan's id or of the commit's"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        EngineDoor.of(call);
        var names = call.arguments();
        var stack = Decided.checked(Optional.of(names.getFirst())).orElseThrow();
        var root = Root.open(call.globals().root(), call.globals().runRoot());
        var decisions = new Decisions(root);
        var held = Files.exists(StackDirectories.of(root, stack)) ? decisions.held(stack) : Optional.<HeldPlan>empty();
        if (held.isEmpty()) {
            throw new CommandException("no plan of stack " + stack + " waits for somebody to agree", ExitCodes.REFUSED);
        }
        if (names.size() > 1 && !held.get().isMeantBy(names.get(1))) {
            throw new CommandException(
                    "the plan that waits is " + held.get().id()
                            + held.get()
                                    .commit()
                                    .map(c -> " of commit " + c.substring(0, COMMIT))
                                    .orElse("")
                            + ", and not \"" + names.get(1) + "\"; nothing is agreed to",
                    ExitCodes.REFUSED);
        }
        show(call, stack, held.get());
        if (names.size() == 1 && !call.agrees("Do you agree to this plan?", "--yes")) {
            call.say("Nothing is agreed to.");
            return ExitCodes.REFUSED;
        }
        decisions.approve(
                stack,
                new Approval(
                        held.get().id(), Decided.by(call), call.world().clock().instant()));
        if (!EngineDoor.agentRuns(root)) {
            call.world().out().println("Agreed. No agent runs; the next one does it.");
            return ExitCodes.OK;
        }
        var code = Decided.tellAgent(call, root, Optional.of(stack), "approval");
        if (code == ExitCodes.OK && decisions.held(stack).isPresent()) {
            code = ExitCodes.REFUSED; // the repository could be looked at, and this stack may not be changed
        }
        call.world()
                .out()
                .println(
                        code == ExitCodes.OK
                                ? "Agreed, and done."
                                : "Agreed; 'lockstep status' says what became of it.");
        return code;
    }

    private static void show(Invocation call, String stack, HeldPlan held) {
        call.say("Stack " + stack + ", plan " + held.id()
                + held.commit().map(c -> ", commit " + c.substring(0, COMMIT)).orElse("")
                + held.subject().map(s -> " \"" + s + "\"").orElse("") + ":");
        held.operations().forEach(line -> call.say("  " + line));
        held.reasons().forEach(reason -> call.say("Held: " + reason + "."));
    }
}
