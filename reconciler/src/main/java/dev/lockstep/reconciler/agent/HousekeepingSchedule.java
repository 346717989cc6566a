package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.UnusedContent;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneRecords;
import dev.lockstep.runtime.prune.PruneReport;
import dev.lockstep.spec.settings.HousekeepingEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Date;
import java.util.HashSet;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TimeZone;
import java.util.function.Consumer;
import org.quartz.CronExpression;
import org.quartz.CronScheduleBuilder;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.impl.StdSchedulerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Housekeeping at the times that the host's owner chose, on one thread of its own. When it was due while no agent ran
 * it comes soon after the start. Nothing of the schedule is kept but what {@link PruneRecords} say.
 */
final class HousekeepingSchedule implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HousekeepingSchedule.class);
    /** An agent has more urgent things to do when it has just started. */
    private static final Duration AFTER_START = Duration.ofMinutes(1);

    /** Absent: never. */
    private final Optional<Scheduler> scheduler;

    private HousekeepingSchedule(Optional<Scheduler> scheduler) {
        this.scheduler = scheduler;
    }

    /**
     * Begins; a schedule of {@code never} does nothing, and costs nothing.
     *
     * @param out hears what went, a sentence at a time
     * @throws IOException when the schedule never comes
     */
    static HousekeepingSchedule start(
            Engine engine, HousekeepingEntry settings, InstantSource clock, Consumer<String> out) throws IOException {
        if (settings.schedule().isEmpty()) {
            return new HousekeepingSchedule(Optional.empty());
        }
        try {
            var cron = cron(settings);
            var missed = isMissed(cron, last(engine), clock.instant());
            var scheduler = scheduler(engine.root().shortId());
            var schedule = new HousekeepingSchedule(Optional.of(scheduler));
            try {
                scheduler.setJobFactory((_, _) -> _ -> run(engine, clock, out));
                scheduler.scheduleJob(
                        JobBuilder.newJob(Job.class).build(), triggers(cron, missed, clock.instant()), false);
                scheduler.start();
                return schedule;
            } catch (SchedulerException | RuntimeException e) {
                schedule.close();
                throw e;
            }
        } catch (SchedulerException | ParseException e) {
            throw new IOException("housekeeping cannot be scheduled: " + e.getMessage(), e);
        }
    }

    private static Set<Trigger> triggers(CronExpression cron, boolean missed, Instant now) {
        var triggers = new HashSet<Trigger>();
        triggers.add(TriggerBuilder.newTrigger()
                .withIdentity("due")
                .withSchedule(CronScheduleBuilder.cronSchedule(cron).withMisfireHandlingInstructionFireAndProceed())
                .build());
        if (missed) {
            triggers.add(TriggerBuilder.newTrigger()
                    .withIdentity("missed")
                    .startAt(Date.from(now.plus(AFTER_START)))
                    .build());
        }
        return triggers;
    }

    private static Scheduler scheduler(String id) throws SchedulerException {
        var properties = new Properties();
        properties.put(StdSchedulerFactory.PROP_SCHED_INSTANCE_NAME, "housekeeping-" + id);
        properties.put(StdSchedulerFactory.PROP_SCHED_MAKE_SCHEDULER_THREAD_DAEMON, "true");
        properties.put("org.quartz.threadPool.class", SleepingThreadPool.class.getName());
        properties.put("org.quartz.jobStore.class", "org.quartz.simpl.RAMJobStore");
        return new StdSchedulerFactory(properties).getScheduler();
    }

    static CronExpression cron(HousekeepingEntry settings) throws ParseException {
        var cron = new CronExpression(settings.schedule().orElseThrow().text());
        cron.setTimeZone(TimeZone.getTimeZone(settings.zone().orElseGet(ZoneId::systemDefault)));
        return cron;
    }

    /** When it was last done because it was time; when the root was made, if it never was. */
    private static Instant last(Engine engine) throws IOException {
        return new PruneRecords(engine.root())
                .all().stream()
                        .filter(record -> record.trigger() == PruneRecord.Trigger.SCHEDULE)
                        .map(PruneRecord::at)
                        .reduce((_, later) -> later)
                        .orElse(made(engine).toInstant());
    }

    private static FileTime made(Engine engine) throws IOException {
        return Files.getLastModifiedTime(engine.root().state().resolve("root.json"));
    }

    /** Whether it should have been done between {@code last} and now. */
    static boolean isMissed(CronExpression cron, Instant last, Instant now) {
        var due = cron.getTimeAfter(Date.from(last));
        return due != null && !due.toInstant().isAfter(now);
    }

    private static void run(Engine engine, InstantSource clock, Consumer<String> out) {
        images(engine, out);
        content(engine, clock, out);
    }

    private static void images(Engine engine, Consumer<String> out) {
        try {
            var report = engine.prune(PruneRecord.Trigger.SCHEDULE);
            if (report.bytes() > 0) {
                out.accept(sentence(report));
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("housekeeping failed", e);
            out.accept("housekeeping failed, and is tried again when it is due: " + e.getMessage());
        }
    }

    private static void content(Engine engine, InstantSource clock, Consumer<String> out) {
        try {
            var removed = new UnusedContent(engine, clock).remove();
            if (removed > 0) {
                out.accept("housekeeping removed " + UnusedContent.words(removed));
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("housekeeping of content failed", e);
            out.accept("housekeeping left the files of commits as they are, and tries again when it is due: "
                    + e.getMessage());
        }
    }

    static String sentence(PruneReport report) {
        var images = report.removed().size();
        return "housekeeping removed " + images + (images == 1 ? " image" : " images") + " and freed "
                + report.bytes() + " bytes"
                + report.held().map(why -> "; some stays: " + why).orElse("");
    }

    /** Waits for what is under way. */
    @Override
    public void close() {
        try {
            if (scheduler.isPresent()) {
                scheduler.get().shutdown(true);
            }
        } catch (SchedulerException e) {
            LOG.warn("housekeeping did not end", e);
        }
    }
}
