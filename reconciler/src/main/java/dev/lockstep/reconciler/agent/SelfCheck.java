package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an agent finds out about itself from time to time: things that break without an event, and that nobody notices
 * before they are needed. It mends none of them. Not for two threads at once.
 */
final class SelfCheck {
    /** Certificates, time-limited tokens and schedules bear so much. */
    private static final Duration WRONG = Duration.ofSeconds(60);

    private final Root root;
    private final HostTools tools;
    private final Optional<Path> launcher;
    private final Optional<Installed> begunWith;
    private final Instant began;

    /**
     * Of an agent that begins.
     *
     * @param launcher the program that runs; absent when nobody knows it
     */
    SelfCheck(Root root, HostTools tools, Optional<Path> launcher, Instant began) {
        this.root = root;
        this.tools = tools;
        this.launcher = launcher;
        this.begunWith = launcher.flatMap(SelfCheck::installed);
        this.began = began;
    }

    /**
     * What is wrong, a sentence for each, in an order that is always the same; the same as long as it is.
     *
     * @param clocks the remotes that told the time
     */
    List<String> problems(List<Clock> clocks) {
        var problems = new ArrayList<String>();
        unwritable().ifPresent(problems::add);
        lock().ifPresent(problems::add);
        Stream.of(HostTools.Tool.CONMON, HostTools.Tool.RUNTIME)
                .filter(tool -> tools.find(tool).isEmpty())
                .map(HostTools.Tool::remedy)
                .forEach(problems::add);
        clocks.stream()
                .filter(clock -> clock.ahead().abs().compareTo(WRONG) > 0)
                .map(Clock::sentence)
                .forEach(problems::add);
        replaced().ifPresent(problems::add);
        return problems;
    }

    /**
     * A remote that has told the time.
     *
     * @param url without credentials
     * @param ahead how far this host's clock is ahead of it, negative: behind
     */
    record Clock(String url, Duration ahead) {
        private String sentence() {
            // Seconds would be another sentence each time.
            return "the clock of this host is " + (ahead.isNegative() ? "behind" : "ahead of") + " that of " + url
                    + " by more than "
                    + (ahead.abs().toMinutes() > 1 ? ahead.abs().toMinutes() + " minutes" : "a minute")
                    + ": schedules, windows and certificates go by it. 'timedatectl' says whether it is kept right";
        }
    }

    private Optional<String> unwritable() {
        var probe = root.state().resolve("self-check");
        try {
            AtomicFiles.write(probe, new byte[] {'\n'});
            AtomicFiles.delete(probe);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("nothing can be written below " + root.state() + ": " + e.getMessage());
        }
    }

    /** A lock on this file can be had only when it is another one than that which the agent holds. */
    private Optional<String> lock() {
        try (var other = Flock.tryExclusive(root.lock("agent")).orElse(null)) {
            return other == null
                    ? Optional.empty()
                    : Optional.of("the file of this agent's lock was removed, so another agent could begin beside it:"
                            + " 'systemctl restart lockstep' takes the lock anew");
        } catch (IOException e) {
            return Optional.of("this agent's lock cannot be looked at: " + e.getMessage());
        }
    }

    private Optional<String> replaced() {
        return launcher.flatMap(program -> begunWith.flatMap(before -> {
            try {
                return Installed.of(program).equals(before)
                        ? Optional.<String>empty()
                        : Optional.of("the program " + program + " is another one than this agent has run since "
                                + began + ": 'systemctl restart lockstep' goes over to it; containers go on running");
            } catch (NoSuchFileException e) {
                return Optional.of("the program " + program + " is gone; this agent has run it since " + began
                        + ", and restarts without an agent need it");
            } catch (IOException e) {
                return Optional.empty(); // in the middle of an upgrade; the next look sees what came of it
            }
        }));
    }

    private static Optional<Installed> installed(Path program) {
        try {
            return Optional.of(Installed.of(program));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
