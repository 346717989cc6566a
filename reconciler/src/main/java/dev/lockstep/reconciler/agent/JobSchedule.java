package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.reconciler.history.JobRuns.Job;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.spec.model.Schedule;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the services of followed stacks that run at times. Everything is told by the containers' labels and by what was
 * written down, so it goes on after a restart and while no repository answers. One thread looks at the times, each run
 * is begun by one of its own, and each that is under way has one that waits for its end; a run goes on when the agent
 * ends, and the next agent hears of its end.
 */
final class JobSchedule implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobSchedule.class);
    /** How long a job with new times may not be known of. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    private static final Duration SHORTEST_LOOK = Duration.ofMillis(200);
    /** A run that is later than that was missed. */
    private static final Duration LATE = Duration.ofMinutes(1);
    /** A clock that goes back further was wrong before; by less, what has run is not run again. */
    private static final Duration CORRECTED = Duration.ofHours(3);

    private final Engine engine;
    private final FollowedStacks stacks;
    private final Function<String, StackRecords> records;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final JobRuns runs;
    private final Decisions decisions;
    /** Containers whose end somebody waits for. */
    private final Set<String> awaited = ConcurrentHashMap.newKeySet();

    /** Runs that are being begun, by threads that wait for the stack. */
    private final Map<Key, Thread> beginning = new ConcurrentHashMap<>();
    /** What is wrong with jobs, as it was said. */
    private final Map<Key, String> wrong = new ConcurrentHashMap<>();

    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);

    /** A service that runs at times. */
    private record Key(String stack, String service) {
        String sentence(String what) {
            return "job " + service + " of stack " + stack + " " + what;
        }
    }

    private JobSchedule(
            Engine engine,
            FollowedStacks stacks,
            Function<String, StackRecords> records,
            InstantSource clock,
            Consumer<String> out) {
        this.engine = engine;
        this.stacks = stacks;
        this.records = records;
        this.clock = clock;
        this.out = out;
        this.runs = new JobRuns(engine.root());
        this.decisions = new Decisions(engine.root());
        this.thread = Thread.ofPlatform().daemon().name("jobs").unstarted(this::run);
    }

    /** @param out hears of runs that did not go well, a sentence at a time */
    static JobSchedule start(
            Engine engine,
            FollowedStacks stacks,
            Function<String, StackRecords> records,
            InstantSource clock,
            Consumer<String> out) {
        var schedule = new JobSchedule(engine, stacks, records, clock, out);
        schedule.thread.start();
        return schedule;
    }

    private void run() {
        try {
            var pause = Duration.ZERO;
            while (!closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                pause = LOOK;
                try {
                    if (stacks.haveJobs()) {
                        pause = look();
                    }
                } catch (IOException | RuntimeException | VirtualMachineError e) {
                    LOG.warn("jobs are not looked at error={}", e.toString());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs what is due; returns how long to wait before the next look. */
    private Duration look() throws IOException {
        // One for all: what the first ones take makes none of the others late.
        var now = clock.instant();
        var next = now.plus(LOOK);
        var all = engine.containers().observe();
        mend(all, now);
        for (var container : all) {
            var spec = container.record().spec();
            var schedule = JobLabel.schedule(spec.labels());
            if (schedule.isPresent() && stacks.worker(spec.owner().stack()).isPresent()) {
                var key = new Key(spec.owner().stack(), spec.service());
                try {
                    look(key, container, schedule.get(), now);
                    wrong.remove(key);
                } catch (IOException | RuntimeException e) {
                    tell(key, "cannot be looked after: " + e.getMessage());
                }
                var due = Cron.of(schedule.get().cron(), schedule.get().zone()).after(now);
                next = due.filter(next::isAfter).orElse(next);
            }
        }
        var pause = Duration.between(clock.instant(), next);
        return pause.compareTo(SHORTEST_LOOK) < 0 ? SHORTEST_LOOK : pause;
    }

    /**
     * Nobody can say any more when jobs of a damaged file ran last: their times count from now on, or what may have
     * been done would be done again.
     */
    private void mend(List<ObservedContainer> all, Instant now) {
        var services = all.stream()
                .map(container -> container.record().spec())
                .filter(spec -> JobLabel.isJob(spec.labels())
                        && stacks.worker(spec.owner().stack()).isPresent())
                .collect(Collectors.groupingBy(
                        spec -> spec.owner().stack(), Collectors.mapping(ContainerSpec::service, Collectors.toSet())));
        for (var stack : services.entrySet()) {
            try {
                mend(stack.getKey(), stack.getValue(), now);
            } catch (IOException e) {
                LOG.debug("jobs are not begun anew stack={}", stack.getKey(), e); // told of each when it is looked at
            }
        }
    }

    private void mend(String stack, Set<String> services, Instant now) throws IOException {
        try {
            var _ = runs.of(stack);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            runs.beginAnew(stack, services, now);
            out.accept("jobs of stack " + stack + ": " + e.getMessage()
                    + "; it was set aside, and their times count from now on");
        }
    }

    /** What is wrong with one job keeps no other from its times; the same is said once. */
    private void tell(Key key, String why) {
        if (!why.equals(wrong.put(key, why))) {
            out.accept(key.sentence(why));
        }
    }

    private void look(Key key, ObservedContainer container, Schedule schedule, Instant now) throws IOException {
        var job = job(key, container, now);
        if (job.isOpen()) {
            watch(container);
        }
        var due = Cron.of(schedule.cron(), schedule.zone()).last(job.considered(), now);
        if (due.isEmpty()) {
            return;
        }
        if (schedule.overlap() == Schedule.Overlap.WAIT && (container.isRunning() || beginning.containsKey(key))) {
            return; // its time stays to be looked at until the other run has ended
        }
        var late = Duration.between(due.get(), now).compareTo(LATE) > 0;
        var waited = schedule.overlap() == Schedule.Overlap.WAIT
                && job.ended().filter(end -> !end.isBefore(due.get())).isPresent();
        if (late && !waited && schedule.missed() == Schedule.Missed.SKIP) {
            leaveOut(key, now, "missed at " + due.get() + ", when no agent ran");
        } else if (decisions.suspension(key.stack()).isPresent()) {
            leaveOut(key, now, "left out at " + due.get() + ", for the stack is suspended");
        } else if (beginning.containsKey(key)) {
            leaveOut(key, now, "left out at " + due.get() + ", for the last run has not begun yet");
        } else if (container.isRunning() && schedule.overlap() == Schedule.Overlap.SKIP) {
            leaveOut(key, now, "left out at " + due.get() + ", for the last run still runs");
        } else {
            // Written first: whoever dies on the way does not run it twice.
            change(key, before -> before.considered(now, ""));
            var begin = Thread.ofPlatform()
                    .daemon()
                    .name("begin-" + container.name())
                    .unstarted(() -> begin(key));
            beginning.put(key, begin);
            start(begin, () -> beginning.remove(key));
        }
    }

    /**
     * What is written down of a job. A clock that was ahead has left times behind that nobody would reach for years:
     * one that goes back that far was wrong before (cron(8) has the same measure).
     */
    private Job job(Key key, ObservedContainer container, Instant now) throws IOException {
        var job = Optional.ofNullable(runs.of(key.stack()).get(key.service()))
                .orElseGet(() -> Job.since(container.record().createdAt()));
        if (!job.considered().isAfter(now.plus(CORRECTED))) {
            return job;
        }
        out.accept(key.sentence(
                "was looked at up to " + job.considered() + " by a clock that was ahead; its times count from now on"));
        runs.write(key.stack(), key.service(), job.considered(now, job.note()));
        return job.considered(now, job.note());
    }

    /** Several threads write down what becomes of a job. */
    private void change(Key key, UnaryOperator<Job> change) throws IOException {
        synchronized (runs) {
            var job = Optional.ofNullable(runs.of(key.stack()).get(key.service()))
                    .orElseGet(() -> Job.since(clock.instant()));
            runs.write(key.stack(), key.service(), change.apply(job));
        }
    }

    private void watch(ObservedContainer container) {
        if (awaited.add(container.id())) {
            var thread =
                    Thread.ofPlatform().daemon().name("job-" + container.name()).unstarted(() -> awaitEnd(container));
            start(thread, () -> awaited.remove(container.id()));
        }
    }

    /** @param undo what it would do at its end, where there is no thread to be had */
    private static void start(Thread thread, Runnable undo) {
        var begun = false;
        try {
            thread.start();
            begun = true;
        } finally {
            if (!begun) {
                undo.run();
            }
        }
    }

    private void leaveOut(Key key, Instant now, String why) throws IOException {
        change(key, job -> job.considered(now, why));
        records.apply(key.stack()).job(key.service(), Outcome.REFUSED, why, Duration.ZERO);
        out.accept(key.sentence("was " + why));
    }

    /** In a thread of its own: who changes the stack may have its lock for minutes, and other jobs have their times. */
    private void begin(Key key) {
        try {
            var why = started(key);
            if (why.isPresent()) {
                var note = "did not start: " + why.get();
                out.accept(key.sentence(note));
                change(key, job -> job.considered(job.considered(), note));
                records.apply(key.stack()).job(key.service(), Outcome.FAILED, note, Duration.ZERO);
            }
        } catch (IOException | RuntimeException e) {
            tell(key, "cannot be written down: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            beginning.remove(key);
        }
    }

    /** @return why it was not */
    private Optional<String> started(Key key) throws InterruptedException {
        var worker = stacks.worker(key.stack());
        if (worker.isEmpty()) {
            return Optional.of("the stack is not followed any more");
        }
        try {
            var why = worker.get().startJob(key.service());
            if (why.isEmpty()) {
                begun(key);
            }
            return why;
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            LOG.debug("job is not started stack={} service={}", key.stack(), key.service(), e);
            return Optional.of(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }

    private void begun(Key key) throws IOException {
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            if (spec.owner().stack().equals(key.stack())
                    && spec.service().equals(key.service())
                    && JobLabel.isJob(spec.labels())) {
                var started = container.life().startedAt().orElse(clock.instant());
                change(key, job -> job.begun(container.id(), started));
                watch(container);
            }
        }
    }

    private void awaitEnd(ObservedContainer container) {
        var spec = container.record().spec();
        var key = new Key(spec.owner().stack(), spec.service());
        try {
            var code = exitCode(container.id());
            var job = runs.of(key.stack()).get(key.service());
            if (job == null || !job.container().equals(Optional.of(container.id())) || !job.isOpen()) {
                return; // replaced by its next run
            }
            var ended = engine.containers()
                    .observe(container.id())
                    .filter(c -> c.state() instanceof ContainerState.Exited)
                    .map(c -> ((ContainerState.Exited) c.state()).outcome().finishedAt())
                    .orElse(clock.instant());
            change(key, open -> open.over(ended, code));
            var took = Duration.between(job.started().orElse(ended), ended);
            var good = code.filter(c -> c == 0).isPresent();
            var message = code.map(c -> "exit code " + c).orElse("nobody saw it end");
            records.apply(key.stack())
                    .job(
                            key.service(),
                            good ? Outcome.CONVERGED : Outcome.FAILED,
                            message,
                            took.isNegative() ? Duration.ZERO : took);
            if (!good) {
                out.accept(key.sentence("failed: " + message));
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("the end of a job is not known container={} error={}", spec.name(), e.toString());
        } finally {
            awaited.remove(container.id());
        }
    }

    private Optional<Integer> exitCode(String id) throws IOException {
        var now = engine.containers().observe(id);
        if (now.isEmpty()) {
            return Optional.empty();
        }
        return switch (now.get().state()) {
            case ContainerState.Running _ -> Optional.of(engine.containers().await(id));
            case ContainerState.Exited(var outcome, var unused) ->
                outcome.lost() ? Optional.empty() : Optional.of(outcome.exitCode());
            case ContainerState.Created _, ContainerState.Lost _ -> Optional.empty();
        };
    }

    /** Waits for starts that are under way. */
    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join();
            for (var begin : List.copyOf(beginning.values())) {
                begin.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
