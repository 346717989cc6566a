package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.prune.PruneRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
                Optional.empty());
        return new HostStatus.Stack(name, Optional.of(status), 2, 1);
    }

    private static HostStatus status() {
        return new HostStatus(
                "web1",
                true,
                List.of(new AgentStatus.Repository(
                        "https://git.example/shop", "main", Optional.of("b".repeat(40)), Optional.empty(), NOW)),
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
                        new HostStatus.Stack("hand", Optional.empty(), 1, 1),
                        stack("old", Outcome.CONVERGED, List.of(), true),
                        stack(
                                "shop",
                                Outcome.REFUSED,
                                List.of(new StackStatus.Problem(
                                        Optional.of("stacks/shop/compose.yaml:4:5"),
                                        "services.web.prots: unknown key")),
                                false)));
    }

    @Test
    void text_says_where_each_stack_is_and_what_a_person_must_know() {
        assertThat(status().text(NOW)).isEqualTo("""
                Host web1: an agent runs.
                Repository https://git.example/shop main at bbbbbbb
                Housekeeping 3 hours ago: 1 image removed, 2kB freed

                STACK   WANTED    APPLIED   OUTCOME    CONTAINERS    CHECKED         REVISION
                hand    -         -         -          1/1 running   -               applied by hand
                old     bbbbbbb   aaaaaaa   orphaned   1/2 running   5 seconds ago   Raise\\u001b[2J
                shop    bbbbbbb   aaaaaaa   refused    1/2 running   5 seconds ago   Raise\\u001b[2J

                Stack old is orphaned: the repository no longer has it for this host, and it goes on running. 'lockstep -p old down' removes it.

                Stack shop at bbbbbbb "Raise\\u001b[2J", since 2 minutes ago:
                  stacks/shop/compose.yaml:4:5: services.web.prots: unknown key
                """);
    }

    @Test
    void an_empty_host_says_so() {
        assertThat(new HostStatus("web1", false, List.of(), Optional.empty(), List.of()).text(NOW))
                .isEqualTo("Host web1: no agent runs.\n\nThere is no stack on this host.\n");
    }

    @Test
    void json_tells_programs_the_same() throws IOException {
        var json = new JsonMapper().readTree(JsonText.document(status()::write));

        assertThat(json.path("format").asText()).isEqualTo("lockstep.status/1");
        assertThat(json.path("agent").path("running").asBoolean()).isTrue();
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
        assertThat(json.path("stacks").path(0).path("followed").asBoolean()).isFalse();
    }
}
