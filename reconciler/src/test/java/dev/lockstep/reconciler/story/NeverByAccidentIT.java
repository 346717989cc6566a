package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent does not do by itself, and what makes it do so. */
class NeverByAccidentIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String WEB = "services:\n"
            + "  web: {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s, environment: {LEVEL:"
            + " info}}\n";
    private static final String DB =
            "  db: {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s, volumes: [\"data:/data\"]}\n";
    private static final String DATA = "volumes: {data: {}}\n";

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
        host.lockstep("-p", "shop", "down", "-v");
        repository.close();
        host.close();
    }

    private Set<String> running() throws IOException {
        return host.pids().keySet();
    }

    private String status() throws IOException {
        return host.lockstep("status").out();
    }

    private void runs(String... containers) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(running()).as(host.agentLog()).containsExactlyInAnyOrder(containers));
    }

    @Test
    void what_a_commit_takes_away_waits_for_a_person_or_the_commits_own_word() throws Exception {
        repository.commit("Both", Map.of("stacks/shop/compose.yaml", WEB + DB + DATA, "stacks/blog/compose.yaml", WEB));
        var agent = host.agent(repository.directory());
        runs("shop-web-1", "shop-db-1", "blog-web-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged", "Both"));
        var before = host.pids();

        repository.commit("Drop", Map.of("stacks/shop/compose.yaml", WEB, "stacks/blog/compose.yaml", ""));
        assertThat(host.lockstep("sync").code()).isEqualTo(5);
        assertThat(status())
                .contains("shop-db-1 has volume shop_data", "'lockstep approve shop'")
                .contains("does not have stack blog", "'lockstep approve blog'");
        assertThat(host.pids()).isEqualTo(before);

        // What is agreed to holds for the next agent, too, and for that plan alone.
        host.end(agent, false);
        assertThat(host.lockstep("approve", "blog", "0000").code()).isEqualTo(5);
        assertThat(host.lockstep("approve", "blog", "-y").out()).contains("the next one does it");
        agent = host.agent(repository.directory());
        runs("shop-web-1", "shop-db-1");
        assertThat(host.lockstep("sync").code()).isEqualTo(5);
        // Nor has another stack of that name, one day, anything of it to go back to.
        assertThat(host.root().resolve("stacks/shop/good.json")).exists();
        assertThat(host.root().resolve("stacks/blog/good.json")).doesNotExist();

        repository.commit("Meant\n\nLockstep-Approve: shop", Map.of("README", "x"));
        runs("shop-web-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).doesNotContain("held"));
        assertThat(host.lockstep("volume", "ls", "-q").out()).contains("shop_data");
        assertThat(history("shop")).contains("approved by commit");

        // An empty repository, at last.
        repository.commit("Nothing", Map.of("stacks/shop/compose.yaml", ""));
        assertThat(host.lockstep("sync").code()).isEqualTo(1);
        assertThat(status()).contains("has no stack at all", "has no compose file");
        assertThat(running()).containsExactly("shop-web-1");
        host.end(agent, false);
    }

    @Test
    void what_is_wrong_with_the_hosts_values_for_one_stack_takes_away_none() throws Exception {
        var blog = WEB.replace("info}", "\"${LEVEL:-}\"}");
        // As a commit of last week that took something away, and said so.
        repository.commit(
                "Both\n\nLockstep-Approve: shop",
                Map.of("stacks/shop/compose.yaml", WEB, "stacks/blog/compose.yaml", blog));
        var variables =
                Files.createDirectories(host.stackValues().resolve("blog")).resolve("env");
        Files.writeString(variables, "LEVEL=one\n");
        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-------"));
        var agent = host.agent(repository.directory());
        runs("shop-web-1", "blog-web-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged", "Both"));
        var before = host.pids();

        Files.writeString(variables, "LEVEL=two\n");
        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(host.lockstep("sync").code()).isEqualTo(1);
        assertThat(status())
                .contains(variables + " is open to others than root")
                .doesNotContain("orphaned", "does not have stack");
        assertThat(host.agentLog()).doesNotContain("is no longer in");
        assertThat(host.pids()).isEqualTo(before);
        assertThat(host.lockstep("-p", "shop", "kill").code()).isZero();
        runs("shop-web-1", "blog-web-1");

        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-------"));
        assertThat(host.lockstep("sync").code()).isZero();
        assertThat(host.pids().get("blog-web-1")).isNotEqualTo(before.get("blog-web-1"));
        host.end(agent, false);
    }

    @Test
    void a_stack_that_is_lost_is_left_to_its_restart_policies_until_somebody_agrees_who_has_not_suspended_it()
            throws Exception {
        var shop = """
                services:
                  kept: {image: "web:1", command: sleep 100000, stop_grace_period: 0s, restart: always}
                  left: {image: "web:1", command: sleep 100000, stop_grace_period: 0s}
                """;
        repository.commit("Both", Map.of("stacks/shop/compose.yaml", shop, "stacks/blog/compose.yaml", WEB));
        var agent = host.agent(repository.directory());
        runs("shop-kept-1", "shop-left-1", "blog-web-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged", "Both"));
        repository.commit("Drop", Map.of("stacks/shop/compose.yaml", ""));
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("orphaned", "approve shop"));

        var before = host.pids();
        for (var container : List.of("shop-kept-1", "shop-left-1")) {
            var killed = host.run(directory, List.of("kill", "-9", String.valueOf(before.get(container))));
            assertThat(killed.code()).as(killed.all()).isZero();
        }
        await().atMost(SOON)
                .untilAsserted(() ->
                        assertThat(host.pids().get("shop-kept-1")).isNotNull().isNotEqualTo(before.get("shop-kept-1")));
        // A look, and one at drift: nobody puts right what no file asks for.
        assertThat(host.lockstep("sync").code()).isZero();
        repository.commit("Another", Map.of("README", "x"));
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("Another"));
        runs("shop-kept-1", "blog-web-1");

        assertThat(host.lockstep("suspend", "shop").code()).isZero();
        var _ = host.lockstep("approve", "shop", "-y");
        var _ = host.lockstep("sync");
        runs("shop-kept-1", "blog-web-1");
        assertThat(host.lockstep("resume", "shop").code()).isZero();
        runs("blog-web-1");
        host.end(agent, false);
    }

    @Test
    void stacks_that_may_go_one_by_one_are_held_where_together_they_are_most_of_the_host() throws Exception {
        var one = "services: {x: {image: \"web:1\", command: sleep 100000, stop_grace_period: 0s}}\n";
        repository.commit(
                "All",
                Map.of(
                        "stacks/a/compose.yaml", one,
                        "stacks/b/compose.yaml", one,
                        "stacks/c/compose.yaml", one,
                        "stacks/shop/compose.yaml", one,
                        "lockstep.yaml",
                                "stacks: {a: {approve: [orphaned]}, b: {approve: [orphaned]}, c: {approve: [orphaned]}}\n"));
        var agent = host.agent(repository.directory());
        runs("a-x-1", "b-x-1", "c-x-1", "shop-x-1");

        repository.commit("Fewer", Map.of("stacks/a/compose.yaml", ""));
        runs("b-x-1", "c-x-1", "shop-x-1");
        repository.commit("More", Map.of("stacks/a/compose.yaml", one));
        runs("a-x-1", "b-x-1", "c-x-1", "shop-x-1");
        repository.commit(
                "Drop", Map.of("stacks/a/compose.yaml", "", "stacks/b/compose.yaml", "", "stacks/c/compose.yaml", ""));
        // What sync answers for are the stacks that there are.
        assertThat(host.lockstep("sync").code()).isZero();
        assertThat(status()).contains("the stacks that go together, a, b, c, have 3 of the 4 containers of this host");
        runs("a-x-1", "b-x-1", "c-x-1", "shop-x-1");
        host.end(agent, false);
    }

    @Test
    void apply_unasked_does_not_empty_a_stack_unless_its_guard_is_named() throws Exception {
        var project = Files.createDirectories(directory.resolve("p"));
        var file = project.resolve("compose.yaml");
        Files.writeString(file, "name: shop\n" + WEB + DB + DATA);
        assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();
        var before = host.pids();

        Files.writeString(file, "name: shop\nservices: {}\n");
        var held = host.lockstepIn(project, "apply", "-y", "--remove-orphans");
        assertThat(held.code()).isEqualTo(5);
        assertThat(held.err())
                .contains(
                        "Nothing was changed. The plan is held: it removes the last service of stack shop:"
                                + " shop-db-1, shop-web-1; shop-db-1 has volume shop_data",
                        "'lockstep apply -y --approve last-service --approve data'");
        assertThat(host.lockstepIn(project, "apply", "-y", "--remove-orphans", "--approve", "data")
                        .code())
                .isEqualTo(5);
        var wrong = host.lockstepIn(project, "apply", "-y", "--approve", "everything");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("--approve takes last-service, most-of-host or data, not \"everything\"");
        assertThat(host.pids()).isEqualTo(before);

        var meant = host.lockstepIn(project, "apply", "-y", "--remove-orphans", "--approve", "last-service,data");
        assertThat(meant.code()).as(meant.all()).isZero();
        assertThat(running()).isEmpty();
        assertThat(host.lockstep("volume", "ls", "-q").out()).contains("shop_data");
    }

    @Test
    void a_suspended_stack_stays_as_it_is_over_commits_and_agents() throws Exception {
        repository.commit("First", Map.of("stacks/shop/compose.yaml", WEB));
        assertThat(host.lockstep("suspend", "shop", "--reason", "new disks").code())
                .isZero();
        var agent = host.agent(repository.directory());
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(status()).contains("suspended by", "new disks", "2 to create"));
        assertThat(running()).isEmpty();
        assertThat(host.lockstep("resume", "shop").code()).isZero();
        runs("shop-web-1");

        assertThat(host.lockstep("suspend", "--host").code()).isZero();
        assertThat(host.lockstep("-p", "shop", "stop").err()).contains("stays so until 'lockstep resume'");
        repository.commit("Second", Map.of("stacks/shop/compose.yaml", WEB.replace("info", "debug")));
        host.end(agent, true);
        agent = host.agent(repository.directory(), "1h");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("Second", "the host is suspended"));
        assertThat(running()).isEmpty();
        // It is no look of the usual time that starts it.
        assertThat(host.lockstep("resume", "--host").code()).isZero();
        runs("shop-web-1");
        host.end(agent, false);
    }

    @Test
    void changes_wait_for_their_window_and_repairs_do_not() throws Exception {
        var file = """
            stacks: {shop: {windows: [once]}}
            windows: {once: {opens: "0 0 0 1 1 ? 2099", duration: 1m, zone: Europe/Berlin}}
            """;
        repository.commit("First", Map.of("stacks/shop/compose.yaml", WEB, "lockstep.yaml", file));
        var agent = host.agent(repository.directory());
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(status())
                        .contains("waiting for window once, which opens next 2099-01-01 00:00 Europe/Berlin"));
        assertThat(running()).isEmpty();
        assertThat(host.lockstep("sync").code()).isEqualTo(5);

        assertThat(host.lockstep("sync", "--now").code()).isZero();
        runs("shop-web-1");
        assertThat(history("shop")).contains("outside of its windows, as sync --now asked");
        assertThat(host.lockstep("-p", "shop", "kill").code()).isZero();
        runs("shop-web-1");
        host.end(agent, false);
    }

    @Test
    void drift_is_only_reported_where_the_stack_asks_for_that() throws Exception {
        repository.commit("First", Map.of("stacks/shop/compose.yaml", "x-lockstep: {drift: report}\n" + WEB));
        var agent = host.agent(repository.directory());
        runs("shop-web-1");
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged"));

        assertThat(host.lockstep("-p", "shop", "stop").code()).isZero();
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(status()).contains("drifted", "x-lockstep.drift: report leaves it so"));
        assertThat(running()).isEmpty();

        repository.commit("Repair", Map.of("stacks/shop/compose.yaml", WEB));
        runs("shop-web-1");
        host.end(agent, false);
    }

    @Test
    void of_a_burst_of_commits_at_most_two_are_applied_and_the_newest_last() throws Exception {
        repository.commit("First", Map.of("stacks/shop/compose.yaml", WEB));
        var agent = host.agent(repository.directory());
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged", "First"));
        var before = history("shop").lines().count();

        var root = Root.open(host.root(), host.runRoot());
        try (var _ = StackLock.take(root, "shop", SOON, _ -> {})) {
            var newest = "";
            for (var i = 0; i < 20; i++) {
                newest = repository.commit(
                        "Burst " + i, Map.of("stacks/shop/compose.yaml", WEB.replace("info", "burst" + i)));
            }
            var seen = " at " + newest.substring(0, 7);
            await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains(seen));
        }
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(host.lockstep("-p", "shop", "exec", "-T", "web", "env")
                                .out())
                        .contains("LEVEL=burst19"));
        host.end(agent, false);
        var applied = history("shop").lines().skip(before).filter(line -> !line.contains("\"operations\":[]"));
        assertThat(applied).hasSizeBetween(1, 2);
    }

    @Test
    void a_job_runs_at_its_times_and_is_no_drift_when_it_has_ended() throws Exception {
        repository.commit("First", Map.of("stacks/shop/compose.yaml", WEB + """
              tick: {image: "web:1", command: ["sh", "-c", "exit 3"], x-lockstep: {schedule: "* * * ? * *"}}
            """));
        var agent = host.agent(repository.directory());
        await().atMost(SOON).untilAsserted(() -> assertThat(status()).contains("converged", "exit code 3"));
        host.end(agent, false);
        assertThat(history("shop")).contains("> job tick").doesNotContain("drift-corrected");
    }

    private String history(String stack) throws IOException {
        return Files.readString(host.root().resolve("stacks/" + stack + "/history.jsonl"));
    }
}
