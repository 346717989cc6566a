package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.requests.Answer;
import dev.lockstep.reconciler.requests.Request;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Answers {@code sync}: all repositories are looked at now, and what became of their stacks is the answer. */
record SyncRequests(List<Following> repositories, InstantSource clock) {
    /** Before the deadline passes, so that who asked hears why there is no better answer. */
    private static final long MARGIN_MILLIS = 100;

    Answer answer(Request request) {
        if (!request.verb().equals("sync")) {
            return Answer.error("this agent does not know how to " + request.verb());
        }
        var lines = new ArrayList<String>();
        var code = 0;
        for (var look : repositories.stream().map(Following::sync).toList()) {
            try {
                for (var stack : look.get(patience(request), TimeUnit.MILLISECONDS)) {
                    var run = stack.get(patience(request), TimeUnit.MILLISECONDS);
                    code = Following.worst(code, run.exitCode());
                }
            } catch (ExecutionException e) {
                lines.add(Optional.ofNullable(e.getCause())
                        .map(Throwable::getMessage)
                        .orElse(e.toString()));
                code = 1;
            } catch (TimeoutException e) {
                lines.add("the agent is still at it; 'lockstep status' shows how far it is");
                return new Answer(1, lines);
            } catch (InterruptedException | CancellationException e) {
                lines.add("the agent was stopped");
                return new Answer(1, lines);
            }
        }
        return new Answer(code, lines);
    }

    private long patience(Request request) {
        return Math.max(1, Duration.between(clock.instant(), request.deadline()).toMillis() - MARGIN_MILLIS);
    }
}
