package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.store.Root;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code suspend}: an agent leaves a stack, or the host, as it is until somebody resumes it. */
final class SuspendCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "An agent leaves the stack as it is until 'lockstep resume': no new commit is applied, nothing"
                                + " that drifts is put right, nothing is removed. Plans and status go on. It holds over"
                                + " restarts, and without an agent for the next one.");
        spec.addOption(Options.flag("All stacks of this host", "--host"));
        spec.addOption(Options.value("TEXT", "Why, for whoever looks at the status", "--reason"));
        spec.addOption(Options.value(
                "TIME", "How long to wait for a change that is under way (default 60)", "--lock-timeout"));
        spec.addPositional(Options.arguments("STACK", "0..*", "Name of the stack"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        EngineDoor.of(call);
        var subject = Decided.of(call);
        var root = Root.open(call.globals().root(), call.globals().runRoot());
        var decisions = new Decisions(root);
        var now = call.world().clock().instant();
        var before =
                subject.stack().isPresent() ? decisions.ofStack(subject.stack().get()) : decisions.ofHost();
        var suspension = new Suspension(
                call.text("--reason").filter(r -> !r.isBlank()),
                Decided.by(call),
                before.map(Suspension::since).orElse(now));
        if (subject.stack().isPresent()) {
            decisions.suspend(subject.stack().get(), suspension);
        } else {
            decisions.suspendHost(suspension);
        }
        var patience = call.duration("--lock-timeout").orElse(ApplyCommand.LOCK_TIMEOUT);
        for (var stack : subject.stacks(root)) {
            // What is under way comes to its end; after this command nothing changes any more.
            try (var _ = StackLock.take(
                    root,
                    stack,
                    patience,
                    holder -> call.say("Waiting for " + holder + ", which changes stack " + stack + "."))) {
                // only to have had it
            }
        }
        Decided.tellAgent(call, root, subject.stack(), "suspend");
        call.world()
                .out()
                .println(Printable.text(subject.name() + " is suspended"
                        + suspension.reason().map(r -> ": " + r).orElse("") + ". 'lockstep resume "
                        + subject.stack().orElse("--host") + "' ends that."));
        return ExitCodes.OK;
    }

    /** {@code resume}: the end of it. */
    static final class Resume implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Ends a suspension: the agent brings the stack to its newest commit again.");
            spec.addOption(Options.flag("The suspension of the whole host; those of single stacks stay", "--host"));
            spec.addPositional(Options.arguments("STACK", "0..*", "Name of the stack"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            EngineDoor.of(call);
            var subject = Decided.of(call);
            var root = Root.open(call.globals().root(), call.globals().runRoot());
            var decisions = new Decisions(root);
            var was = subject.stack().isPresent()
                    ? decisions.resume(subject.stack().get())
                    : decisions.resumeHost();
            if (!was) {
                call.say(subject.name() + " was not suspended by 'lockstep suspend'.");
                return ExitCodes.OK;
            }
            var code = Decided.tellAgent(call, root, subject.stack(), "resume");
            call.world().out().println(subject.name() + " is not suspended any more.");
            subject.stack().flatMap(stack -> still(decisions)).ifPresent(call::say);
            return code == ExitCodes.REFUSED ? ExitCodes.OK : code;
        }

        private static Optional<String> still(Decisions decisions) {
            try {
                return decisions.ofHost().map(s -> "But " + s.sentence(true) + ".");
            } catch (java.io.IOException e) {
                return Optional.of(Sentences.of(e));
            }
        }
    }
}
