package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.log.LogFiles;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.runtime.log.LogReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogsTest {
    @TempDir
    private Path directory;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /** A log whose lines were written at these seconds. */
    private LogMerge.Source log(String name, int... seconds) throws IOException {
        var files = new LogFiles(Files.createDirectory(directory.resolve(name)));
        var text = new StringBuilder();
        for (var second : seconds) {
            text.append("2026-11-24T12:00:%02d.000000000+00:00 stdout F %s at %d\n".formatted(second, name, second));
        }
        Files.writeString(files.current(), text);
        return sink -> new LogReader(files).read(LogQuery.ALL, sink);
    }

    private LogPrinter printer(boolean prefixed, boolean coloured, boolean timed) {
        var printer = new LogPrinter(new PrintStream(bytes, false, StandardCharsets.UTF_8), prefixed, coloured, timed);
        printer.expect("web-1");
        printer.expect("cache-1");
        return printer;
    }

    private Map<String, LogMerge.Source> sources() throws IOException {
        var sources = new LinkedHashMap<String, LogMerge.Source>();
        sources.put("web-1", log("web", 1, 4, 5));
        sources.put("cache-1", log("cache", 2, 3, 9));
        return sources;
    }

    @Test
    void several_logs_are_one_by_time_with_whose_each_line_is() throws Exception {
        LogMerge.merge(sources(), printer(true, false, false)::print);

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("""
                web-1    | web at 1
                cache-1  | cache at 2
                cache-1  | cache at 3
                web-1    | web at 4
                web-1    | web at 5
                cache-1  | cache at 9
                """);
    }

    @Test
    void lines_may_stand_alone_with_their_times_or_in_colours() throws Exception {
        LogMerge.merge(Map.of("web-1", log("a", 1)), printer(false, false, true)::print);
        LogMerge.merge(Map.of("web-1", log("b", 2)), printer(true, true, false)::print);

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo("2026-11-24T12:00:01.000000000Z a at 1\n\u001b[36mweb-1    | \u001b[0mb at 2\n");
    }

    @Test
    void a_log_longer_than_what_is_read_ahead_comes_out_whole() throws Exception {
        var seconds = new int[3000];
        LogMerge.merge(Map.of("web-1", log("long", seconds)), printer(false, false, false)::print);

        assertThat(bytes.toString(StandardCharsets.UTF_8).lines()).hasSize(3000);
    }

    @Test
    void a_log_that_cannot_be_read_is_said() {
        Map<String, LogMerge.Source> broken = Map.of("web-1", _ -> {
            throw new IOException("the disk is gone");
        });

        assertThatThrownBy(() -> LogMerge.merge(broken, printer(false, false, false)::print))
                .hasMessage("the disk is gone");
    }

    @Test
    void reading_ends_when_nobody_listens() throws IOException {
        var closed = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        var printer = new LogPrinter(closed, false, false, false);
        var seconds = new int[1000];
        var source = log("web", seconds);

        assertThatThrownBy(() -> LogMerge.merge(Map.of("web-1", source), printer::print))
                .hasMessage("nobody reads the output any more");
    }
}
