package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.ImageHealthCheck;
import dev.lockstep.runtime.image.Platform;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResolutionTest {
    private static final Digest IMAGE = Digest.parse("sha256:" + "ab".repeat(32));

    static Effective resolved(String hostname, ContainerSpec spec) throws ContainerException {
        return resolved(hostname, spec, Optional.empty());
    }

    private static Effective resolved(String hostname, ContainerSpec spec, Optional<ImageHealthCheck> check)
            throws ContainerException {
        var image = new ImageConfig(
                Platform.current(),
                List.of(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Set.of(),
                Set.of(),
                Map.of(),
                check,
                Optional.empty(),
                List.of());
        var found = new Resolution.Found(List.of(), Optional.empty(), List.of(), Optional.empty());
        return Resolution.resolve(hostname, spec, image, "runc", IMAGE, Map.of(), found);
    }

    @Test
    void the_name_that_a_host_has_is_taken_as_it_is_and_only_one_that_is_asked_for_is_checked() throws Exception {
        for (var name : List.of("-db", "h".repeat(65))) {
            var effective = resolved(name, new Wish("c", IMAGE).run("true").spec());
            assertThat(effective.hostname()).isEqualTo(name);
            assertThat(effective.environment()).containsEntry("HOSTNAME", name);

            var asked = new Wish("c", IMAGE).run("true").hostname(name).spec();
            assertThatThrownBy(() -> resolved("host", asked))
                    .hasMessageContaining("\"" + name + "\" is not a host name");
        }
        // What the model takes for one, and Docker too, the engine does.
        for (var name : List.of("db_1", "_x.Y", "h".repeat(64))) {
            assertThat(resolved(
                                    "host",
                                    new Wish("c", IMAGE)
                                            .run("true")
                                            .hostname(name)
                                            .spec())
                            .hostname())
                    .isEqualTo(name);
        }
    }

    private static Optional<Duration> time(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Duration.parse("PT" + text));
    }

    /** As docker 26.1 does it: zero is as if nothing were said, so the image's holds, and then the engine's. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            ''   | ''   | 30S | 5S  | 0S  | 3
            0S   | ''   | 30S | 5S  | 0S  | 3
            0S   | 0S   | 30S | 5S  | 0S  | 3
            0S   | 7S   | 7S  | 7S  | 7S  | 7
            ''   | 7S   | 7S  | 7S  | 7S  | 7
            2S   | 7S   | 2S  | 2S  | 2S  | 2
            0.001S | '' | 0.001S | 0.001S | 0.001S | 3
            """)
    void the_times_of_a_health_check(
            String asked, String brought, String interval, String startInterval, String startPeriod, int retries)
            throws Exception {
        var spec = new Wish("c", IMAGE)
                .run("true")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD", "true")),
                        time(asked),
                        time(asked),
                        time(asked),
                        time(asked),
                        time(asked).map(t -> (int) t.toSeconds())))
                .spec();
        var image = new ImageHealthCheck(
                List.of("CMD", "false"),
                time(brought),
                time(brought),
                time(brought),
                time(brought),
                time(brought).map(t -> (int) t.toSeconds()));

        assertThat(resolved("host", spec, Optional.of(image)).healthCheck())
                .contains(new EffectiveHealthCheck(
                        List.of("true"),
                        time(interval).orElseThrow(),
                        time(interval).orElseThrow(),
                        time(startPeriod).orElseThrow(),
                        time(startInterval).orElseThrow(),
                        retries));
    }

    @Test
    void a_health_check_without_a_pause_is_refused() {
        var spec = new Wish("c", IMAGE)
                .run("true")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD", "true")),
                        Optional.of(Duration.ofNanos(999_999)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .spec();
        assertThatThrownBy(() -> resolved("host", spec))
                .hasMessageContaining("the interval of a health check cannot be less than 1ms");
    }
}
