package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.log.LogFiles;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.runtime.log.LogReader;
import dev.lockstep.runtime.log.LogSource;
import dev.lockstep.runtime.store.Owner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogsTest {
    private static final Digest DIGEST = Digest.parse("sha256:" + "a".repeat(64));

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private static ContainerRecord container(String service) {
        return container(service, LogSettings.NONE);
    }

    private static ContainerRecord container(String service, LogSettings log) {
        return container("shop-" + service + "-1", service, log);
    }

    private static ContainerRecord container(String name, String service, LogSettings log) {
        var spec = new ContainerSpec(
                name,
                new Owner("web1", "shop", Optional.empty()),
                service,
                1,
                ImageReference.parse("nginx:1.27"),
                DIGEST,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of("tier", "front \"end\"", "owner", "me"),
                List.of(),
                List.of(),
                List.of(),
                Resources.UNLIMITED,
                RestartPolicy.NONE,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                ContainerOptions.NONE.with(log));
        return new ContainerRecord(
                service.substring(0, 1).repeat(64),
                spec,
                Optional.empty(),
                ContainerRecord.Phase.CREATED,
                Instant.EPOCH);
    }

    /** A log whose lines were written at these seconds. */
    private LogSource log(String name, int... seconds) throws IOException {
        var text = new StringBuilder();
        for (var second : seconds) {
            text.append("2026-11-24T12:00:%02d.000000000+00:00 stdout F %s at %d\n".formatted(second, name, second));
        }
        return raw(name, text.toString());
    }

    private LogSource raw(String name, String text) throws IOException {
        var files = new LogFiles(Files.createDirectory(directory.resolve(name)));
        Files.writeString(files.current(), text, StandardCharsets.ISO_8859_1);
        return LogReader.of(files).open(LogQuery.ALL);
    }

    private PrintStream out() {
        return new PrintStream(bytes, false, StandardCharsets.UTF_8);
    }

    private LogPrinter printer(boolean prefixed, boolean coloured, boolean timed) {
        var printer = new LogPrinter(out(), prefixed, coloured, timed);
        printer.expect(container("web"));
        printer.expect(container("cache"));
        return printer;
    }

    private static void show(LogOutput output, Map<ContainerRecord, LogSource> logs) throws IOException {
        try (var merge = new LogMerge<ContainerRecord>()) {
            logs.forEach(merge::add);
            assertThat(merge.drain(Long.MAX_VALUE, output::print)).isFalse();
            merge.unfinished(output::print);
            output.flush();
        }
    }

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void a_log_that_is_over_is_let_go_of_and_the_others_go_on() throws Exception {
        var half = raw("web", "2026-11-24T12:00:01.000000000+00:00 stdout P half\n");
        var files = new LogFiles(Files.createDirectory(directory.resolve("cache")));
        Files.writeString(files.current(), "2026-11-24T12:00:02.000000000+00:00 stdout F one\n");
        try (var merge = new LogMerge<String>();
                var lines = out()) {
            LogMerge.Sink<String> sink =
                    (whose, line) -> lines.println(whose + " " + line.copy().text());
            merge.add("web", half);
            merge.add("cache", LogReader.of(files).open(LogQuery.ALL));
            assertThat(merge.drain(10, sink)).isFalse();
            merge.letGo("web"::equals, sink);
            Files.writeString(
                    files.current(), "2026-11-24T12:00:03.000000000+00:00 stdout F two\n", StandardOpenOption.APPEND);
            assertThat(merge.drain(10, sink)).isFalse();
            merge.unfinished(sink);
        }
        assertThat(shown()).isEqualTo("cache one\nweb half\ncache two\n");
    }

    /** As with docker compose. */
    @Test
    void a_container_with_a_name_of_its_own_is_shown_by_that() throws Exception {
        var printer = printer(true, false, false);

        show(printer, Map.of(container("front", "web", LogSettings.NONE), log("web", 1)));
        printer.ended(container("front", "web", LogSettings.NONE), 0);
        printer.flush();

        assertThat(shown()).isEqualTo("front    | web at 1\nfront exited with code 0\n");
    }

    @Test
    void several_logs_are_one_by_time_with_whose_each_line_is() throws Exception {
        show(
                printer(true, false, false),
                Map.of(container("web"), log("web", 1, 4, 5), container("cache"), log("cache", 2, 3, 9)));

        assertThat(shown()).isEqualTo("""
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
        show(printer(false, false, true), Map.of(container("web"), log("a", 1)));
        show(printer(true, true, false), Map.of(container("web"), log("b", 2)));

        assertThat(shown()).isEqualTo("2026-11-24T12:00:01.000000000Z a at 1\n\u001b[36mweb-1    | \u001b[0mb at 2\n");
    }

    @Test
    void what_is_left_is_handed_out_by_the_next_call() throws Exception {
        var printer = printer(false, false, false);
        try (var merge = new LogMerge<ContainerRecord>()) {
            merge.add(container("web"), log("web", 1, 3));
            merge.add(container("cache"), log("cache", 2));
            assertThat(merge.drain(2, printer::print)).isTrue();
            assertThat(merge.drain(2, printer::print)).isFalse();
            printer.flush();
        }
        assertThat(shown()).isEqualTo("web at 1\ncache at 2\nweb at 3\n");
    }

    @Test
    void one_container_alone_has_its_streams_and_bytes_back() throws Exception {
        show(
                new LogStreams(out(), new PrintStream(errors, false, StandardCharsets.UTF_8), false),
                Map.of(container("web"), raw("web", """
                        2026-11-24T12:00:01.000000000+00:00 stdout F one
                        2026-11-24T12:00:02.000000000+00:00 stderr F two
                        2026-11-24T12:00:03.000000000+00:00 stdout P three
                        """)));

        assertThat(shown()).isEqualTo("one\nthree");
        assertThat(errors.toString(StandardCharsets.UTF_8)).isEqualTo("two\n");
    }

    @Test
    void a_line_of_json_says_whose_it_is() throws Exception {
        var settings = new LogSettings(
                LogSettings.Driver.FILES,
                Optional.empty(),
                Optional.empty(),
                Optional.of("{{.Name}}/{{ .ID }}/{{.ImageName}}"),
                new LogSettings.Details(List.of("tier"), Optional.empty(), List.of(), Optional.empty()));
        show(new LogJson(out(), "web1"), Map.of(container("web", settings), raw("web", """
                2026-11-24T13:00:01.000000002+01:00 stderr F say "h\u00ff"
                2026-11-24T13:00:02.000000000+01:00 stdout P rest
                """)));

        var whose = ",\"host\":\"web1\",\"stack\":\"shop\",\"service\":\"web\",\"container\":\"shop-web-1\",\"id\":\""
                + "w".repeat(64)
                + "\",\"image\":\"nginx:1.27\",\"tag\":\"shop-web-1/wwwwwwwwwwww/nginx:1.27\","
                + "\"attrs\":{\"tier\":\"front \\\"end\\\"\"},\"line\":\"";
        assertThat(shown().lines())
                .containsExactly(
                        "{\"time\":\"2026-11-24T12:00:01.000000002Z\",\"stream\":\"stderr\"" + whose
                                + "say \\\"h\ufffd\\\"\"}",
                        "{\"time\":\"2026-11-24T12:00:02.000000000Z\",\"stream\":\"stdout\",\"partial\":true" + whose
                                + "rest\"}");
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
        var logs = Map.of(container("web"), log("web", new int[1000]));

        assertThatThrownBy(() -> show(printer, logs)).hasMessage("nobody reads the output any more");
    }
}
