package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.Nftables;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody takes parts of networks away while an agent runs, or while none does: all comes back, and nobody restarts.
 */
class NetworkLossIT {
    private static final Duration SOON = Duration.ofSeconds(60);

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
        repository.commit("First", Map.of("compose.yaml", """
                services:
                  web:
                    image: web:1
                    command: httpd -f -p 80 -h /www
                    ports: ["%d:80"]
                  app:
                    image: web:1
                    command: ["sh", "-c", "trap 'exit 0' TERM; echo well >/tmp/index.html; httpd -f -p 8080 -h /tmp & wait"]
                  asker:
                    image: web:1
                    command:
                      - sh
                      - -c
                      - |
                        trap 'exit 0' TERM
                        until nslookup app >/dev/null 2>&1; do :; done
                        while :; do
                          if nslookup app >/dev/null 2>&1; then echo y; else echo n; fi >>/answers
                        done
                networks:
                  # One of the pools could be another test's while it is gone here.
                  default: {ipam: {config: [{subnet: 10.213.45.0/24}]}}
                """.formatted(port)));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private void well(String when) {
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.page(port)).as(() -> when + log()).isEqualTo("well"));
    }

    private String log() {
        try {
            return "\n" + host.agentLog();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void says(String text) {
        await().atMost(SOON).untilAsserted(() -> assertThat(host.agentLog()).contains(text));
    }

    /** What hears of it puts it back, unless a look at the whole host comes in between and does. */
    private void saysOr(String text, String plan) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.agentLog()).containsPattern(Pattern.quote(text) + "|" + plan));
    }

    private static void deleteLinks(Predicate<Rtnetlink.Link> which) throws IOException {
        try (var rtnetlink = Rtnetlink.open()) {
            var links = rtnetlink.links().stream().filter(which).toList();
            assertThat(links).isNotEmpty();
            for (var link : links) {
                rtnetlink.deleteLink(link.name());
            }
        }
    }

    private Root root() throws IOException {
        return Root.open(host.root(), host.runRoot());
    }

    private void deleteTable() throws IOException {
        try (var nftables = Nftables.open()) {
            nftables.run("{\"nftables\":[{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_"
                    + root().shortId() + "\"}}}]}");
        }
    }

    /** How often the asker was told an address, or was not. */
    private static long answers(int asker, String what) throws IOException {
        var answers = Path.of("/proc", String.valueOf(asker), "root/answers");
        return Files.exists(answers)
                ? Files.readString(answers).lines().filter(what::equals).count()
                : 0;
    }

    @Test
    void an_agent_puts_back_at_once_what_is_taken_from_networks_and_nobody_restarts() throws Exception {
        host.agent(repository.directory());
        well("at first");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("status").out()).contains("converged"));
        var pids = host.pids();
        assertThat(pids).hasSize(3);
        var id = idOf();

        deleteTable();
        saysOr("network shop_default: its rules had been taken away and put back", "rules.*\\[changed on the host\\]");
        well("after a flush");

        deleteLinks(link -> link.name().startsWith("ls" + id));
        saysOr("network shop_default: its bridge had been taken away and put back", "bridge \\S+: missing → up");
        well("after the bridge was deleted");

        // The other end goes with it: the container has no interface any more.
        deleteLinks(link -> link.name().startsWith("lv" + id));
        well("after the ports were deleted");

        // The pins of namespaces: the processes hold them still.
        try (var pins = Files.list(host.runRoot().resolve("netns"))) {
            for (var pin : pins.toList()) {
                Mounts.unmount(pin);
            }
        }
        says("its namespace is not kept");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                                host.lockstepIn(repository.directory(), "plan").out())
                        .as(() -> log())
                        .contains("No changes."));
        // What is made anew there is made in the container and not in another namespace.
        deleteLinks(link -> link.name().startsWith("lv" + id));
        well("after pins and ports were deleted");
        assertThat(host.pids()).isEqualTo(pids);
    }

    @Test
    void names_are_answered_while_the_agent_is_dead_and_all_comes_back_when_it_starts() throws Exception {
        var agent = host.agent(repository.directory());
        well("at first");
        var pids = host.pids();
        int asker = pids.get("shop-asker-1");
        await().atMost(SOON).until(() -> answers(asker, "y") > 20);
        for (var round = 0; round < 2; round++) {
            host.end(agent, true);
            var before = answers(asker, "y");
            await().atMost(SOON).until(() -> answers(asker, "y") > before + 50);
            var length = host.agentLog().length();
            agent = host.agent(repository.directory());
            await().atMost(SOON).until(() -> host.agentLog().substring(length).contains("agent of host test runs"));
            var after = answers(asker, "y");
            await().atMost(SOON).until(() -> answers(asker, "y") > after + 50);
        }
        assertThat(answers(asker, "n")).isZero();

        // Everything at once, and nobody there to see it.
        host.end(agent, true);
        var server = Integer.parseInt(Files.readString(host.runRoot().resolve("dns/zones/aardvark.pid"))
                .strip());
        try (var process = Pidfd.open(ProcessIdentity.of(server).orElseThrow()).orElseThrow()) {
            assertThat(process.send(Signal.KILL)).isTrue();
        }
        deleteTable();
        var id = idOf();
        deleteLinks(link -> link.name().startsWith("ls" + id));
        host.agent(repository.directory());
        well("after it started");
        assertThat(host.pids()).isEqualTo(pids);
    }

    private String idOf() throws IOException {
        return root().id().substring(0, 4);
    }
}
