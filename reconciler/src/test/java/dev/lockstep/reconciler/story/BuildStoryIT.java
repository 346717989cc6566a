package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a tag to an answer: pushed to a bare repository, built by the agent, tested, asked for by a commit, running. */
class BuildStoryIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    private static final String DOCKERFILE = """
            FROM web:1
            COPY index.html /www/index.html
            RUN grep -q page /www/index.html
            CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
            """;

    private static final String BUILDS = """
            builds:
              shop:
                image: shop
                tags: ["{version}"]
                when: {tags: ["v*"]}
                test: {command: [grep, -q, sold, /www/index.html]}
            """;

    @TempDir
    Path directory;

    private Host host;
    private Repository repository;
    private int port;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("work"));
        port = Host.freePort();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private Path bare() {
        return directory.resolve("shop.git");
    }

    /** What asks for that version. */
    private String compose(String version) {
        return """
                services:
                  app:
                    image: shop:%s
                    ports: ["127.0.0.1:%d:8080"]
                """.formatted(version, port);
    }

    private String page() {
        return host.get("http://127.0.0.1:" + port + "/");
    }

    private void pageSays(String text) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(page()).as(this::log).isEqualTo(text));
    }

    private String log() {
        try {
            return host.agentLog();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void statusSays(String... texts) {
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(host.lockstep("status").out()).as(this::log).contains(texts));
    }

    private String record(int number) throws IOException {
        try {
            return Files.readString(host.root().resolve("builds/" + number + "/record.json"));
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** The number of the newest build. */
    private int newest() throws IOException {
        var number = 0;
        while (!record(number + 1).isEmpty()) {
            number++;
        }
        return number;
    }

    private void buildEnds(int number, String state) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(Host.field(record(number), "state"))
                        .as(this::log)
                        .isEqualTo(state));
    }

    private void commit(String message, Map<String, String> files) throws IOException {
        repository.commit(message, files);
        repository.push(bare());
    }

    /** The digest that the stack's container was made from. */
    private String digest() throws IOException {
        return host.lockstep("inspect", "-f", "{{.ImageDigest}}", "shop-app-1")
                .out()
                .strip();
    }

    private Process firstVersionRuns() throws IOException {
        repository.commit(
                "First",
                Map.of(
                        "lockstep.yaml",
                        BUILDS,
                        "Dockerfile",
                        DOCKERFILE,
                        "index.html",
                        "page one, sold",
                        "stacks/shop/compose.yaml",
                        compose("1.0")));
        repository.tag("v1.0");
        repository.push(bare());
        var agent = host.agent(bare());
        pageSays("page one, sold");
        return agent;
    }

    @Test
    void a_tag_is_built_and_runs_when_a_commit_asks_for_it_and_a_broken_one_changes_nothing() throws Exception {
        firstVersionRuns();
        statusSays("converged", "runs shop:1.0 (sha256:");
        assertThat(digest()).isEqualTo(Host.field(record(1), "digest"));

        // git tag v1.1 && git push --tags: built and tested, and nothing else happens.
        var before = host.pids();
        repository.commit("Second page", Map.of("index.html", "page two, sold"));
        repository.tag("v1.1");
        repository.push(bare());
        buildEnds(2, "SUCCEEDED");
        assertThat(host.lockstep("image", "ls").out()).contains("1.1");
        assertThat(page()).isEqualTo("page one, sold");
        assertThat(host.pids()).isEqualTo(before);

        // A commit asks for it, and the app answers with what the build gave.
        commit("Sell the second page", Map.of("stacks/shop/compose.yaml", compose("1.1")));
        pageSays("page two, sold");
        statusSays("Sell the second page", "converged", "runs shop:1.1 (sha256:");
        var second = digest();
        assertThat(second).isEqualTo(Host.field(record(2), "digest"));
        assertThat(host.lockstep("history", "shop", "-o", "json").out()).contains("shop:1.1", second);

        // One that does not build, one that fails its test, and one that was moved: what runs stays.
        before = host.pids();
        repository.commit("Broken", Map.of("index.html", "pag three"));
        repository.tag("v1.2");
        repository.push(bare());
        buildEnds(3, "FAILED");
        repository.commit("Fails its test", Map.of("index.html", "page four, given away"));
        repository.tag("v1.3");
        repository.push(bare());
        buildEnds(4, "FAILED");
        assertThat(host.lockstep("image", "ls").out()).doesNotContain("1.2", "1.3");
        repository.tag("v1.1");
        repository.push(bare());
        buildEnds(5, "REFUSED");
        assertThat(host.lockstep("builds").out()).contains("v1.1", "v1.2", "v1.3");
        assertThat(page()).isEqualTo("page two, sold");

        commit("Sell the third page", Map.of("stacks/shop/compose.yaml", compose("1.2")));
        statusSays("Sell the third page", "failed", "build 3 of shop:1.2 failed", "'lockstep builds logs 3'");
        assertThat(page()).isEqualTo("page two, sold");
        assertThat(host.pids()).isEqualTo(before);
        assertThat(digest()).isEqualTo(second);

        // A good one heals; by digest it is the same container.
        commit("Sell the second page again", Map.of("stacks/shop/compose.yaml", compose("1.1")));
        statusSays("Sell the second page again", "converged");
        assertThat(host.pids()).isEqualTo(before);
    }

    @Test
    void a_commit_that_asks_before_the_tag_is_pushed_waits_for_it() throws Exception {
        var agent = firstVersionRuns();
        var before = host.pids();

        commit(
                "Sell the second page",
                Map.of("stacks/shop/compose.yaml", compose("1.1"), "index.html", "page two, sold"));
        statusSays("waiting", "waits for a build of shop:1.1", "no tag or branch of the repository");
        assertThat(host.pids()).isEqualTo(before);
        assertThat(newest()).isEqualTo(1);

        // Also over an agent's end.
        host.end(agent, true);
        host.agent(bare());
        repository.tag("v1.1");
        repository.push(bare());
        pageSays("page two, sold");
        statusSays("converged");
        assertThat(newest()).isEqualTo(2);
    }

    @Test
    void a_tag_that_is_older_than_the_host_is_built_when_a_commit_asks_for_it_and_not_before() throws Exception {
        repository.commit(
                "First",
                Map.of(
                        "lockstep.yaml",
                        BUILDS,
                        "Dockerfile",
                        DOCKERFILE,
                        "index.html",
                        "page one, sold",
                        "stacks/shop/compose.yaml",
                        compose("1.2")));
        for (var minor = 0; minor < 3; minor++) {
            repository.commit("Page " + minor, Map.of("index.html", "page " + minor + ", sold"));
            repository.tag("v1." + minor);
        }
        repository.push(bare());
        host.agent(bare());
        pageSays("page 2, sold");
        assertThat(newest()).isEqualTo(1);

        commit("Back", Map.of("stacks/shop/compose.yaml", compose("1.0")));
        pageSays("page 0, sold");
        assertThat(newest()).isEqualTo(2);
        assertThat(Host.field(record(2), "kind")).isEqualTo("WANTED");
    }

    @Test
    void build_sections_are_built_from_each_commit_that_changes_them_before_it_runs() throws Exception {
        var files = new HashMap<>(Map.of(
                "stacks/shop/app/Dockerfile",
                DOCKERFILE,
                "stacks/shop/app/index.html",
                "page one, sold",
                "stacks/shop/compose.yaml",
                """
                services:
                  app:
                    build: app
                    environment: {LEVEL: one}
                    ports: ["127.0.0.1:%d:8080"]
                """.formatted(port)));
        commit("First", files);
        host.agent(bare());
        pageSays("page one, sold");
        var first = digest();

        // What goes into the image is the same: nothing is built.
        files.computeIfPresent("stacks/shop/compose.yaml", (_, text) -> text.replace("LEVEL: one", "LEVEL: two"));
        commit("Another level", files);
        statusSays("Another level", "converged");
        assertThat(newest()).isEqualTo(1);
        assertThat(digest()).isEqualTo(first);

        commit("Second page", Map.of("stacks/shop/app/index.html", "page two, sold"));
        pageSays("page two, sold");
        // Until it is known to be well, a commit that cannot run leads back to the one before.
        statusSays("Second page", "converged");
        assertThat(newest()).isEqualTo(2);
        assertThat(digest()).isEqualTo(Host.field(record(2), "digest")).isNotEqualTo(first);

        var before = host.pids();
        commit("Broken", Map.of("stacks/shop/app/Dockerfile", DOCKERFILE.replace("page", "book")));
        buildEnds(3, "FAILED");
        statusSays("Broken", "build 3 of", "failed", "'lockstep builds logs 3'");
        assertThat(host.pids()).isEqualTo(before);
        assertThat(page()).isEqualTo("page two, sold");

        // Back to what was built before: no build, and the same image.
        commit("As before", Map.of("stacks/shop/app/Dockerfile", DOCKERFILE));
        statusSays("As before", "converged");
        assertThat(newest()).isEqualTo(3);
        assertThat(host.pids()).isEqualTo(before);
    }
}
