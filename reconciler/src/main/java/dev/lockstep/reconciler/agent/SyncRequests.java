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
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Answers {@code sync}: all repositories are looked at now, and what became of their stacks is the answer. And
 * {@code look}: a person decided something, so that stack is looked at again. What is about builds, builds answer.
 */
record SyncRequests(List<Following> repositories, FollowedStacks stacks, BuildRequests builds, InstantSource clock) {
    /** Before the deadline passes, so that who asked hears why there is no better answer. */
    private static final long MARGIN_MILLIS = 100;

    Answer answer(Request request) {
        return switch (request.verb()) {
            case "sync" -> accepted(request).orElseGet(() -> sync(request, trigger(request)));
            case "look" -> {
                var stack = request.arguments().getOrDefault("stack", "");
                var why = request.arguments().getOrDefault("why", "sync");
                yield stacks.worker(stack)
                        .flatMap(worker -> worker.again(why))
                        .map(run -> wait(request, List.of(run)))
                        // One that is gone from its repository has no worker.
                        .orElseGet(() -> sync(request, why));
            }
            case "build" -> builds.answer(request);
            default -> Answer.error("this agent does not know how to " + request.verb());
        };
    }

    /** What is to be answered when nobody is at the commit that somebody agrees to. */
    private Optional<Answer> accepted(Request request) {
        var commit = Optional.ofNullable(request.arguments().get("moved"));
        // Each of them: one repository may be followed more than once.
        var found = commit.isPresent()
                ? repositories.stream().filter(one -> one.accept(commit.get())).count()
                : 1;
        return found > 0 ? Optional.empty() : Optional.of(Answer.error(nobodyIsAt(commit.orElse(""))));
    }

    static String nobodyIsAt(String commit) {
        return "no followed ref was moved to a commit " + commit
                + " that this host refuses; 'lockstep status' shows which were";
    }

    private static String trigger(Request request) {
        return "sync"
                + (request.arguments().containsKey("retry") ? " " + Reconciliation.RETRY : "")
                + (request.arguments().containsKey("now") ? " " + Permission.NOW : "");
    }

    private Answer sync(Request request, String trigger) {
        var runs = new ArrayList<Future<StackWorker.Run>>();
        var lines = new ArrayList<String>();
        var code = 0;
        for (var look : repositories.stream().map(r -> r.sync(trigger)).toList()) {
            try {
                runs.addAll(look.get(patience(request), TimeUnit.MILLISECONDS));
            } catch (ExecutionException e) {
                lines.add(Optional.ofNullable(e.getCause())
                        .map(Throwable::getMessage)
                        .orElse(e.toString()));
                code = 1;
            } catch (TimeoutException e) {
                return late();
            } catch (InterruptedException | CancellationException e) {
                return stopped();
            }
        }
        var answer = wait(request, runs);
        lines.addAll(answer.lines());
        return new Answer(Following.worst(code, answer.exitCode()), lines);
    }

    private Answer wait(Request request, List<Future<StackWorker.Run>> runs) {
        var code = 0;
        for (var run : runs) {
            try {
                code = Following.worst(
                        code, run.get(patience(request), TimeUnit.MILLISECONDS).exitCode());
            } catch (ExecutionException e) {
                return Answer.error(e.toString());
            } catch (TimeoutException e) {
                return late();
            } catch (InterruptedException | CancellationException e) {
                return stopped();
            }
        }
        return new Answer(code, List.of());
    }

    private static Answer late() {
        return Answer.error("the agent is still at it; 'lockstep status' shows how far it is");
    }

    private static Answer stopped() {
        return Answer.error("the agent was stopped");
    }

    private long patience(Request request) {
        return Math.max(1, Duration.between(clock.instant(), request.deadline()).toMillis() - MARGIN_MILLIS);
    }
}
