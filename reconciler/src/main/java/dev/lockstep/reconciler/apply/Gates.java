package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.reconciler.plan.Patience;
import dev.lockstep.runtime.container.ContainerRecord;
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
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Waits until the containers of a stack's services are as somebody needs them. */
public final class Gates {
    /** Without a health check nobody can know more than that it goes on running; most mistakes show at once. */
    static final Duration STEADY = Duration.ofSeconds(2);
    /** By so much a clock goes back that is only kept right. */
    private static final Duration SLACK = Duration.ofSeconds(1);
    /** One that was started again so often and ended each time, will not be well. */
    private static final int RESTARTS = 3;
    /** Of what time alone does not change. */
    private static final Optional<Instant> NEVER = Optional.of(Instant.MAX);

    private final Containers containers;
    private final HealthMonitor health;
    private final String stack;
    private final CountDownLatch cancelled;
    private final Duration steady;
    private final InstantSource clock = InstantSource.system();
    private final Waiting waiting;
    /** Who asks for what another one is waiting for waits for that one: mostly many depend on the same few. */
    private final Map<Asked, FutureTask<Optional<String>>> asked = new ConcurrentHashMap<>();

    private record Asked(String service, Dependency.Condition condition, WaitLimits limits) {}

    /** @param cancelled ends every wait when it is counted down */
    public Gates(Containers containers, HealthMonitor health, String stack, CountDownLatch cancelled) {
        this(containers, health, stack, cancelled, STEADY);
    }

    /** @param steady how long a container without a health check must run to be well, where its file does not say */
    Gates(Containers containers, HealthMonitor health, String stack, CountDownLatch cancelled, Duration steady) {
        this(containers, health, stack, cancelled, List.of(cancelled), steady);
    }

    private Gates(
            Containers containers,
            HealthMonitor health,
            String stack,
            CountDownLatch cancelled,
            List<CountDownLatch> ends,
            Duration steady) {
        this.containers = containers;
        this.health = health;
        this.stack = stack;
        this.cancelled = cancelled;
        this.steady = steady;
        this.waiting = new Waiting(containers, ends, clock);
    }

    /** The same, whose waits end with this one as well. */
    Gates endedToo(CountDownLatch by) {
        return new Gates(containers, health, stack, cancelled, List.of(cancelled, by), steady);
    }

