package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.AgentLock;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The agents of one process, one after the other: settings that change put another one into the place of the one that
 * runs. One that cannot begin leaves it to the settings before, for what runs needs somebody who looks after it.
 */
final class AgentRuns {
    private Runnable stop = () -> {};
    private Optional<AgentSettings> next = Optional.empty();
    private boolean ended;

    /** An agent by these settings, until it is stopped; answers its exit code. */
    @FunctionalInterface
    interface Run {
        int run(AgentSettings settings) throws IOException, CommandException, InterruptedException;
    }

    /**
     * Runs agents until {@link #end}.
     *
     * @param out hears what a person should know
     * @return exit code of the last one
     * @throws IOException when the first one cannot begin, or none any more
     */
    int follow(AgentSettings first, Run run, Consumer<String> out)
            throws IOException, CommandException, InterruptedException {
        var settings = Optional.of(first);
        var good = Optional.<AgentSettings>empty();
        var code = ExitCodes.OK;
        while (settings.isPresent()) {
            try {
                code = run.run(settings.get());
                good = settings;
                settings = next(Optional.empty());
                settings.ifPresent(_ -> out.accept("the settings have changed; the agent begins anew with them"));
            } catch (IOException | CommandException | RuntimeException e) {
                if (e instanceof AgentLock.TakenException || good.isEmpty()) {
                    throw e;
                }
                out.accept("the agent cannot begin with the settings as they have changed, so it goes on with those it"
                        + " had: " + Sentences.of(e));
                settings = next(good);
                good = Optional.empty();
            }
        }
        return code;
    }

    /** One begins; at once over where all is to end, or another one to come. */
    synchronized void begin(Runnable itsStop) {
        stop = itsStop;
        if (ended || next.isPresent()) {
            stop.run();
        }
    }

    /** Another one is to come, by these settings. */
    synchronized void change(AgentSettings settings) {
        next = Optional.of(settings);
        stop.run();
    }

    /** All is to end. */
    synchronized void end() {
        ended = true;
        stop.run();
    }

    /** The settings of the one that comes next; empty when none does. */
    private synchronized Optional<AgentSettings> next(Optional<AgentSettings> otherwise) {
        var settings = ended ? Optional.<AgentSettings>empty() : next.or(() -> otherwise);
        next = Optional.empty();
        return settings;
    }
}
