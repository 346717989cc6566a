package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.reconciler.plan.Patience;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Containers;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.spec.model.Dependency;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Waits until the containers of a stack's services are as somebody needs them. */
public final class Gates {
    /**
     * How often a container is looked at while nothing tells us of its health: probes may be run by another process. An
     * exit is looked at as often; both are one read of small files.
     */
    private static final Duration LOOK = Duration.ofMillis(50);

    /**
     * As often only what is waited for is looked at: of a hundred containers mostly one, and then all of them again.
     */
    private static final int LOOKS_AT_FEW = 20;

    /** Without a health check nobody can know more than that it goes on running; most mistakes show at once. */
    static final Duration STEADY = Duration.ofSeconds(2);
    /** By so much a clock goes back that is only kept right. */
    private static final Duration SLACK = Duration.ofSeconds(1);
    /** One that was started again so often and ended each time, will not be well. */
    private static final int RESTARTS = 3;

    private final Containers containers;
    private final HealthMonitor health;
    private final String stack;
    /** Each ends every wait when it is counted down. */
    private final List<CountDownLatch> ends;

    private final Duration steady;
    private final InstantSource clock = InstantSource.system();

    /** @param cancelled ends every wait when it is counted down */
    public Gates(Containers containers, HealthMonitor health, String stack, CountDownLatch cancelled) {
        this(containers, health, stack, cancelled, STEADY);
    }

    /** @param steady how long a container without a health check must run to be well, where its file does not say */
    Gates(Containers containers, HealthMonitor health, String stack, CountDownLatch cancelled, Duration steady) {
        this(containers, health, stack, List.of(cancelled), steady);
    }

    private Gates(
            Containers containers, HealthMonitor health, String stack, List<CountDownLatch> ends, Duration steady) {
        this.steady = steady;
        this.containers = containers;
        this.health = health;
        this.stack = stack;
        this.ends = ends;
    }

    /** The same, whose waits end with this one as well. */
    Gates endedToo(CountDownLatch by) {
        return new Gates(containers, health, stack, List.of(ends.getFirst(), by), steady);
    }

    /** Lets time go by; says whether that was ended early. */
    boolean pause(Duration time) throws InterruptedException {
        var end = System.nanoTime() + time.toNanos();
        while (ends.stream().allMatch(latch -> latch.getCount() > 0)) {
            var left = end - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            var _ = ends.getLast().await(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS);
        }
        return true;
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
        return await(service, condition, WaitLimits.forEver());
    }

