package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.testing.PlainSpec;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ContainerRowTest {
    private static final Instant NOW = Console.NOW;
    private static final Digest DIGEST = new Digest("a".repeat(64));

    private static ContainerRow row(
            String service,
            ContainerState state,
            Optional<HealthState.Status> health,
            Optional<RestartDecision> decision) {
        var spec = PlainSpec.of(service, "nginx:1", DIGEST, Map.of("team", "shop"), List.of());
        var effective = new Effective(
                DIGEST,
                "runc",
                List.of("nginx", "-g", "daemon off; worker_processes 1;"),
                Map.of(),
                "",
                "/",
                "x",
                List.of(),
                DIGEST,
                "SIGTERM",
                Duration.ofSeconds(10),
                Limits.of(Resources.UNLIMITED),
                Optional.empty(),
                Map.of("/data", "c".repeat(64)));
        var record = new ContainerRecord(
                "b".repeat(64),
                spec,
                Optional.of(effective),
                ContainerRecord.Phase.CREATED,
                NOW.minus(Duration.ofHours(3)));
        var container = new ObservedContainer(
                record,
                state,
                Life.NEW,
                Optional.empty(),
                state instanceof ContainerState.Running
                        ? List.of(new PublishedPort(
                                Optional.empty(), Optional.of(8080), 80, PublishedPort.TransportProtocol.TCP))
                        : List.of(),
                List.of(),
                health.map(s -> new HealthState(s, NOW, Optional.empty(), 0, List.of())));
        return ContainerRow.of(container, decision, NOW);
    }

    private static ContainerState running(boolean supervised) {
        return new ContainerState.Running(42, NOW.minus(Duration.ofMinutes(3)), supervised, false);
    }

    private static ContainerState exited(int code) {
        return new ContainerState.Exited(new ExitOutcome(code, NOW.minus(Duration.ofMinutes(2)), false, false), true);
    }

    @Test
    void the_table_has_composes_columns_and_dockers_words() {
        var rows = List.of(
                row("web", running(true), Optional.of(HealthState.Status.HEALTHY), Optional.empty()),
                row("cache", running(false), Optional.of(HealthState.Status.STARTING), Optional.empty()),
                row("db", exited(137), Optional.empty(), Optional.of(new RestartDecision.Stay("no"))),
                row(
                        "job",
                        exited(1),
                        Optional.empty(),
                        Optional.of(new RestartDecision.Restart(Duration.ofSeconds(1)))),
                row("new", new ContainerState.Created(), Optional.empty(), Optional.empty()),
                row("lost", new ContainerState.Lost(), Optional.empty(), Optional.empty()));

        assertThat(PsCommand.table(rows, false)).isEqualTo("""
                NAME           IMAGE     COMMAND                  SERVICE   CREATED       STATUS                                           PORTS
                shop-web-1     nginx:1   "nginx -g 'daemon of…"   web       3 hours ago   Up 3 minutes (healthy)                           0.0.0.0:8080->80/tcp
                shop-cache-1   nginx:1   "nginx -g 'daemon of…"   cache     3 hours ago   Up 3 minutes (health: starting) (unsupervised)   0.0.0.0:8080->80/tcp
                shop-db-1      nginx:1   "nginx -g 'daemon of…"   db        3 hours ago   Exited (137) 2 minutes ago
                shop-job-1     nginx:1   "nginx -g 'daemon of…"   job       3 hours ago   Restarting (1) 2 minutes ago
                shop-new-1     nginx:1   "nginx -g 'daemon of…"   new       3 hours ago   Created
                shop-lost-1    nginx:1   "nginx -g 'daemon of…"   lost      3 hours ago   Exited (255)
                """);
    }

    @Test
    void json_has_composes_fields() throws IOException {
        var row = row("web", running(true), Optional.of(HealthState.Status.UNHEALTHY), Optional.empty());
        var line = JsonText.line(json -> row.write(json, false, "0B"));

        assertThat(line).endsWith("}\n").doesNotContain("\n{");
        var read = new JsonMapper().readTree(line);
        assertThat(read.path("Name").asText()).isEqualTo("shop-web-1");
        assertThat(read.path("Project").asText()).isEqualTo("shop");
        assertThat(read.path("ID").asText()).isEqualTo("bbbbbbbbbbbb");
        assertThat(read.path("State").asText()).isEqualTo("running");
        assertThat(read.path("Health").asText()).isEqualTo("unhealthy");
        assertThat(read.path("Status").asText()).isEqualTo("Up 3 minutes (unhealthy)");
        assertThat(read.path("CreatedAt").asText()).isEqualTo("2026-11-24 09:00:00 +0000 UTC");
        assertThat(read.path("Labels").asText()).isEqualTo("team=shop");
        assertThat(read.path("Command").asText()).isEqualTo("\"nginx -g 'daemon of…\"");
        assertThat(read.path("LocalVolumes").asText()).isEqualTo("1");
        assertThat(read.path("Mounts").asText()).isEqualTo("c".repeat(14) + "…");
        assertThat(read.path("Publishers").path(0).path("PublishedPort").asInt())
                .isEqualTo(8080);
    }
}
