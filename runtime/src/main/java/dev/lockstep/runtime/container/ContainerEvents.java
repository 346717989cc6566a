package dev.lockstep.runtime.container;

import dev.lockstep.runtime.event.Event;
import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.linux.Signal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/** What happens to containers, in Docker's words (docker events). */
record ContainerEvents(EventLog log, InstantSource clock) {
    /** Of kernels with HZ=100. */
    private static final Duration LONGEST_TICK = Duration.ofMillis(10);

    /** An action without particulars. */
    void tell(ContainerRecord record, String action) {
        tell(record, action, Map.of());
    }

    void tell(ContainerRecord record, String action, Map<String, String> more) {
        tell(record, action, more, clock.instant());
    }

    void tell(ContainerRecord record, String action, Map<String, String> more, Instant when) {
        var spec = record.spec();
        var attributes = new LinkedHashMap<>(record.labels());
        attributes.put("image", spec.image().familiar());
        attributes.put("name", spec.name());
        attributes.putAll(more);
        log.add(new Event(when, "container", action, record.id(), attributes));
    }

    /** To be told before the signal is sent, or the end that it causes would come first. */
    void signals(ContainerRecord record, Signal signal) {
        tell(record, "kill", Map.of("signal", String.valueOf(signal.number())));
    }

    /** With the time at which it ended, which may be long ago. */
    void died(ContainerRecord record, Life life, ExitOutcome outcome) {
        var ran = life.startedAt()
                .map(at -> Duration.between(at, outcome.finishedAt()))
                .filter(d -> !d.isNegative())
                .orElse(Duration.ZERO);
        var when = endOfTick(outcome.finishedAt());
        if (outcome.oomKilled()) {
            tell(record, "oom", Map.of(), when);
        }
        tell(
                record,
                "die",
                Map.of("exitCode", String.valueOf(outcome.exitCode()), "execDuration", String.valueOf(ran.toSeconds())),
                when);
    }

    /** The end is known by the time of a file, whose clock stands still between ticks: a signal would come after it. */
    private Instant endOfTick(Instant time) {
        var end = time.plus(LONGEST_TICK);
        var now = clock.instant();
        return end.isBefore(now) ? end : now;
    }
}
