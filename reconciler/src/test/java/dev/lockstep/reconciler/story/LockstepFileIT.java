package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code lockstep.yaml} says, to an agent that has only just started and remembers nothing. */
class LockstepFileIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private Host host;
    private Repository repository;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("infra"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private static String stack(String level) {
        return """
                services: {a: {image: "web:1", command: sleep 100000, stop_grace_period: 0s, environment: {LEVEL: %s}}}
                """.formatted(level);
    }

    private void logSays(int since, String text) {
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(host.agentLog().substring(since)).contains(text));
    }

    private void runs(String... containers) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.pids()).as(host.agentLog()).containsOnlyKeys(containers));
    }

    @Test
    void one_look_at_a_refused_file_says_what_is_wrong_and_touches_nothing() throws Exception {
        repository.commit("First", Map.of("stacks/shop/compose.yaml", stack("info")));
        var look = List.of(
                "agent", "--once", "--repository", repository.directory().toString(), "--host", "test");
        assertThat(host.lockstep(look.toArray(String[]::new)).code()).isZero();
        var before = host.pids();

        repository.commit(
                "Refused",
                Map.of("lockstep.yaml", "stacks: {shop: {hots: test}}\n", "stacks/shop/compose.yaml", stack("debug")));
        var refused = host.lockstep(look.toArray(String[]::new));

        assertThat(refused.code()).as(refused.all()).isEqualTo(1);
        assertThat(refused.all())
                .containsOnlyOnce("lockstep.yaml:1:17: stacks.shop.hots: unknown key. Did you mean \"hosts\"?");
        assertThat(host.pids()).isEqualTo(before);
    }

    @Test
    void an_agent_that_starts_on_a_refused_file_follows_the_commit_that_mends_it() throws Exception {
        repository.commit(
                "Asks for what nobody knows",
                Map.of("lockstep.yaml", "stacks: {shop: {hots: test}}\n", "stacks/shop/compose.yaml", stack("info")));
        var agent = host.agent(repository.directory());
        logSays(0, "lockstep.yaml:1:17: stacks.shop.hots: unknown key. Did you mean \"hosts\"?");
        assertThat(host.pids()).isEmpty();

        repository.commit("Mended", Map.of("lockstep.yaml", "stacks: {shop: {hosts: test}}\n"));
        runs("shop-a-1");
        var before = host.pids();

        // The same once more, for an agent that finds the stack running and a clone of the refused commit.
        repository.commit("Wrong again", Map.of("lockstep.yaml", "stacks: {shop: {hosts: 3}}\n"));
        logSays(0, "stacks.shop.hosts");
        host.end(agent, true);
        var size = host.agentLog().length();
        host.agent(repository.directory());
        logSays(size, "stacks.shop.hosts");
        assertThat(host.pids()).isEqualTo(before);

        repository.commit("Mended again", Map.of("lockstep.yaml", "", "stacks/shop/compose.yaml", stack("debug")));
        logSays(size, "environment.LEVEL: \"info\" → \"debug\"");
        runs("shop-a-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(host.pids()).isNotEqualTo(before));
    }

    @Test
    void a_stack_behind_a_broken_one_is_kept_in_order_by_a_new_agent() throws Exception {
        repository.commit(
                "Both",
                Map.of(
                        "lockstep.yaml", "stacks: {app: {after: [db]}}\n",
                        "stacks/db/compose.yaml", stack("info"),
                        "stacks/app/compose.yaml", stack("info")));
        var agent = host.agent(repository.directory());
        runs("app-a-1", "db-a-1");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("status").out()).contains("Both"));
        host.end(agent, true);
        var database = host.pids().get("db-a-1");

        // Nobody looks: a hand takes the one down, and a commit breaks the other and changes both.
        assertThat(host.lockstep("-p", "app", "down").code()).isZero();
        repository.commit(
                "Break db",
                Map.of(
                        "stacks/db/compose.yaml", stack("info").replace("command", "comand"),
                        "stacks/app/compose.yaml", stack("debug")));
        var size = host.agentLog().length();
        host.agent(repository.directory());

        runs("app-a-1", "db-a-1");
        logSays(size, "stack app comes after db, which is not well at this commit; it stays as it is");
        assertThat(host.pids()).containsEntry("db-a-1", database);
        assertThat(environment()).contains("LEVEL=info");

        repository.commit("Mend db", Map.of("stacks/db/compose.yaml", stack("info")));
        await().atMost(SOON).untilAsserted(() -> assertThat(environment()).contains("LEVEL=debug"));
        assertThat(host.pids()).containsEntry("db-a-1", database);
    }

    private String environment() throws IOException {
        return host.lockstep("-p", "app", "exec", "-T", "a", "env").out();
    }
}
