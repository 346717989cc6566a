package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.git.SlowServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user does, with the program that a user has: commit, agent, answer; another commit; a bad one; a good one. */
class UserStoryIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private Host host;
    private Repository repository;
    private int port;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("shop"));
        port = Host.freePort();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private String compose(String level) {
        return """
                services:
                  web:
                    image: web:1
                    command: httpd -f -p 80 -h /www
                    ports: ["%d:80"]
                    depends_on:
                      app: {condition: service_healthy}
                  app:
                    image: web:1
                    command: ["sh", "-c", "trap 'exit 0' TERM; echo level $$LEVEL >/tmp/index.html; httpd -f -p 8080 -h /tmp & wait"]
                    environment:
                      LEVEL: %s
                    mem_limit: 64m
                    volumes: ["./data:/data"]
                    healthcheck: {test: wget -qO- http://127.0.0.1:8080/, interval: 1s, start_period: 10s, start_interval: 200ms}
                """.formatted(port, level);
    }

    private void pageSays(String text) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.page(port)).as(() -> log()).isEqualTo(text));
    }

    private String log() {
        try {
            return host.agentLog();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void statusSays(String text) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("status").out()).contains(text));
    }

    @Test
    void a_commit_becomes_an_answer_and_the_next_one_changes_only_what_it_names() throws Exception {
        repository.commit("First", Map.of("compose.yaml", compose("info")));
        var agent = host.agent(repository.directory());
        pageSays("level info");
        var before = host.pids();
        assertThat(before).containsOnlyKeys("shop-web-1", "shop-app-1");

        // Planning what runs is empty, also for a new agent.
        assertThat(host.agentLog()).contains("+ container shop-web-1");
        host.end(agent, false);
        var size = host.agentLog().length();
        host.agent(repository.directory());
        statusSays("converged");
        assertThat(host.agentLog().substring(size)).doesNotContain("Plan:");
        assertThat(host.pids()).isEqualTo(before);

        // One thing changes: its container is replaced, the other keeps its process.
        repository.commit("More detail", Map.of("compose.yaml", compose("debug")));
        pageSays("level debug");
        statusSays("More detail");
        var after = host.pids();
        assertThat(after.get("shop-web-1")).isEqualTo(before.get("shop-web-1"));
        assertThat(after.get("shop-app-1")).isNotEqualTo(before.get("shop-app-1"));
        assertThat(host.agentLog())
                .contains("environment.LEVEL: \"info\" → \"debug\"   [compose.yaml:12:14; ")
                .contains("\"More detail\"]");

        // Commits that are wrong, each in its way: nothing changes and the status says why and where.
        repository.commit("Unknown key", Map.of("compose.yaml", compose("debug").replace("mem_limit", "mem_limt")));
        statusSays("compose.yaml:13:5: services.app.mem_limt: unknown key. Did you mean \"mem_limit\"?");
        repository.commit("Broken", Map.of("compose.yaml", "services:\n  web: [\n"));
        statusSays("compose.yaml:");
        repository.commit(
                "No such image", Map.of("compose.yaml", compose("debug").replaceFirst("web:1", "127.0.0.1:1/none:1")));
        statusSays("127.0.0.1:1");
        assertThat(host.pids()).isEqualTo(after);
        assertThat(host.page(port)).isEqualTo("level debug");

        // A good one heals.
        repository.commit("Good again", Map.of("compose.yaml", compose("warn")));
        pageSays("level warn");
        statusSays("Good again");
        assertThat(host.pids().get("shop-web-1")).isEqualTo(before.get("shop-web-1"));
    }

    @Test
    void data_outlives_revisions_a_way_back_and_the_stack_leaving_git() throws Exception {
        var first = repository.commit("First", Map.of("compose.yaml", compose("v0")));
        host.agent(repository.directory());
        pageSays("level v0");
        var said = host.lockstep("exec", "-T", "-p", "shop", "app", "sh", "-c", "echo precious >/data/row");
        if (said.code() != 0) {
            said = host.lockstep("-p", "shop", "exec", "-T", "app", "sh", "-c", "echo precious >/data/row");
        }
        assertThat(said.code()).as(said.all()).isZero();
        var data = host.root().resolve("stacks/shop/files/data/row");
        assertThat(data).hasContent("precious");

        for (var revision = 1; revision <= 10; revision++) {
            repository.commit("Revision " + revision, Map.of("compose.yaml", compose("v" + revision)));
            pageSays("level v" + revision);
            assertThat(data).hasContent("precious");
        }
        repository.reset(first);
        pageSays("level v0");
        assertThat(data).hasContent("precious");

        repository.commit("The stack leaves", Map.of("compose.yaml", "", "other/readme", "nothing here"));
        statusSays("orphaned");
        assertThat(host.page(port)).isEqualTo("level v0");
        assertThat(host.lockstep("-p", "shop", "down", "-t", "1").code()).isZero();
        assertThat(host.pids()).isEmpty();
        assertThat(data).hasContent("precious");
        Files.delete(data);
    }

    @Test
    void an_agent_that_is_killed_finds_everything_running_and_changes_nothing() throws Exception {
        repository.commit("First", Map.of("compose.yaml", compose("info")));
        var agent = host.agent(repository.directory());
        pageSays("level info");
        var before = host.pids();

        host.end(agent, true);
        assertThat(host.page(port)).isEqualTo("level info");
        var size = host.agentLog().length();
        host.agent(repository.directory());
        await().atMost(SOON).until(() -> host.agentLog().substring(size).contains("agent of host test runs"));
        statusSays("converged");

        assertThat(host.pids()).isEqualTo(before);
        assertThat(host.agentLog().substring(size)).doesNotContain("Plan:");
    }

    @Test
    void what_fails_is_started_again_and_a_hand_on_the_host_is_put_right() throws Exception {
        repository.commit("First", Map.of("compose.yaml", compose("info")));
        host.agent(repository.directory());
        pageSays("level info");
        statusSays("converged"); // before that it would be the commit that is not well
        var before = host.pids();

        new ProcessBuilder("kill", "-9", before.get("shop-web-1").toString())
                .start()
                .waitFor();
        await().atMost(SOON)
                .until(() -> host.pids().containsKey("shop-web-1")
                        && !host.pids().get("shop-web-1").equals(before.get("shop-web-1")));
        pageSays("level info");

        var limit = limitFile(before.get("shop-app-1"));
        Files.writeString(limit, String.valueOf(32 << 20));
        await().atMost(SOON).untilAsserted(() -> assertThat(limit).hasContent(String.valueOf(64 << 20)));
        assertThat(host.agentLog()).contains("mem_limit: 32 MiB → 64 MiB   [changed on the host]");
        assertThat(host.pids().get("shop-app-1")).isEqualTo(before.get("shop-app-1"));
    }

    @Test
    void a_new_agent_repairs_drift_while_the_wanted_commit_is_refused() throws Exception {
        var good = repository.commit("Good", Map.of("compose.yaml", compose("info")));
        var agent = host.agent(repository.directory());
        pageSays("level info");
        statusSays("converged");
        // The good commit goes out of the branch's history as well: nothing but our own clone has it.
        repository.amend("Bad", Map.of("compose.yaml", compose("info").replace("mem_limit", "mem_limt")));
        statusSays("unknown key");
        host.end(agent, true);

        var before = host.pids();
        var limit = limitFile(before.get("shop-app-1"));
        Files.writeString(limit, String.valueOf(32 << 20));
        new ProcessBuilder("kill", "-9", before.get("shop-web-1").toString())
                .start()
                .waitFor();
        host.agent(repository.directory());

        await().atMost(SOON).untilAsserted(() -> assertThat(limit).hasContent(String.valueOf(64 << 20)));
        pageSays("level info");
        assertThat(host.pids().get("shop-app-1")).isEqualTo(before.get("shop-app-1"));
        var status = host.lockstep("status").out();
        assertThat(status).contains("unknown key").contains(good.substring(0, 7));
    }

    @Test
    void drift_is_repaired_while_a_commit_fails_at_its_image() throws Exception {
        repository.commit("Good", Map.of("compose.yaml", compose("info")));
        host.agent(repository.directory());
        pageSays("level info");
        repository.commit(
                "No such image", Map.of("compose.yaml", compose("info").replaceFirst("web:1", "127.0.0.1:1/none:1")));
        statusSays("127.0.0.1:1");

        var before = host.pids();
        var limit = limitFile(before.get("shop-app-1"));
        Files.writeString(limit, String.valueOf(32 << 20));

        await().atMost(SOON).untilAsserted(() -> assertThat(limit).hasContent(String.valueOf(64 << 20)));
        assertThat(host.pids()).isEqualTo(before);
    }

    @Test
    void remotes_that_never_come_to_the_point_hold_nobody_up() throws Exception {
        repository.commit("First", Map.of("compose.yaml", compose("info")));
        try (var silent = new SlowServer(SlowServer.Manner.SILENT);
                var trickling = new SlowServer(SlowServer.Manner.HTTP_TRICKLE);
                var handshake = new SlowServer(SlowServer.Manner.TLS_TRICKLE)) {
            var slow = List.of(
                    "http://127.0.0.1:" + silent.port() + "/a.git",
                    "http://127.0.0.1:" + trickling.port() + "/b.git",
                    "https://127.0.0.1:" + handshake.port() + "/c.git");
            var settings = new StringBuilder("repositories:\n");
            slow.forEach(url -> settings.append("  - {url: \"" + url + "\", ref: main}\n"));
            settings.append("  - {url: " + repository.directory() + ", ref: main}\n");
            var agent = host.agentOf(Files.writeString(directory.resolve("agent.yaml"), settings));

            pageSays("level info");
            for (var url : slow) {
                statusSays("repository " + url + " did not answer");
            }
            repository.commit("More", Map.of("compose.yaml", compose("debug")));
            pageSays("level debug");

            // In the middle of its talks with them it ends as soon as it is told to.
            var began = System.nanoTime();
            host.end(agent, false);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
        }
    }

    /** The limits are the program's own: a file of 20 MB, looked at once a minute. */
    @Test
    void an_agent_begins_a_new_log_when_one_is_large() throws Exception {
        repository.commit("Much to say", Map.of("compose.yaml", """
                services:
                  talker:
                    image: web:1
                    command: ["sh", "-c", "seq 1 600000; echo all said; while [ ! -e /tmp/more ]; do sleep 0.1; done; echo one more; sleep 1000000"]
                """));
        host.agent(repository.directory());
        await().atMost(SOON).until(() -> lastLine().contains("all said"));
        var before = host.pids();
        var logs = logDirectory();

        await().atMost(Duration.ofSeconds(100)).until(() -> Files.exists(logs.resolve("ctr.log.1")));
        assertThat(Files.size(logs.resolve("ctr.log.1"))).isGreaterThan(20_000_000);

        // The same process goes on, in the new file, and nothing is lost between the two.
        assertThat(host.lockstep("-p", "shop", "exec", "-T", "talker", "touch", "/tmp/more")
                        .code())
                .isZero();
        await().atMost(SOON).until(() -> lastLine().contains("one more"));
        try (var old = Files.lines(logs.resolve("ctr.log.1"));
                var current = Files.lines(logs.resolve("ctr.log"))) {
            // One that is long for its pipe is written in parts.
            assertThat(Stream.concat(old, current)
                            .filter(line -> line.contains(" stdout F "))
                            .count())
                    .isEqualTo(600_002);
        }
        assertThat(host.lockstep("-p", "shop", "logs", "--no-log-prefix", "--tail", "3", "talker")
                        .out())
                .isEqualTo("600000\nall said\none more\n");
        assertThat(host.pids()).isEqualTo(before);
    }

    private String lastLine() throws IOException {
        return host.lockstep("-p", "shop", "logs", "--tail", "1", "talker").out();
    }

    private Path logDirectory() throws IOException {
        try (var files = Files.walk(host.root())) {
            return Objects.requireNonNull(files.filter(f -> f.endsWith("ctr.log"))
                    .findFirst()
                    .orElseThrow()
                    .getParent());
        }
    }

    private static Path limitFile(int pid) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))) {
            var parts = line.split(":", 3);
            if (parts[1].equals("memory")) {
                return Path.of("/sys/fs/cgroup/memory" + parts[2] + "/memory.limit_in_bytes");
            }
        }
        return Path.of("/sys/fs/cgroup"
                + Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))
                        .getFirst()
                        .substring(3)
                + "/memory.max");
    }
}
