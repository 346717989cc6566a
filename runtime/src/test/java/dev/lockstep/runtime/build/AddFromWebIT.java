package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Image;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.util.Throwables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server is asked for when a build that adds its files is done again. */
class AddFromWebIT {
    @TempDir
    Path directory;

    private BuildLab lab;
    private HttpServer server;
    private String content = "one\n";
    private final Map<String, String> headers = new HashMap<>();
    /** Status of each answer and how long its body was. */
    private final List<String> answers = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        lab = new BuildLab(directory);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/tool", this::answer);
        server.start();
    }

    @AfterEach
    void close() throws IOException {
        server.stop(0);
        lab.close();
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        headers.forEach(exchange.getResponseHeaders()::set);
        var asked = exchange.getRequestHeaders();
        var tag = Optional.ofNullable(asked.getFirst("If-None-Match"));
        var time = Optional.ofNullable(asked.getFirst("If-Modified-Since"));
        var same = tag.isPresent()
                ? tag.equals(Optional.ofNullable(headers.get("ETag")))
                : time.isPresent() && time.equals(Optional.ofNullable(headers.get("Last-Modified")));
        var body = content.getBytes(StandardCharsets.UTF_8);
        if (same) {
            exchange.sendResponseHeaders(304, -1);
            answers.add("304 0");
        } else {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            answers.add("200 " + body.length);
        }
        exchange.close();
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/tool";
    }

    private Image add(String flags) throws IOException {
        answers.clear();
        return lab.build("FROM scratch\nADD " + flags + url() + " /t\n");
    }

    private String sha256() {
        return BlobStore.digest(content.getBytes(StandardCharsets.UTF_8)).toString();
    }

    @Test
    void a_file_with_an_etag_is_not_downloaded_again_until_it_is_another() throws IOException {
        headers.put("ETag", "W/\"1\"");
        var first = add("");
        assertThat(answers).containsExactly("200 4");

        assertThat(add("").digest()).isEqualTo(first.digest());
        assertThat(answers).containsExactly("304 0");
        assertThat(lab.steps()).allMatch(step -> step.startsWith("CACHED "));

        headers.put("ETag", "\"2\"");
        content = "other\n";
        assertThat(lab.tree(add("")).resolve("t")).hasContent("other\n");
        assertThat(answers).containsExactly("200 6");
    }

    @Test
    void a_time_does_as_well_but_not_one_of_this_minute() throws IOException {
        headers.put("Last-Modified", "Tue, 01 Sep 2020 12:26:40 GMT");
        add("");
        add("");
        assertThat(answers).containsExactly("304 0");

        var now = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        headers.put("Last-Modified", now);
        add("");
        content = "two\n"; // within the same second
        assertThat(lab.tree(add("")).resolve("t")).hasContent("two\n");
    }

    @Test
    void what_is_the_same_but_in_no_cache_any_more_is_downloaded() throws IOException {
        headers.put("ETag", "\"1\"");
        add("");
        var image = add("--chmod=755 ");
        assertThat(answers).containsExactly("304 0", "200 4");
        assertThat(lab.tree(image).resolve("t")).hasContent("one\n");
        assertThat(Files.isExecutable(lab.tree(image).resolve("t"))).isTrue();
    }

    @Test
    void with_a_checksum_nobody_is_asked_for_what_is_here() throws IOException {
        var first = add("--checksum=" + sha256() + " ");
        assertThat(answers).containsExactly("200 4");
        assertThat(add("--checksum=" + sha256() + " ").digest()).isEqualTo(first.digest());
        assertThat(answers).isEmpty();

        var wrong = "--checksum=sha256:" + "0".repeat(64) + " ";
        for (var i = 0; i < 2; i++) {
            assertThatThrownBy(() -> add(wrong)).hasMessageContaining("digest mismatch for " + url());
        }
    }

    /** One that may not reach the server would get by the checksum alone what another one has fetched from there. */
    @Test
    void a_repository_with_a_checksum_has_to_have_fetched_it_itself_once() throws IOException {
        var request = lab.request("FROM scratch\nADD --checksum=" + sha256() + " " + url() + " /t\n");
        for (var repository : List.of("a", "b")) {
            answers.clear();
            new Builder(lab.rooms).sharedBy(repository).build(request, _ -> {}, new Cancellation(), _ -> {});
            assertThat(answers).as("first of " + repository).containsExactly("200 4");
            new Builder(lab.rooms).sharedBy(repository).build(request, _ -> {}, new Cancellation(), _ -> {});
            assertThat(answers).as("second of " + repository).hasSize(1);
        }
    }

    @Test
    void without_a_cache_it_is_downloaded_anew() throws IOException {
        headers.put("ETag", "\"1\"");
        add("");
        answers.clear();
        lab.build(lab.request("FROM scratch\nADD " + url() + " /t\n")
                .with(new BuildRequest.CacheUse(true, Set.of(), List.of(), false)));
        assertThat(answers).containsExactly("200 4");
    }

    @Test
    void an_address_that_is_none_is_told_without_its_login() {
        assertThatThrownBy(() -> lab.build("FROM scratch\nADD http://me:geheim@127.0.0.1/a|b /t\n"))
                .hasMessage("\"http://127.0.0.1/a|b\" is no URL: Illegal character in path")
                .satisfies(
                        failure -> assertThat(Throwables.getStackTrace(failure)).doesNotContain("geheim"));
    }

    @Test
    void what_was_known_goes_with_the_steps_and_no_address_is_in_it() throws IOException {
        headers.put("ETag", "\"1\"");
        answers.clear();
        lab.build("FROM scratch\nADD " + url() + "?token=geheim /t\n");
        var records = lab.root.state().resolve("build-web");
        try (var files = Files.list(records)) {
            assertThat(files.toList()).singleElement().satisfies(file -> {
                assertThat(file.toString()).doesNotContain("geheim");
                assertThat(Files.readString(file)).doesNotContain("geheim").doesNotContain("127.0.0.1");
            });
        }
        new Builder(lab.rooms).forget(Duration.ofDays(1));
        assertThat(records).isNotEmptyDirectory();
        new Builder(lab.rooms).forget(Duration.ZERO);
        assertThat(records).isEmptyDirectory();
    }
}
