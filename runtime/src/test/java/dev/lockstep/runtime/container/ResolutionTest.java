package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.Platform;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResolutionTest {
    private static final Digest IMAGE = Digest.parse("sha256:" + "ab".repeat(32));

    private static Effective resolved(String hostname, ContainerSpec spec) throws ContainerException {
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
                Optional.empty(),
                Optional.empty(),
                List.of());
        var found = new Resolution.Found(List.of(), Optional.empty(), List.of(), Optional.empty());
        return Resolution.resolve(hostname, spec, image, "runc", IMAGE, Map.of(), found);
    }

    @Test
    void the_name_that_a_host_has_is_taken_as_it_is_and_only_one_that_is_asked_for_is_checked() throws Exception {
        for (var name : List.of("db_1", "h".repeat(64))) {
            var effective = resolved(name, new Wish("c", IMAGE).run("true").spec());
            assertThat(effective.hostname()).isEqualTo(name);
            assertThat(effective.environment()).containsEntry("HOSTNAME", name);

            var asked = new Wish("c", IMAGE).run("true").hostname(name).spec();
            assertThatThrownBy(() -> resolved("host", asked))
                    .hasMessageContaining("\"" + name + "\" is not a host name");
        }
    }
}
