package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.event.Event;
import dev.lockstep.runtime.event.EventLog;
import dev.lockstep.runtime.store.Root;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventsCommandTest {
    private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

    private static final Instant END = START.plusSeconds(90);

    @TempDir
    private Path directory;

    private EventLog log;

    @BeforeEach
    void aRoot() throws IOException {
        log = new EventLog(Root.open(directory.resolve("root"), directory.resolve("run")));
    }

    private void happened(String id, Duration after) {
        log.add(new Event(START.plus(after), "container", "start", id, Map.of("name", "c")));
    }

    /** Goes away with the first line that it reads. */
    private static final class GoneReader extends OutputStream {
        private final ByteArrayOutputStream lines = new ByteArrayOutputStream();

        @Override
        public void write(int b) {
            lines.write(b);
        }

        @Override
        public void flush() throws IOException {
            throw new IOException("nobody reads any more");
        }
    }

    /** A minute passes with each look at the clock. */
    private static InstantSource hurried() {
        var now = new AtomicReference<>(START);
        return () -> now.getAndUpdate(time -> time.plus(Duration.ofMinutes(1)));
    }

    private List<String> said(String... words) {
        var out = new GoneReader();
        var err = new ByteArrayOutputStream();
        var world = new Surroundings(
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Surroundings.Terminals.NONE,
                Map.of(),
                directory,
                hurried(),
                Optional.empty(),
                true);
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "container",
                "events",
                "--format",
                "{{.ID}}"));
        args.addAll(List.of(words));
        var code = new CommandLineInterface(world).run(args.toArray(String[]::new));
        // The reader has gone; which of the two it is depends on what this process writes to.
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isIn(ExitCodes.ERROR, ExitCodes.UNREAD);
        return out.lines.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void what_happens_while_the_command_begins_is_told_once() {
        happened("before", Duration.ofSeconds(-1));
        happened("meanwhile", Duration.ofSeconds(1));

        assertThat(said("--since", START.minusSeconds(60).toString())).containsExactly("before", "meanwhile");
        assertThat(said("--since", START.minusSeconds(60).toString(), "--until", END.toString()))
                .containsExactly("before", "meanwhile");
    }

    @Test
    void what_happens_after_the_end_is_not_told() {
        happened("before", Duration.ofSeconds(-1));
        happened("after", Duration.ofSeconds(91));

        assertThat(said("--since", START.minusSeconds(60).toString(), "--until", END.toString()))
                .containsExactly("before");
    }

    @Test
    void without_a_beginning_the_past_is_not_told() {
        happened("before", Duration.ofSeconds(-1));

        assertThat(said("--until", END.toString())).isEmpty();
    }
}
