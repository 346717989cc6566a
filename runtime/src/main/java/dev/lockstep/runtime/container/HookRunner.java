package dev.lockstep.runtime.container;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** Runs the programs that stand beside a container's start and stop, one after the other. */
final class HookRunner {
    /** Of what a failed one said, for the message. */
    private static final int OUTPUT = 4096;

    /**
     * Compose waits for each as long as it takes. Nobody who starts and stops containers by himself may: one that hangs
     * would hold the stack for good.
     */
    static final Duration LIMIT = Duration.ofMinutes(5);

    private static final Duration FOR_EVER = Duration.ofDays(365);

    private final ExecSessions sessions;
    private final Duration limit;

    /** @param limit of each of them, unless the container is given more */
    HookRunner(ExecSessions sessions, Duration limit) {
        this.sessions = sessions;
        this.limit = limit;
    }

    /**
     * Those after a start. Whoever needs more time for them says so as for health: with {@code start_period}.
     *
     * @throws ContainerException when one ends with another code than 0, or not at all; those after it are not run
     */
    void afterStart(ContainerRecord record) throws IOException {
        var period = record.made()
                .healthCheck()
                .map(EffectiveHealthCheck::startPeriod)
                .orElse(Duration.ZERO);
        run(
                record,
                "post_start",
                record.spec().options().hooks().postStart(),
                atLeast(period),
                "healthcheck.start_period");
    }

    /**
     * Those before a stop. Whoever needs more time for them says so as for the program itself: with
     * {@code stop_grace_period}.
     *
     * @throws ContainerException as above
     */
    void beforeStop(ContainerRecord record) throws IOException {
        var grace = record.made().stopGrace();
        run(
                record,
                "pre_stop",
                record.spec().options().hooks().preStop(),
                grace.isNegative() ? FOR_EVER : atLeast(grace),
                "stop_grace_period");
    }

    private Duration atLeast(Duration asked) {
        return asked.compareTo(limit) > 0 ? asked : limit;
    }

    private void run(ContainerRecord record, String when, List<Hooks.Hook> hooks, Duration within, String moreTime)
            throws IOException {
        for (var i = 0; i < hooks.size(); i++) {
            var hook = hooks.get(i);
            var said = new Beginning();
            var result = sessions.execWithin(
                    within,
                    record,
                    new ExecSpec(
                            hook.command(),
                            hook.environment(),
                            hook.user(),
                            hook.workingDir(),
                            false,
                            false,
                            false,
                            hook.privileged()),
                    new ExecStreams(InputStream.nullInputStream(), said, said));
            var name = when + "[" + i + "] of container " + record.spec().name();
            if (result.isEmpty()) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        name + " did not end within " + GoDuration.of(within) + " and was killed; a longer " + moreTime
                                + " gives it more time" + said.text());
            }
            if (result.get().exitCode() != 0) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        name + " failed: "
                                + result.get()
                                        .error()
                                        .orElse("exit code " + result.get().exitCode()) + said.text());
            }
        }
    }

    /** Keeps the first bytes; the rest is read and dropped, or the program would wait for us. */
    private static final class Beginning extends OutputStream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int b) {
            if (bytes.size() < OUTPUT) {
                bytes.write(b);
            }
        }

        synchronized String text() {
            var text = bytes.toString(StandardCharsets.UTF_8).strip();
            return text.isEmpty() ? "" : ": " + text;
        }
    }
}
