package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two places that are followed have a stack of the same name: one of them has it, and the other one is told so. */
class OneNameIT {
    private static final Duration SOON = Duration.ofSeconds(150);
    private static final String SHOP = "stacks/shop/compose.yaml";

    @TempDir
    Path directory;

    private Host host;
    private Repository first;
    private Repository second;

    @BeforeEach
    void aHostAndTwoRepositories() throws IOException {
        host = new Host(directory);
        first = new Repository(directory.resolve("first"));
        second = new Repository(directory.resolve("second"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        first.close();
        second.close();
        host.close();
    }

    private static String web(String level) {
        return "services:\n  web: {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s,"
                + " environment: {LEVEL: " + level + "}}\n";
    }

    private static String entry(Repository repository, String ref) {
        return "  - {url: " + repository.directory() + ", ref: " + ref + "}\n";
    }

    private Process agent(String... entries) throws IOException {
        var settings = directory.resolve("agent.yaml");
        Files.writeString(settings, "repositories:\n" + String.join("", entries));
        return host.agentOf(settings);
    }

    private void converged(String... subjects) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(status()).contains(subjects).contains("converged"));
    }

    private String status() throws IOException {
        return host.lockstep("status").out();
    }

    @Test
    void a_repository_neither_changes_nor_takes_down_the_stack_of_another() throws Exception {
        first.commit("First shop", Map.of(SHOP, web("one")));
        second.commit("First blog", Map.of("stacks/blog/compose.yaml", web("one")));
        var agent = agent(entry(first, "main"), entry(second, "main"));
        converged("First shop", "First blog");
        await().atMost(SOON).untilAsserted(() -> assertThat(host.pids()).containsOnlyKeys("shop-web-1", "blog-web-1"));
        var before = host.pids();

        second.commit("Shop, too", Map.of(SHOP, web("two")));
        assertThat(host.lockstep("sync").code()).isEqualTo(1);
        assertThat(status())
                .contains("stack shop is refused: this host has a stack of that name from " + first.directory()
                        + " main; give this one another name");
        assertThat(host.agentLog()).containsOnlyOnce("stack shop is refused");

        second.commit("No shop\n\nLockstep-Approve: shop", Map.of(SHOP, ""));
        assertThat(host.lockstep("sync").code()).as(host.agentLog()).isZero();
        assertThat(status()).contains("First shop").doesNotContain("refused", "orphaned");
        assertThat(host.pids()).isEqualTo(before);

        first.commit("Second shop", Map.of(SHOP, web("three")));
        assertThat(host.lockstep("sync").code()).isZero();
        assertThat(host.pids().get("shop-web-1")).isNotEqualTo(before.get("shop-web-1"));
        host.end(agent, false);
    }

    @Test
    void nor_is_it_planned_with_what_the_host_keeps_for_that_of_the_other() throws Exception {
        first.commit("First shop", Map.of(SHOP, web("one")));
        second.commit("Shop, too", Map.of(SHOP, web("two")));
        var settings = directory.resolve("agent.yaml");
        Files.writeString(settings, "repositories:\n" + entry(first, "main") + entry(second, "main"));

        var shown = host.lockstep("agent", "--once", "--dry-run", "--config", settings.toString(), "--host", "test");

        assertThat(shown.code()).as(shown.all()).isEqualTo(1);
        assertThat(shown.all())
                .containsOnlyOnce("+ container shop-web-1")
                .contains("stack shop is refused: this host has a stack of that name from " + first.directory()
                        + " main; give this one another name");
    }

    @Test
    void nor_does_it_while_the_other_one_is_not_followed() throws Exception {
        first.commit("First shop", Map.of(SHOP, web("one")));
        second.commit("Other", Map.of(SHOP, web("two"), "stacks/blog/compose.yaml", web("one")));
        var agent = agent(entry(first, "main"));
        converged("First shop");
        var shop = host.pids().get("shop-web-1");
        host.end(agent, false);

        agent = agent(entry(second, "main"));
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("belongs to " + first.directory()));
        second.commit("No shop\n\nLockstep-Approve: shop", Map.of(SHOP, ""));
        assertThat(host.lockstep("sync").code()).as(host.agentLog()).isZero();
        assertThat(host.pids()).containsEntry("shop-web-1", shop);
        assertThat(host.agentLog()).containsOnlyOnce("stack shop stays: its containers come from " + first.directory());
        host.end(agent, false);

        agent = agent(entry(first, "main"), entry(second, "main"));
        converged("First shop");
        assertThat(host.lockstep("sync").code()).as(host.agentLog()).isZero();
        assertThat(host.pids()).containsEntry("shop-web-1", shop);
        host.end(agent, false);
    }

    @Test
    void a_repository_that_has_moved_goes_on_with_what_it_has_once_the_host_says_so() throws Exception {
        first.commit("First shop", Map.of(SHOP, web("one")));
        var agent = agent(entry(first, "main"));
        converged("First shop");
        var before = host.pids();
        host.end(agent, false);

        var moved = Files.createSymbolicLink(directory.resolve("moved"), first.directory());
        agent = agent("  - {url: " + moved + "}\n");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(status()).contains("write formerly: [" + first.directory() + "]"));
        host.end(agent, false);

        agent = agent("  - {url: " + moved + ", formerly: [" + first.directory() + "]}\n");
        converged("First shop");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).doesNotContain("formerly"));
        assertThat(host.pids()).as(host.agentLog()).isEqualTo(before);
        host.end(agent, false);

        // All is the repository's now: what it was called before need not be known any more.
        agent = agent("  - {url: " + moved + "}\n");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("sync").code()).isZero());
        first.commit("No shop\n\nLockstep-Approve: shop", Map.of(SHOP, "", "stacks/blog/compose.yaml", web("one")));
        await().atMost(SOON).untilAsserted(() -> assertThat(host.pids()).containsOnlyKeys("blog-web-1"));
        host.end(agent, false);
    }

    @Test
    void two_refs_of_a_repository_do_not_replace_each_others_stack_at_each_look() throws Exception {
        first.commit("Old", Map.of(SHOP, web("one")));
        first.tag("v1");
        first.commit("New", Map.of(SHOP, web("two")));
        var agent = agent(entry(first, "main"));
        converged("New");
        var before = host.pids();
        host.end(agent, false);

        agent = agent(entry(first, "v1"), entry(first, "main"));
        for (var look : List.of("first", "second", "third")) {
            assertThat(host.lockstep("sync").code()).as(look).isEqualTo(1);
        }
        assertThat(status())
                .contains(
                        "New",
                        "stack shop is refused: this host has a stack of that name from " + first.directory()
                                + " main");
        assertThat(host.pids()).as(host.agentLog()).isEqualTo(before);
        host.end(agent, false);
    }

    @Test
    void a_stack_may_move_from_one_followed_directory_to_another() throws Exception {
        first.commit(
                "Here",
                Map.of(
                        "a/" + SHOP,
                        web("one"),
                        "a/stacks/blog/compose.yaml",
                        web("one"),
                        "b/stacks/wiki/compose.yaml",
                        web("one")));
        var agent = agent(entry(first, "main, path: a"), entry(first, "main, path: b"));
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.pids()).containsOnlyKeys("shop-web-1", "blog-web-1", "wiki-web-1"));

        first.commit("There", Map.of("a/" + SHOP, "", "b/" + SHOP, web("two")));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("-p", "shop", "exec", "-T", "web", "env")
                                .out())
                        .as(host.agentLog())
                        .contains("LEVEL=two"));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("sync").code()).isZero());
        assertThat(status()).doesNotContain("orphaned", "refused");
        host.end(agent, false);
    }
}
