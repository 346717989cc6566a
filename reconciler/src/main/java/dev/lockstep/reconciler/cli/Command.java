package dev.lockstep.reconciler.cli;

import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/**
 * One command. Its options are described by calls and not by annotations: nothing is found out by reflection, which
 * would cost more than most commands do.
 */
interface Command {
    /** Adds summary, options and arguments. */
    void describe(CommandSpec spec);

    /** Words that go on after this one, see {@link CommandGroup}. */
    default Map<String, Command> subcommands() {
        return Map.of();
    }

    /**
     * Does it.
     *
     * @return exit code
     * @throws Exception whatever kept it from being done; {@link Sentences} makes one sentence of it
     */
    int run(Invocation call) throws Exception;
}