    /** The same for somebody who does not wait for ever: what has not come to hold by then does not. */
    Optional<String> await(String service, Dependency.Condition condition, WaitLimits limits)
            throws IOException, InterruptedException {
        var patience = of(service).stream()
                .map(container -> patience(container, Duration.ZERO))
                .max(Comparator.naturalOrder())
                .orElse(Patience.ALLOWANCE);
        return await(() -> verdict(service, condition), limits.of(service, condition, patience));
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

    /**
     * The gate of a revision: waits until every service is well. Its containers are healthy, or have run for a while
     * where they have no health check; jobs have ended with 0, and so may others. A container that is started again and
     * again is given up early.
     *
     * @param timeout absent: as long as its health checks may take, or it must run without one, and a minute; a job as
     *     {@link WaitLimits} says
     * @return what is not well; empty when everything is
     */
    public Optional<Unwell> awaitWell(List<DesiredService> services, Optional<Duration> timeout)
            throws IOException, InterruptedException {
        return awaitWell(services, timeout, containers.observe());
    }

    /**
     * The same where somebody has just looked; without a timeout.
     *
     * @param seen all containers of this host
     */
    public Optional<Unwell> awaitWell(List<DesiredService> services, List<ObservedContainer> seen)
            throws IOException, InterruptedException {
        return awaitWell(services, Optional.empty(), seen);
    }

    private Optional<Unwell> awaitWell(
            List<DesiredService> services, Optional<Duration> timeout, List<ObservedContainer> first)
            throws IOException, InterruptedException {
        var seen = first;
        var byName = services.stream().collect(Collectors.toMap(DesiredService::name, Function.identity()));
        var began = System.nanoTime();
        while (true) {
            var unwell = new TreeMap<String, String>();
            var waiting = Optional.<Map.Entry<String, String>>empty();
            var awaited = new LinkedHashMap<String, DesiredService>();
            var patience = Patience.ALLOWANCE;
            for (var container : seen) {
                var service = byName.get(container.record().spec().service());
                if (service == null || !isOf(container, service.name()::equals)) {
                    continue;
                }
                var limit = service.job() ? Patience.ofJob(service) : patience(container, monitor(service));
                patience = patience.compareTo(limit) < 0 ? limit : patience;
                switch (well(container, service)) {
                    case Verdict.Holds _ -> {}
                    case Verdict.Fails(var why) -> unwell.putIfAbsent(service.name(), why);
                    case Verdict.NotYet(var what) -> {
                        waiting = Optional.of(Map.entry(service.name(), what));
                        awaited.put(container.id(), service);
                    }
                }
            }
            if (!unwell.isEmpty()) {
                return Optional.of(new Unwell(unwell.keySet(), String.join("; ", unwell.values())));
            }
            if (waiting.isEmpty()) {
                return Optional.empty();
            }
            var limit = timeout.orElse(patience);
            if (System.nanoTime() - began > limit.toNanos()) {
                return Optional.of(new Unwell(
                        Set.of(waiting.get().getKey()),
                        waiting.get().getValue() + " after " + limit.toSeconds() + " s"));
            }
            var looks = 0;
            do {
                if (pause(LOOK)) {
                    return Optional.of(new Unwell(Set.of(), "waiting was interrupted"));
                }
            } while (++looks < LOOKS_AT_FEW && areNotYet(awaited));
            seen = containers.observe();
        }
    }

    private Verdict well(ObservedContainer container, DesiredService service) {
        return well(container, monitor(service), service.job());
    }

    private Duration monitor(DesiredService service) {
        return service.update().monitor().orElse(steady);
    }

    /** Whether all that is to be said of these is that they are waited for. */
    private boolean areNotYet(Map<String, DesiredService> awaited) throws IOException {
        var waiting = false;
        for (var entry : awaited.entrySet()) {
            var container = containers.observe(entry.getKey());
            var verdict = container.map(c -> well(c, entry.getValue()));
            if (verdict.isEmpty() || verdict.get() instanceof Verdict.Fails) {
                return false;
            }
            waiting |= verdict.get() instanceof Verdict.NotYet;
        }
        return waiting;
    }

    /**
     * What keeps a revision from being well.
     *
     * @param services whose containers are not well
     * @param why a sentence
     */
    public record Unwell(Set<String> services, String why) {
        public Unwell {
            services = Set.copyOf(services);
        }
    }

    /**
     * Waits until single containers are well.
     *
     * @param monitor how long they must have run; absent: as long as any without a health check
     * @return by name of each that is not: why, a sentence
     */
    Map<String, String> awaitWell(Collection<String> names, Optional<Duration> monitor)
            throws IOException, InterruptedException {
        var unwell = new LinkedHashMap<String, String>();
        for (var name : names) {
            var found = containers.observe().stream()
                    .filter(c -> c.name().equals(name))
                    .findFirst();
            if (found.isPresent()) {
                awaitWell(found.get().id(), monitor.orElse(steady)).ifPresent(why -> unwell.put(name, why));
            }
        }
        return unwell;
    }

    /** Whether that container is well now; one that is not there is no worse than it was. */
    boolean isWell(String name, Optional<Duration> monitor) throws IOException {
        return containers.observe().stream()
                .filter(c -> c.name().equals(name))
                .allMatch(c -> well(c, monitor.orElse(steady), false) instanceof Verdict.Holds);
    }

    /** Waits until one container is well; says why it is not. */
    Optional<String> awaitWell(String id) throws IOException, InterruptedException {
        return awaitWell(id, steady);
    }

    private Optional<String> awaitWell(String id, Duration monitor) throws IOException, InterruptedException {
        var container = containers.observe(id);
        return container.isEmpty()
                ? Optional.of("a container was removed while it was waited for")
                : await(
                        () -> {
                            var now = containers.observe(id);
                            return now.isEmpty()
                                    ? new Verdict.Fails(
                                            "container " + container.get().name() + " was removed")
                                    : well(now.get(), monitor, false);
                        },
                        Optional.of(patience(container.get(), monitor)));
    }

    /**
     * How long its health may take to show, by its own times.
     *
     * @param monitor how long it must run where it has no health check
     */
    static Duration patience(ObservedContainer container, Duration monitor) {
        return container
                .record()
                .effective()
                .flatMap(Effective::healthCheck)
                .map(check -> Patience.of(check.startPeriod(), check.interval(), check.timeout(), check.retries()))
                .orElseGet(() -> monitor.plus(Patience.ALLOWANCE));
    }

    private Verdict well(ObservedContainer container, Duration monitor, boolean job) {
        if (runsAtTimes(container)) {
            return new Verdict.Holds();
        }
        return switch (container.state()) {
            case ContainerState.Exited(var outcome, var unused) when outcome.exitCode() == 0 -> new Verdict.Holds();
            case ContainerState.Exited _ ->
                container.life().stoppedByUser()
                                || container.life().startsInARow() >= RESTARTS
                                || !isStartedAgain(container)
                        ? new Verdict.Fails(notRunning(container))
                        : new Verdict.NotYet(notRunning(container) + " and is to be started again");
            case ContainerState.Running running -> {
                if (job) {
                    yield new Verdict.NotYet("container " + container.name() + " is not done");
                }
                if (container.record().made().healthCheck().isPresent()) {
                    yield healthy(container);
                }
                yield isYoung(running.startedAt(), monitor, clock.instant())
                        ? new Verdict.NotYet("container " + container.name() + " has just been started")
                        : new Verdict.Holds();
            }
            // Between two automatic starts it has not run yet in the eyes of the record.
            case ContainerState.Created _
            when container.life().wanted()
                    && container.life().error().isEmpty()
                    && !container.life().delay().isZero() ->
                new Verdict.NotYet("container " + container.name() + " is being started again");
            case ContainerState.Created _, ContainerState.Lost _ -> new Verdict.Fails(notRunning(container));
        };
    }

    /**
     * Whether it cannot have run for its time yet. One whose start is to come was started before the clock was set
     * back: how long ago nobody can tell any more, and nobody waits until the clock is there again.
     */
    static boolean isYoung(Instant startedAt, Duration monitor, Instant now) {
        return startedAt.plus(monitor).isAfter(now) && !startedAt.isAfter(now.plus(SLACK));
    }

    /** Whether its policy brings it back, without anybody's doing. */
    private static boolean isStartedAgain(ObservedContainer container) {
        return container
                .life()
                .exit()
                .filter(exit ->
                        RestartDecision.decide(container.record().spec().restart(), exit.exitCode(), container.life())
                                instanceof RestartDecision.Restart)
                .isPresent();
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
            if (pause(LOOK)) {
                return Optional.of("waiting was interrupted");
            }
        }
    }

    /** Whether it runs when its time has come; how that ends is no matter of the stack. */
    private static boolean runsAtTimes(ObservedContainer container) {
        return JobLabel.isJob(container.record().spec().labels());
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
        if (runsAtTimes(container)) {
            return new Verdict.Holds();
        }
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
        return spec.owner().stack().equals(stack)
                && service.test(spec.service())
                && !KeptName.has(container.record()); // another one has its place
    }
}
