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

class TestStackTest {
    private static DesiredService service(ContainerSpec spec) {
        var container = new DesiredContainer(spec, new Resolution.Remote(spec.digest(), Optional.empty()));
        return new DesiredService(spec.service(), List.of(container), Map.of());
    }

    @Test
    void mounts_come_from_containers_of_the_test_and_not_from_the_stack_that_runs() {
        var from = new StorageOptions(
                Optional.of(1L), List.of(new StorageOptions.VolumesFrom("mine", Optional.of(true))), Optional.of(2L));
        var desired = new Desired(
                new Owner("web1", "build-7-test", Optional.empty()),
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(
                        service(PlainSpec.of("db", "x").withName("mine")),
                        service(PlainSpec.of("web", "x").with(ContainerOptions.NONE.with(from)))),
                Sources.none());

        var web = TestStack.of(desired, 7, "/builds")
                .services()
                .getLast()
                .slots()
                .getFirst()
                .spec();

        assertThat(web.options().storage())
                .isEqualTo(new StorageOptions(
                        Optional.of(1L),
                        List.of(new StorageOptions.VolumesFrom("build-7-test-db-1", Optional.of(true))),
                        Optional.of(2L)));
    }
}
