package dev.lockstep.reconciler.apply;

import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.model.Dependency;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Waits until the containers of a stack's services are as somebody needs them. */
public final class Gates {
    /**
     * How often a container is looked at while nothing tells us of its health: probes may be run by another process. An
     * exit is looked at as often; both are one read of small files.
     */
    private static final Duration LOOK = Duration.ofMillis(50);

    private final Containers containers;
    private final HealthMonitor health;
    private final String stack;
    private final CountDownLatch cancelled;

    /** @param cancelled ends every wait when it is counted down */
    public Gates(Containers containers, HealthMonitor health, String stack, CountDownLatch cancelled) {
        this.containers = containers;
        this.health = health;
        this.stack = stack;
        this.cancelled = cancelled;
    }

    /** Whether a service is as it should be. */
    sealed interface Verdict {
        record Holds() implements Verdict {}

        record NotYet(String what) implements Verdict {}

        /** It will not come to hold by waiting. */
        record Fails(String why) implements Verdict {}
    }

    /**
     * Waits for a condition.
     *
     * @return why it does not hold; empty when it does
     */
    public Optional<String> await(String service, Dependency.Condition condition)
            throws IOException, InterruptedException {
        return await(() -> verdict(service, condition), Optional.empty());
    }

    /**
     * Waits until every service runs, and is healthy where it has a health check: what {@code --wait} waits for. A
     * container that ended with 0 is a job that is done.
     *
     * @return why that is not so; empty when it is
     */
    public Optional<String> awaitHealthy(Collection<String> services, Optional<Duration> timeout)
            throws IOException, InterruptedException {
        return await(() -> runningOrHealthy(services), timeout);
    }

    private interface Look {
        Verdict now() throws IOException;
    }

    private Optional<String> await(Look look, Optional<Duration> timeout) throws IOException, InterruptedException {
        var deadline = timeout.map(t -> System.nanoTime() + t.toNanos());
        while (true) {
            switch (look.now()) {
                case Verdict.Holds _ -> {
                    return Optional.empty();
                }
                case Verdict.Fails(var why) -> {
                    return Optional.of(why);
                }
                case Verdict.NotYet(var what) -> {
                    if (deadline.isPresent() && System.nanoTime() - deadline.get() > 0) {
                        return Optional.of(
                                what + " after " + timeout.orElseThrow().toSeconds() + " s");
                    }
                }
            }
            if (cancelled.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                return Optional.of("waiting was interrupted");
            }
        }
    }

    private Verdict runningOrHealthy(Collection<String> services) throws IOException {
        Verdict all = new Verdict.Holds();
        for (var container : containers.observe()) {
            if (isOf(container, services::contains)) {
                var verdict = runningOrHealthy(container);
                if (verdict instanceof Verdict.Fails) {
                    return verdict;
                }
                all = verdict instanceof Verdict.Holds ? all : verdict;
            }
        }
        return all;
    }

    private Verdict runningOrHealthy(ObservedContainer container) {
        return switch (container.state()) {
            case ContainerState.Exited(var outcome, var unused) when outcome.exitCode() == 0 -> new Verdict.Holds();
            case ContainerState.Running _ ->
                container.record().made().healthCheck().isPresent() ? healthy(container) : new Verdict.Holds();
            case ContainerState.Exited _, ContainerState.Created _, ContainerState.Lost _ ->
                new Verdict.Fails(notRunning(container));
        };
    }

    private Verdict verdict(String service, Dependency.Condition condition) throws IOException {
        var all = of(service);
        if (all.isEmpty()) {
            return new Verdict.Fails("service " + service + " has no container");
        }
        for (var container : all) {
            var verdict = verdict(container, condition);
            if (!(verdict instanceof Verdict.Holds)) {
                return verdict;
            }
        }
        return new Verdict.Holds();
    }

    private Verdict verdict(ObservedContainer container, Dependency.Condition condition) {
        return switch (condition) {
            case STARTED ->
                container.life().startedAt().isPresent()
                        ? new Verdict.Holds()
                        : new Verdict.Fails("container " + container.name() + " was not started");
            case HEALTHY -> {
                if (container.record().made().healthCheck().isEmpty()) {
                    yield new Verdict.Fails("container " + container.name()
                            + " has no health check, neither in the file nor in its image; write one,"
                            + " or depend on service_started");
                }
                yield container.isRunning() ? healthy(container) : new Verdict.Fails(notRunning(container));
            }
            case COMPLETED_SUCCESSFULLY ->
                switch (container.state()) {
                    case ContainerState.Exited(var outcome, var unused) ->
                        outcome.exitCode() == 0
                                ? new Verdict.Holds()
                                : new Verdict.Fails(
                                        "service " + container.record().spec().service()
                                                + " did not complete successfully: exit code " + outcome.exitCode());
                    case ContainerState.Running _ ->
                        new Verdict.NotYet("container " + container.name() + " is not done");
                    case ContainerState.Created _, ContainerState.Lost _ -> new Verdict.Fails(notRunning(container));
                };
        };
    }

    private Verdict healthy(ObservedContainer container) {
        health.watch(container.id());
        var status = container.health().map(HealthState::status).orElse(HealthState.Status.STARTING);
        return switch (status) {
            case HEALTHY -> new Verdict.Holds();
            case STARTING -> new Verdict.NotYet("container " + container.name() + " is not healthy yet");
            case UNHEALTHY ->
                new Verdict.Fails("container " + container.name() + " is unhealthy: "
                        + container
                                .health()
                                .flatMap(HealthState::last)
                                .map(r -> r.output().strip())
                                .orElse(""));
        };
    }

    private static String notRunning(ObservedContainer container) {
        return "container " + container.name()
                + switch (container.state()) {
                    case ContainerState.Exited(var outcome, var unused) ->
                        " exited (" + outcome.exitCode() + ")" + (outcome.oomKilled() ? ", out of memory" : "");
                    case ContainerState.Created _ ->
                        " was not started"
                                + container.life().error().map(e -> ": " + e).orElse("");
                    case ContainerState.Lost _ -> " is gone";
                    case ContainerState.Running _ -> " runs";
                };
    }

    private List<ObservedContainer> of(String service) throws IOException {
        return containers.observe().stream()
                .filter(c -> isOf(c, service::equals))
                .toList();
    }

    private boolean isOf(ObservedContainer container, Predicate<String> service) {
        var spec = container.record().spec();
        return spec.owner().stack().equals(stack) && service.test(spec.service());
    }
}
