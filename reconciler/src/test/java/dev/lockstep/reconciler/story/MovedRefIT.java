package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A branch that is pushed by force and a release that is moved, where the host's owner refuses that. */
class MovedRefIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Host host;
    private Repository shop;
    private Path settings;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        shop = new Repository(directory.resolve("shop"));
        settings = directory.resolve("agent.yaml");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        shop.close();
        host.close();
    }

    private static Map<String, String> files(String... services) {
        var text = new StringBuilder("name: shop\nservices:\n");
        for (var service : services) {
            text.append("  ")
                    .append(service)
                    .append(": {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s}\n");
        }
        return Map.of("compose.yaml", text.toString());
    }

    private void follow(String ref, String moves) throws IOException {
        Files.writeString(settings, "repositories: [{url: " + shop.directory() + ", ref: " + ref + moves + "}]\n");
    }

    private void runs(String... containers) {
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(host.pids().keySet()).as(host.agentLog()).containsExactly(containers));
    }

    private void says(String line) {
        await().atMost(SOON).untilAsserted(() -> assertThat(host.agentLog()).contains(line));
    }

    @Test
    void a_branch_that_is_pushed_by_force_is_told_of_what_runs_is_kept_and_somebody_can_agree() throws Exception {
        var first = shop.commit("First", files("web"));
        follow("main", ", force-push: refuse");
        var agent = host.agentOf(settings);
        runs("shop-web-1");

        var other = shop.amend("Rewritten", files("web", "app"));
        var sentence = "branch main was moved to " + other.substring(0, 7) + ", which does not follow "
                + first.substring(0, 7) + ", and this host refuses that (force-push: refuse)";
        says(sentence);
        var sync = host.lockstep("sync");
        assertThat(sync.code()).as(sync.all()).isEqualTo(5);
        var status = host.lockstep("status").out();
        assertThat(status)
                .contains("main at " + first.substring(0, 7) + ": ", sentence)
                .contains("Stack shop is not brought to its newest commit, since")
                .contains("'lockstep sync --moved " + other.substring(0, 7) + "'");
        var json = host.lockstep("status", "-o", "json");
        assertThat(json.out()).contains("\"refused\": \"" + other + "\"");
        assertThat(host.lockstep("history").out()).containsPattern(other.substring(0, 7) + " +poll +refused");

        // What runs is kept in order meanwhile.
        var pid = host.pids().get("shop-web-1");
        assertThat(host.run(directory, List.of("kill", "-9", String.valueOf(pid)))
                        .code())
                .isZero();
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.pids()).containsKey("shop-web-1").doesNotContainValue(pid));

        // A restart of the agent is no way around.
        host.end(agent, false);
        var again = host.agentOf(settings);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.agentLog().split("which does not follow", -1))
                        .hasSize(3));
        runs("shop-web-1");
        assertThat(host.agentLog().lines().filter(line -> line.contains("(forced)")))
                .isEmpty();

        var wrong = host.lockstep("sync", "--moved", first);
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("no followed ref was moved to a commit " + first);
        var agreed = host.lockstep("sync", "--moved", other.substring(0, 7));
        assertThat(agreed.code()).as(agreed.all()).isZero();
        says("main is followed to " + other.substring(0, 7) + ", as somebody has agreed to");
        says("repository " + shop.directory() + " is followed again");
        runs("shop-app-1", "shop-web-1");
        assertThat(host.lockstep("status").out()).doesNotContain("refuses", "is not brought");
        host.end(again, false);
    }

    @Test
    void who_looks_once_agrees_with_the_words_of_sync() throws Exception {
        shop.commit("First", files("web"));
        shop.tag("v1.0.0");
        follow("v1.0.0", "");
        assertThat(once().code()).isZero();
        var second = shop.commit("Second", files("web", "app"));
        shop.tag("v1.0.0");
        assertThat(once().code()).isEqualTo(5);

        var wrong = once("--moved", "0".repeat(40));
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.out())
                .contains("no followed ref was moved to a commit 0000000")
                .doesNotContain("agreed");
        var agreed = once("--moved", second.substring(0, 7), "--retry");
        assertThat(agreed.code()).as(agreed.all()).isZero();
        assertThat(agreed.out()).contains(second.substring(0, 7) + ", as somebody has agreed to");
        runs("shop-app-1", "shop-web-1");
        assertThat(host.lockstep("history").out()).contains("command --retry");
        assertThat(once().code()).as("from then on").isZero();
    }

    private Host.Said once(String... words) throws Exception {
        var command = new ArrayList<>(List.of("agent", "--once", "--config", settings.toString(), "--host", "test"));
        command.addAll(List.of(words));
        return host.lockstep(command.toArray(String[]::new));
    }

    @Test
    void a_release_that_moves_is_refused_without_a_word_in_the_settings_and_over_when_it_is_back() throws Exception {
        var first = shop.commit("First", files("web"));
        shop.tag("v1.0.0");
        follow("v1.0.0", "");
        var once = host.lockstep("agent", "--once", "--config", settings.toString(), "--host", "test");
        assertThat(once.code()).as(once.all()).isZero();
        shop.commit("Second", files("web", "app"));
        shop.tag("v1.0.0");
        var refused = host.lockstep("agent", "--once", "--config", settings.toString(), "--host", "test");
        assertThat(refused.code()).as(refused.all()).isEqualTo(5);
        assertThat(refused.out()).contains("tag v1.0.0 was moved from " + first.substring(0, 7) + " to ");

        var agent = host.agentOf(settings);
        says("tag v1.0.0 was moved from " + first.substring(0, 7) + " to ");
        shop.reset(first);
        shop.tag("v1.0.0");
        says("is followed again");
        assertThat(host.lockstep("sync").code()).isZero();
        runs("shop-web-1");

        // The setting says yes to all of them.
        shop.commit("Third", files("web", "app"));
        shop.tag("v1.0.0");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.agentLog().split("tag v1.0.0 was moved from", -1))
                        .hasSize(3));
        follow("v1.0.0", ", force-push: follow");
        runs("shop-app-1", "shop-web-1");
        host.end(agent, false);
    }
}
