package dev.lockstep.runtime.container;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs the programs that stand beside a container's start and stop, one after the other. */
final class HookRunner {
    /** Of what a failed one said, for the message. */
    private static final int OUTPUT = 4096;

    private final ExecSessions sessions;

    HookRunner(ExecSessions sessions) {
        this.sessions = sessions;
    }

    /**
     * Runs them.
     *
     * @param when what they are called in the file
     * @throws ContainerException when one ends with another code than 0; those after it are not run
     */
    void run(ContainerRecord record, String when, List<Hooks.Hook> hooks) throws IOException {
        for (var i = 0; i < hooks.size(); i++) {
            var hook = hooks.get(i);
            var said = new Beginning();
            var result = sessions.exec(
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
            if (result.exitCode() != 0) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        when + "[" + i + "] of container " + record.spec().name() + " failed: "
                                + result.error().orElse("exit code " + result.exitCode()) + said.text());
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