    /** Lets time go by; says whether that was ended early. */
    boolean pause(Duration time) throws InterruptedException {
        return waiting.pause(time);
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
        var what = new Asked(service, condition, limits);
        var own = new FutureTask<>(() -> await(what));
        var earlier = asked.putIfAbsent(what, own);
        if (earlier == null) {
            own.run();
            asked.remove(what);
        }
        try {
            return (earlier == null ? own : earlier).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failed -> throw failed;
                case InterruptedException interrupted -> throw interrupted;
                case RuntimeException wrong -> throw wrong;
                case Error bad -> throw bad;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    private Optional<String> await(Asked what) throws IOException, InterruptedException {
        return first(waiting.await(new Waiting.Need(
                () -> ofStack(what.service()::equals),
                container -> verdict(container, what.condition()),
                Optional.of("service " + what.service() + " has no container"),
                all -> what.limits()
                        .of(
                                what.service(),
                                what.condition(),
                                all.stream()
                                        .map(container -> patience(container, Duration.ZERO))
                                        .max(Comparator.naturalOrder())
                                        .orElse(Patience.ALLOWANCE)))));
    }

    private static Optional<String> first(List<Waiting.Unmet> unmet) {
        return unmet.stream().findFirst().map(Waiting.Unmet::why);
    }

    /**
     * Waits until every service runs, and is healthy where it has a health check: what {@code --wait} waits for. A
     * container that ended with 0 is a job that is done.
     *
     * @return why that is not so; empty when it is
     */
    public Optional<String> awaitHealthy(Collection<String> services, Optional<Duration> timeout)
            throws IOException, InterruptedException {
        return first(waiting.await(new Waiting.Need(
                () -> ofStack(services::contains), this::runningOrHealthy, Optional.empty(), _ -> timeout)));
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
            List<DesiredService> services, Optional<Duration> timeout, List<ObservedContainer> seen)
            throws IOException, InterruptedException {
        var byName = services.stream().collect(Collectors.toMap(DesiredService::name, Function.identity()));
        Function<ObservedContainer, DesiredService> service = container ->
                Objects.requireNonNull(byName.get(container.record().spec().service()));
        var need = new Waiting.Need(
                () -> ofStack(byName::containsKey),
                container -> well(container, service.apply(container)),
                Optional.empty(),
                all -> Optional.of(timeout.orElseGet(() -> all.stream()
                        .map(container -> patience(container, service.apply(container)))
                        .reduce(Patience.ALLOWANCE, (a, b) -> a.compareTo(b) < 0 ? b : a))));
        var whys = new TreeMap<String, String>();
        var unmet = waiting.await(
                need,
                seen.stream()
                        .filter(container -> isOf(container.record(), byName::containsKey))
                        .toList());
        for (var one : unmet) {
            one.container().ifPresent(c -> whys.putIfAbsent(service.apply(c).name(), one.why()));
        }
        return unmet.isEmpty()
                ? Optional.empty()
                : Optional.of(new Unwell(
                        whys.keySet(), whys.isEmpty() ? unmet.getFirst().why() : String.join("; ", whys.values())));
    }

    private Verdict well(ObservedContainer container, DesiredService service) {
        return well(container, monitor(service), service.job());
    }

    private Duration patience(ObservedContainer container, DesiredService service) {
        return service.job() ? Patience.ofJob(service) : patience(container, monitor(service));
    }

    private Duration monitor(DesiredService service) {
        return service.update().monitor().orElse(steady);
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
            for (var container : named(name)) {
                awaitWell(container.id(), monitor.orElse(steady)).ifPresent(why -> unwell.put(name, why));
            }
        }
        return unwell;
    }

    /** Whether that container is well now; one that is not there is no worse than it was. */
    boolean isWell(String name, Optional<Duration> monitor) throws IOException {
        return named(name).stream().allMatch(c -> well(c, monitor.orElse(steady), false) instanceof Verdict.Holds);
    }

    private List<ObservedContainer> named(String name) throws IOException {
        return containers.observe(record -> record.spec().name().equals(name));
    }

    /** Waits until one container is well; says why it is not. */
    Optional<String> awaitWell(String id) throws IOException, InterruptedException {
        return awaitWell(id, steady);
    }

    private Optional<String> awaitWell(String id, Duration monitor) throws IOException, InterruptedException {
        return first(waiting.await(new Waiting.Need(
                () -> containers.observe(id).stream().toList(),
                container -> well(container, monitor, false),
                Optional.of("a container was removed while it was waited for"),
                all -> Optional.of(patience(all.getFirst(), monitor)))));
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
                    yield new Verdict.NotYet("container " + container.name() + " is not done", NEVER);
                }
                if (container.record().made().healthCheck().isPresent()) {
                    yield healthy(container);
                }
                yield isYoung(running.startedAt(), monitor, clock.instant())
                        ? new Verdict.NotYet(
                                "container " + container.name() + " has just been started",
                                Optional.of(running.startedAt().plus(monitor)))
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

    /** Whether it runs when its time has come; how that ends is no matter of the stack. */
    private static boolean runsAtTimes(ObservedContainer container) {
        return JobLabel.isJob(container.record().spec().labels());
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
                        new Verdict.NotYet("container " + container.name() + " is not done", NEVER);
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

    /** The containers of those services. */
    private List<ObservedContainer> ofStack(Predicate<String> service) throws IOException {
        return containers.observe(record -> isOf(record, service));
    }

    private boolean isOf(ContainerRecord container, Predicate<String> service) {
        return container.spec().owner().stack().equals(stack)
                && service.test(container.spec().service())
                && !KeptName.has(container); // another one has its place
    }
}
