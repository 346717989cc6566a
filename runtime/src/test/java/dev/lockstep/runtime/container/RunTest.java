package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.Json;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The record of one run on disk. */
class RunTest {
    private static final Run RUN = new Run(
            "boot",
            true,
            Optional.of(new ProcessIdentity(7, 8)),
            Optional.empty(),
            Instant.EPOCH,
            "/usr/sbin/runc",
            List.of(),
            List.of(),
            true,
            true,
            Optional.of("/parent/id"),
            Map.of("other", new ProcessIdentity(9, 10)));

    @Test
    void every_field_comes_back_and_is_kept_by_every_change() throws IOException {
        var json = Json.mapper();
        assertThat(json.readValue(json.writeValueAsBytes(RUN), Run.class)).isEqualTo(RUN);
        assertThat(RUN.startedAt(Instant.EPOCH)
                        .withPorts(List.of())
                        .withAddresses(List.of())
                        .withJoined(RUN.joined())
                        .supervised(RUN.process().orElseThrow(), RUN.conmon()))
                .isEqualTo(RUN);
    }

    @Test
    void a_record_of_an_earlier_version_is_read() throws IOException {
        assertThat(Json.mapper().readValue("""
                        {"bootId": "boot", "started": true, "startedAt": "1970-01-01T00:00:00Z",
                         "runtime": "/usr/sbin/runc", "ports": [], "addresses": []}
                        """, Run.class))
                .isEqualTo(new Run(
                        "boot",
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        Instant.EPOCH,
                        "/usr/sbin/runc",
                        List.of(),
                        List.of(),
                        false,
                        false,
                        Optional.empty(),
                        Map.of()));
    }
}
