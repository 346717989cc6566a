package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.decision.HeldPlan;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.prune.PruneRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostStatusTest {
    private static final Instant NOW = Console.NOW;

    private static StackStatus.Commit commit(String digit, String subject) {
        return new StackStatus.Commit(digit.repeat(40), subject, "Ada", NOW);
    }

    private static HostStatus.Stack stack(
            String name, Outcome outcome, List<StackStatus.Problem> problems, boolean orphaned) {
        var status = new StackStatus(
                name,
                Optional.of("https://git.example/shop"),
                Optional.of("refs/heads/main"),
                Optional.of("stacks/" + name),
                Optional.of(commit("b", "Raise\u001b[2J")),
                Optional.of(commit("a", "Begin")),
                Optional.of(outcome),
                problems,
                NOW.minus(Duration.ofMinutes(2)),
                NOW.minus(Duration.ofSeconds(5)),
                orphaned,
                Optional.empty(),
                outcome == Outcome.FAILED ? Optional.of(NOW.plusSeconds(40)) : Optional.empty());
        return new HostStatus.Stack(
                name,
                Optional.of(status),
                2,
                1,
                List.of(HealthState.Status.HEALTHY, HealthState.Status.STARTING),
                outcome == Outcome.SUSPENDED
                        ? Optional.of(new Suspension(Optional.of("new disks"), "ada", NOW.minus(Duration.ofHours(1))))
                        : Optional.empty(),
                outcome == Outcome.HELD
                        ? Optional.of(new HeldPlan(
                                "0123456789ab",
                                Optional.of("b".repeat(40)),
                                Optional.of("Drop"),
                                List.of("data"),
                                List.of("shop-db-1 has volume shop_data"),
                                List.of("- container shop-db-1  (stop and remove)"),
                                NOW.minus(Duration.ofMinutes(2))))
                        : Optional.empty(),
                outcome == Outcome.SUSPENDED
                        ? List.of(new HostStatus.Job(
                                "report",
                                Optional.of(new JobRuns.Job(
                                        NOW,
                                        Optional.of("1".repeat(64)),
                                        Optional.of(NOW.minus(Duration.ofHours(3))),
                                        Optional.of(NOW.minus(Duration.ofHours(2))),
                                        Optional.of(3),
                                        "left out at noon")),
                                Optional.of(NOW.plusSeconds(60))))
                        : List.of(),
                Map.of("shop:1.1", new Digest("2".repeat(64)), "db:16", new Digest("3".repeat(64))));
    }

    private static BuildRecord build(long number, String image, BuildRecord.State state, String problem) {
        return new BuildRecord(
                number,
                "https://git.example/shop",
                image,
                image,
                List.of("1.0"),
                new Occasion(Occasion.Kind.TAG, "refs/tags/v1.0", "b".repeat(40)),
                "",
                "",
                state,
                Optional.empty(),
                false,
                problem,
                NOW.minus(Duration.ofMinutes(5)),
                Optional.empty(),
                Optional.of(NOW.minus(Duration.ofMinutes(4))),
                0);
    }

    private static HostStatus status() {
        return new HostStatus(
                "web1",
                true,
                List.of("the clock\u001b[2J is wrong"),
                Optional.empty(),
                List.of(new AgentStatus.Repository(
                        "https://git.example/shop",
                        "main",
                        Optional.of("b".repeat(40)),
                        Optional.empty(),
                        Optional.empty(),
                        NOW,
                        Optional.empty())),
                Optional.of(new PruneRecord(
                        NOW.minus(Duration.ofHours(3)),
                        PruneRecord.Trigger.SCHEDULE,
                        List.of(new PruneRecord.Removed(
                                new Digest("1".repeat(64)), List.of("app:1"), "nobody needs it", 2000)),
                        3,
                        1,
                        2000,
                        Optional.empty())),
                List.of(
                        new HostStatus.Stack(
                                "hand",
                                Optional.empty(),
                                1,
                                1,
                                List.of(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of(),
                                Map.of("web:1", new Digest("4".repeat(64)))),
                        stack("old", Outcome.CONVERGED, List.of(), true),
                        stack(
                                "shop",
                                Outcome.REFUSED,
                                List.of(new StackStatus.Problem(
                                        Optional.of("stacks/shop/compose.yaml:4:5"),
                                        "services.web.prots: unknown key")),
                                false)),
                List.of());
    }

    @Test
    void text_says_where_each_stack_is_and_what_a_person_must_know() {
        assertThat(status().text(NOW)).isEqualTo("""
            Host web1: an agent runs.
            Agent: the clock\\u001b[2J is wrong
            Repository https://git.example/shop main at bbbbbbb
            Housekeeping 3 hours ago: 1 image removed, 2kB freed

            STACK   WANTED    APPLIED   OUTCOME    CONTAINERS    HEALTH     CHECKED         REVISION
            hand    -         -         -          1/1 running   -          -               applied by hand
            old     bbbbbbb   aaaaaaa   orphaned   1/2 running   starting   5 seconds ago   Raise\\u001b[2J
            shop    bbbbbbb   aaaaaaa   refused    1/2 running   starting   5 seconds ago   Raise\\u001b[2J

            Stack old runs db:16 (sha256:333333333333), shop:1.1 (sha256:222222222222).

            Stack old is orphaned: the repository no longer has it for this host, and it goes on running.

            Stack shop runs db:16 (sha256:333333333333), shop:1.1 (sha256:222222222222).

            Stack shop at bbbbbbb "Raise\\u001b[2J", since 2 minutes ago:
              stacks/shop/compose.yaml:4:5: services.web.prots: unknown key
            """);
    }

    @Test
    void what_waits_and_for_whom() throws IOException {
        var status = new HostStatus(
                "web1",
                true,
                List.of(),
                Optional.of(new Suspension(Optional.empty(), "bob", NOW.minus(Duration.ofMinutes(3)))),
                List.of(new AgentStatus.Repository(
                        "https://git.example/shop",
                        "main",
                        Optional.empty(),
                        Optional.of("d".repeat(40)),
                        Optional.of("nobody answers"),
                        NOW.minus(Duration.ofMinutes(1)),
                        Optional.of(NOW.plusSeconds(30)))),
                Optional.empty(),
                List.of(
                        stack(
                                "failing",
                                Outcome.FAILED,
                                List.of(new StackStatus.Problem(Optional.empty(), "no")),
                                false),
                        stack("left", Outcome.SUSPENDED, List.of(), false),
                        stack("shop", Outcome.HELD, List.of(), false)),
                HostStatus.open(List.of(
                        build(5, "next", BuildRecord.State.QUEUED, ""),
                        build(4, "shop", BuildRecord.State.FAILED, "app/Dockerfile:2: exit code: 3"),
                        build(3, "shop", BuildRecord.State.FAILED, "older"),
                        build(2, "other", BuildRecord.State.SUCCEEDED, ""),
                        build(1, "other", BuildRecord.State.REFUSED, "mended since"))));

        assertThat(status.text(NOW)).isEqualTo("""
            Host web1: an agent runs.
            Suspended: the host is suspended by bob, since 3 minutes ago. 'lockstep resume --host' ends that.
            Repository https://git.example/shop main: nobody answers (since About a minute ago, next try in 30 s)
            Build 5 of next:1.0 waits, since 5 minutes ago
            Build 4 of shop:1.0 failed 4 minutes ago: app/Dockerfile:2: exit code: 3. 'lockstep builds logs 4' shows what it said

            STACK     WANTED    APPLIED   OUTCOME     CONTAINERS    HEALTH     CHECKED         REVISION
            failing   bbbbbbb   aaaaaaa   failed      1/2 running   starting   5 seconds ago   Raise\\u001b[2J
            left      bbbbbbb   aaaaaaa   suspended   1/2 running   starting   5 seconds ago   Raise\\u001b[2J
            shop      bbbbbbb   aaaaaaa   held        1/2 running   starting   5 seconds ago   Raise\\u001b[2J

            Stack failing runs db:16 (sha256:333333333333), shop:1.1 (sha256:222222222222).

            Stack failing at bbbbbbb "Raise\\u001b[2J", since 2 minutes ago, next try in 40 s:
              no

            Stack left is suspended by ada: new disks, since About an hour ago. 'lockstep resume left' ends that.

            Job report of stack left: last run 3 hours ago, exit code 3; left out at noon; next run 2026-11-24T12:01:00Z.

            Stack left runs db:16 (sha256:333333333333), shop:1.1 (sha256:222222222222).

            Stack shop: plan 0123456789ab is held, since 2 minutes ago:
              - container shop-db-1  (stop and remove)
              Held: shop-db-1 has volume shop_data.
              If that is meant: 'lockstep approve shop'.

            Stack shop runs db:16 (sha256:333333333333), shop:1.1 (sha256:222222222222).
            """);
        var json = new JsonMapper().readTree(JsonText.document(status::write));
        assertThat(json.path("suspended").path("by").asText()).isEqualTo("bob");
        assertThat(json.path("stacks").path(0).path("nextTry").asText()).isEqualTo("2026-11-24T12:00:40Z");
        assertThat(json.path("stacks").path(1).path("suspended").path("reason").asText())
                .isEqualTo("new disks");
        assertThat(json.path("stacks").path(2).path("held").path("plan").asText())
                .isEqualTo("0123456789ab");
        assertThat(json.path("stacks").path(2).path("health").asText()).isEqualTo("starting");
    }

    @Test
    void an_empty_host_says_so() {
        assertThat(new HostStatus(
                                "web1",
                                false,
                                List.of(),
                                Optional.empty(),
                                List.of(),
                                Optional.empty(),
                                List.of(),
                                List.of())
                        .text(NOW))
                .isEqualTo("Host web1: no agent runs.\n\nThere is no stack on this host.\n");
    }

    @Test
    void json_tells_programs_the_same() throws IOException {
        var json = new JsonMapper().readTree(JsonText.document(status()::write));

        assertThat(json.path("format").asText()).isEqualTo("lockstep.status/1");
        assertThat(json.path("agent").path("running").asBoolean()).isTrue();
        assertThat(json.path("agent").path("problems")).hasSize(1);
        assertThat(json.path("housekeeping").path("trigger").asText()).isEqualTo("schedule");
        assertThat(json.path("housekeeping")
                        .path("removed")
                        .path(0)
                        .path("names")
                        .path(0)
                        .asText())
                .isEqualTo("app:1");
        assertThat(json.path("stacks").findValuesAsText("stack")).containsExactly("hand", "old", "shop");
        var shop = json.path("stacks").path(2);
        assertThat(shop.path("outcome").asText()).isEqualTo("refused");
        assertThat(shop.path("inSync").asBoolean()).isFalse();
        assertThat(shop.path("wanted").path("id").asText()).isEqualTo("b".repeat(40));
        assertThat(shop.path("problems").path(0).path("at").asText()).isEqualTo("stacks/shop/compose.yaml:4:5");
        assertThat(shop.path("images").findValuesAsText("reference")).containsExactly("db:16", "shop:1.1");
        assertThat(shop.path("images").path(1).path("digest").asText()).isEqualTo("sha256:" + "2".repeat(64));
        assertThat(json.path("stacks").path(0).path("followed").asBoolean()).isFalse();
    }
}
