package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a person decides about: a stack, or the whole host.
 *
 * @param stack absent: the host
 */
record Decided(Optional<String> stack) {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** What the arguments of {@code suspend} and {@code resume} name; {@code -p} names a stack as well. */
    static Decided of(Invocation call) throws CommandException {
        var names = call.arguments();
        var stack = names.isEmpty() ? call.globals().projectName() : Optional.of(names.getFirst());
        if (names.size() > 1 || call.flag("--host") == stack.isPresent()) {
            throw new CommandException("needs the name of one stack, or --host");
        }
        return new Decided(checked(stack));
    }

    static Optional<String> checked(Optional<String> stack) throws CommandException {
        if (stack.isPresent() && !stack.get().matches("[a-z0-9][a-z0-9_-]*")) {
            throw new CommandException("\"" + Printable.text(stack.get())
                    + "\" is no name of a stack: lower-case letters, digits, - and _");
        }
        return stack;
    }

    /** For the beginning of a sentence. */
    String name() {
        return stack.map(s -> "Stack " + s).orElse("This host");
    }

    /** The stack, or all that an agent knows. */
    List<String> stacks(Root root) throws IOException {
        if (stack.isPresent()) {
            return List.of(stack.get());
        }
        var statuses = new StatusFiles(root);
        return Stream.concat(
                        statuses.all().stream().map(StackStatus::stack),
                        statuses.unusable().stream().map(StatusFiles.Unusable::stack))
                .toList();
    }

    /** Who decides, as the host knows people; sudo says who it was. */
    static String by(Invocation call) {
        var environment = call.world().environment();
        return Optional.ofNullable(environment.get("SUDO_USER"))
                .or(() -> Optional.ofNullable(environment.get("LOGNAME")))
                .or(() -> Optional.ofNullable(environment.get("USER")))
                .filter(name -> !name.isBlank())
                .orElse("root");
    }

    /**
     * Makes a running agent look at it now.
     *
     * @return what became of it as an exit code; 0 where no agent runs
     */
    static int tellAgent(Invocation call, Root root, Optional<String> stack, String why) throws IOException {
        if (!EngineDoor.agentRuns(root)) {
            return ExitCodes.OK;
        }
        var arguments = new HashMap<String, String>();
        arguments.put("why", why);
        stack.ifPresent(name -> arguments.put("stack", name));
        var answer = new RequestBox(root, call.world().clock()).ask("look", arguments, PATIENCE);
        if (answer.isEmpty()) {
            call.say("The agent has not answered yet; 'lockstep status' shows how far it is.");
            return ExitCodes.OK;
        }
        answer.get().lines().forEach(call::say);
        return answer.get().exitCode();
    }
}
