package dev.lockstep.reconciler.cli;

import java.util.Map;

/** A word that others follow, such as {@code volume} of {@code volume ls}; alone it does nothing. */
interface CommandGroup extends Command {
    @Override
    Map<String, Command> subcommands();

    @Override
    default int run(Invocation call) {
        throw new IllegalStateException("one of the subcommands is run");
    }
}
