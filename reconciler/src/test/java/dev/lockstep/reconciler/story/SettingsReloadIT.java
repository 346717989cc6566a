package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent hears of new settings, keeps the old ones when the new are wrong, and looks after itself. */
class SettingsReloadIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    private static final String ANEW = "the settings have changed; the agent begins anew with them";

    @TempDir
    Path directory;

    private Host host;
    private Repository shop;
    private Repository blog;
    /** What the agent is started with leads here: whoever changes it is not seen in the directory of the link. */
    private Path target;

    private Path settings;

    @BeforeEach
    void aHostAndTwoRepositories() throws IOException {
        host = new Host(directory);
        shop = repository("shop");
        blog = repository("blog");
        target = Files.createDirectory(directory.resolve("conf")).resolve("real.yaml");
        settings = Files.createDirectory(directory.resolve("etc")).resolve("agent.yaml");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        shop.close();
        blog.close();
        host.close();
    }

    private Repository repository(String name) throws IOException {
        var repository = new Repository(directory.resolve(name));
        repository.commit("First", Map.of("compose.yaml", """
                name: %s
                services: {web: {image: "web:1", command: sleep 100000, stop_grace_period: 0s}}
                """.formatted(name)));
        return repository;
    }

    private String follow(Repository... repositories) {
        var text = new StringBuilder("repositories:\n");
        for (var repository : repositories) {
            text.append("  - {url: ").append(repository.directory()).append(", ref: main}\n");
        }
        return text.toString();
    }

    private void runs(String... containers) {
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(host.pids().keySet()).as(host.agentLog()).containsExactlyInAnyOrder(containers));
    }

    private void says(String line) {
        await().atMost(SOON).untilAsserted(() -> assertThat(host.agentLog()).contains(line));
    }

    @Test
    void settings_that_change_are_taken_wrong_ones_are_told_and_what_breaks_under_it_is_in_the_status()
            throws Exception {
        Files.writeString(target, follow(shop));
        Files.createSymbolicLink(settings, target);
        var agent = host.agentOf(settings);
        runs("shop-web-1");
        var pid = host.pids().get("shop-web-1");

        // No event tells of a file behind a link; the signal does.
        Files.writeString(target, follow(shop) + "intervall: 5s\n");
        hangUp(agent);
        says("the settings have changed and cannot be taken, so the agent goes on with those it has: " + settings
                + ":3:1: ");
        assertThat(host.lockstep("sync").code()).as("the old ones hold").isZero();
        Files.writeString(target, follow(shop, blog));
        hangUp(agent);
        runs("shop-web-1", "blog-web-1");
        assertThat(host.agentLog()).containsOnlyOnce(ANEW);
        assertThat(host.pids()).containsEntry("shop-web-1", pid);

        // A file in the link's place is seen without a signal.
        Files.writeString(settings.resolveSibling("new"), follow(shop, blog) + "labels: {rack: a}\n");
        Files.move(settings.resolveSibling("new"), settings, StandardCopyOption.ATOMIC_MOVE);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.agentLog().split(ANEW, -1)).hasSize(3));

        // Somebody tidies up where nobody should.
        Files.delete(host.runRoot().resolve("locks/agent"));
        says("the file of this agent's lock was removed");
        assertThat(host.lockstep("status").out()).contains("Agent: the file of this agent's lock was removed");
        host.end(agent, false);
    }

    @Test
    void settings_that_no_agent_could_begin_with_are_told_and_the_repository_is_followed_on() throws Exception {
        Files.writeString(settings, follow(shop));
        var agent = host.agentOf(settings);
        runs("shop-web-1");

        Files.writeString(settings, follow(shop).replace("url: ", "url: htps://example.com"));
        says("cannot be taken, so the agent goes on with those it has: repository \"htps://example.com");
        Files.writeString(settings, follow(shop) + "proxy: {https: \"squid\\u00a0:port\"}\n");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(
                                host.agentLog().split("cannot be taken, so the agent goes on with those it has: ", -1))
                        .as(host.agentLog())
                        .hasSize(3));

        shop.commit("Second", Map.of("compose.yaml", """
                name: shop
                services: {app: {image: "web:1", command: sleep 100000, stop_grace_period: 0s}}
                """));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.pids()).as(host.agentLog()).containsKey("shop-app-1"));
        assertThat(host.agentLog()).doesNotContain(ANEW, "Exception");
        host.end(agent, false);
    }

    private void hangUp(Process agent) throws IOException {
        var sent = host.run(directory, List.of("kill", "-HUP", String.valueOf(agent.pid())));
        assertThat(sent.code()).as(sent.all()).isZero();
    }
}
