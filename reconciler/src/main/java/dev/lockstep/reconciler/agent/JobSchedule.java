package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.reconciler.history.JobRuns.Job;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.spec.model.Schedule;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the services of followed stacks that run at times. Everything is told by the containers' labels and by what was
 * written down, so it goes on after a restart and while no repository answers. One thread looks at the times, and each
 * run that is under way has one that waits for its end; a run goes on when the agent ends, and the next agent hears of
 * its end.
 */
final class JobSchedule implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JobSchedule.class);
    /** How long a job with new times may not be known of. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    private static final Duration SHORTEST_LOOK = Duration.ofMillis(200);
    /** A run that is later than that was missed. */
    private static final Duration LATE = Duration.ofMinutes(1);

    private final Engine engine;
    private final FollowedStacks stacks;
    private final Function<String, StackRecords> records;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final JobRuns runs;
    private final Decisions decisions;
    /** Containers whose end somebody waits for. */
    private final Set<String> awaited = ConcurrentHashMap.newKeySet();

    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);

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
                } catch (IOException | RuntimeException e) {
                    LOG.warn("jobs are not looked at error={}", e.toString());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs what is due; returns how long to wait before the next look. */
    private Duration look() throws IOException, InterruptedException {
        var next = clock.instant().plus(LOOK);
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            var schedule = JobLabel.schedule(spec.labels());
            if (schedule.isPresent() && stacks.worker(spec.owner().stack()).isPresent()) {
                look(container, schedule.get());
                var due = Cron.of(schedule.get().cron(), schedule.get().zone()).after(clock.instant());
                next = due.filter(next::isAfter).orElse(next);
            }
        }
        var pause = Duration.between(clock.instant(), next);
        return pause.compareTo(SHORTEST_LOOK) < 0 ? SHORTEST_LOOK : pause;
    }

    private void look(ObservedContainer container, Schedule schedule) throws IOException, InterruptedException {
        var spec = container.record().spec();
        var stack = spec.owner().stack();
        var job = Optional.ofNullable(runs.of(stack).get(spec.service()))
                .orElseGet(() -> Job.since(container.record().createdAt()));
        if (job.isOpen()) {
            watch(container);
        }
        var now = clock.instant();
        var due = Cron.of(schedule.cron(), schedule.zone()).last(job.considered(), now);
        if (due.isEmpty()) {
            return;
        }
        if (schedule.overlap() == Schedule.Overlap.WAIT && container.isRunning()) {
            return; // its time stays to be looked at until the other run has ended
        }
        var late = Duration.between(due.get(), now).compareTo(LATE) > 0;
        var waited = schedule.overlap() == Schedule.Overlap.WAIT
                && job.ended().filter(end -> !end.isBefore(due.get())).isPresent();
        if (late && !waited && schedule.missed() == Schedule.Missed.SKIP) {
            leaveOut(stack, spec.service(), job, now, "missed at " + due.get() + ", when no agent ran");
        } else if (decisions.suspension(stack).isPresent()) {
            leaveOut(stack, spec.service(), job, now, "left out at " + due.get() + ", for the stack is suspended");
        } else if (container.isRunning() && schedule.overlap() == Schedule.Overlap.SKIP) {
            leaveOut(stack, spec.service(), job, now, "left out at " + due.get() + ", for the last run still runs");
        } else {
            begin(stack, spec.service(), job, now);
        }
    }

    private void watch(ObservedContainer container) {
        if (awaited.add(container.id())) {
            Thread.ofPlatform().daemon().name("job-" + container.name()).start(() -> awaitEnd(container));
        }
    }

    private void leaveOut(String stack, String service, Job job, Instant now, String why) throws IOException {
        runs.write(stack, service, job.considered(now, why));
        records.apply(stack).job(service, Outcome.REFUSED, why, Duration.ZERO);
        out.accept("job " + service + " of stack " + stack + " was " + why);
    }

    private void begin(String stack, String service, Job job, Instant now) throws IOException, InterruptedException {
        // Written first: whoever dies on the way does not run it twice.
        runs.write(stack, service, job.considered(now, ""));
        var worker = stacks.worker(stack);
        if (worker.isEmpty()) {
            return;
        }
        var why = worker.get().startJob(service);
        if (why.isPresent()) {
            runs.write(stack, service, job.considered(now, "did not start: " + why.get()));
            records.apply(stack).job(service, Outcome.FAILED, "did not start: " + why.get(), Duration.ZERO);
            out.accept("job " + service + " of stack " + stack + " did not start: " + why.get());
            return;
        }
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            if (spec.owner().stack().equals(stack) && spec.service().equals(service) && JobLabel.isJob(spec.labels())) {
                var started = container.life().startedAt().orElse(now);
                runs.write(stack, service, job.considered(now, "").begun(container.id(), started));
                watch(container);
            }
        }
    }

    private void awaitEnd(ObservedContainer container) {
        var spec = container.record().spec();
        var stack = spec.owner().stack();
        try {
            var code = exitCode(container.id());
            var job = runs.of(stack).get(spec.service());
            if (job == null || !job.container().equals(Optional.of(container.id())) || !job.isOpen()) {
                return; // replaced by its next run
            }
            var ended = engine.containers()
                    .observe(container.id())
                    .filter(c -> c.state() instanceof ContainerState.Exited)
                    .map(c -> ((ContainerState.Exited) c.state()).outcome().finishedAt())
                    .orElse(clock.instant());
            runs.write(stack, spec.service(), job.over(ended, code));
            var took = Duration.between(job.started().orElse(ended), ended);
            var good = code.filter(c -> c == 0).isPresent();
            var message = code.map(c -> "exit code " + c).orElse("nobody saw it end");
            records.apply(stack)
                    .job(
                            spec.service(),
                            good ? Outcome.CONVERGED : Outcome.FAILED,
                            message,
                            took.isNegative() ? Duration.ZERO : took);
            if (!good) {
                out.accept("job " + spec.service() + " of stack " + stack + " failed: " + message);
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

    /** Waits for a start that is under way. */
    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
