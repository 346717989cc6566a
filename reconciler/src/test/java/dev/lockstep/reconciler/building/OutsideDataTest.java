package dev.lockstep.reconciler.building;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.PlainSpec;
import dev.lockstep.spec.model.Sources;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OutsideDataTest {
    private static DesiredService service(ContainerSpec spec) {
        var container = new DesiredContainer(spec, new Resolution.Remote(spec.digest(), Optional.empty()));
        return new DesiredService(spec.service(), List.of(container), Map.of());
    }

    /** What is said where the service {@code db} of a test takes over mounts. */
    private static List<String> writable(String container, boolean readOnly) {
        var from = new StorageOptions(
                Optional.empty(), List.of(new StorageOptions.VolumesFrom(container, Optional.of(readOnly))));
        var desired = new Desired(
                new Owner("web1", "build-7-test", Optional.empty()),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(
                        service(PlainSpec.of("files", "x")),
                        service(PlainSpec.of("db", "x").with(ContainerOptions.NONE.with(from))),
                        service(PlainSpec.of("web", "x"))),
                Sources.none());
        return OutsideData.writable(desired, "web");
    }

    @Test
    void mounts_of_a_container_that_is_not_the_tests_are_others() {
        assertThat(writable("shop-files-1", false)).isEmpty();
        assertThat(writable("prod", true)).isEmpty();
        assertThat(writable("prod", false))
                .containsExactly("service \"db\" could write to what container prod has mounted, which it has by"
                        + " volumes_from");
    }
}
