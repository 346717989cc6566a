package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.HealthResult;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.StorageUse;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.TaggedImage;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.testing.PlainSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which changes of a host are a reason to plan again, and which happen all the time. */
class HostStateTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final HostState.Kept NOTHING = new HostState.Kept(List.of(), List.of());
    private static final ObservedContainer CONTAINER = new Supposed(NOW).container(PlainSpec.of("web", "web:1"));

    private static HostState of(ObservedContainer container) {
        var networks = new ObservedNetworks(List.of(), Map.of());
        return new HostState(new Observed(List.of(container), networks, List.of()), NOTHING);
    }

    private static ObservedContainer with(
            ContainerState state, Optional<Limits> limits, Optional<HealthState> health, Optional<StorageUse> storage) {
        return new ObservedContainer(
                CONTAINER.record(),
                state,
                CONTAINER.life(),
                limits,
                CONTAINER.ports(),
                CONTAINER.addresses(),
                health,
                CONTAINER.left(),
                storage);
    }

    private static ObservedContainer health(HealthState.Status status, int failures, HealthResult... results) {
        var state = new HealthState(status, NOW, Optional.empty(), failures, List.of(results));
        return with(CONTAINER.state(), CONTAINER.limits(), Optional.of(state), Optional.empty());
    }

    private static ObservedContainer storage(long limit, long used) {
        return with(
                CONTAINER.state(), CONTAINER.limits(), CONTAINER.health(), Optional.of(new StorageUse(limit, used)));
    }

    @Test
    void single_health_checks_are_none_and_what_they_come_to_is_one() {
        var first = health(HealthState.Status.HEALTHY, 0, new HealthResult(NOW, NOW, 0, ""));
        var later = health(HealthState.Status.HEALTHY, 1, new HealthResult(NOW, NOW.plusSeconds(30), 1, "late"));

        assertThat(of(later)).isEqualTo(of(first));
        assertThat(of(health(HealthState.Status.UNHEALTHY, 3))).isNotEqualTo(of(first));
    }

    @Test
    void what_was_written_is_none_and_another_limit_is_one() {
        assertThat(of(storage(100, 50))).isEqualTo(of(storage(100, 60)));
        assertThat(of(storage(0, 50))).isNotEqualTo(of(storage(100, 50)));
    }

    @Test
    void whatever_else_a_container_is_is_one() {
        var limits = Limits.of(Resources.UNLIMITED);

        assertThat(of(with(CONTAINER.state(), CONTAINER.limits(), Optional.empty(), Optional.empty())))
                .isEqualTo(of(CONTAINER));
        assertThat(of(with(new ContainerState.Lost(), CONTAINER.limits(), Optional.empty(), Optional.empty())))
                .isNotEqualTo(of(CONTAINER));
        assertThat(of(with(
                        new ContainerState.Running(1, NOW, false, false),
                        Optional.of(limits),
                        Optional.empty(),
                        Optional.empty())))
                .isNotEqualTo(of(with(
                        new ContainerState.Running(1, NOW, false, true),
                        Optional.of(limits),
                        Optional.empty(),
                        Optional.empty())));
    }

    @Test
    void so_is_another_meaning_of_a_name_and_another_value_of_a_secret() {
        var tag = new TaggedImage(Optional.of(ImageReference.parse("web:1")), new Digest("1".repeat(64)));
        var moved = new TaggedImage(tag.reference(), new Digest("2".repeat(64)));
        var secret = new HostSecrets.Kept("shop", "key", NOW, NOW);
        var state = of(CONTAINER);

        var before = new HostState(state.observed(), new HostState.Kept(List.of(tag), List.of(secret)));
        assertThat(new HostState(state.observed(), new HostState.Kept(List.of(moved), List.of(secret))))
                .isNotEqualTo(before);
        assertThat(new HostState(
                        state.observed(),
                        new HostState.Kept(
                                List.of(tag), List.of(new HostSecrets.Kept("shop", "key", NOW, NOW.plusNanos(1))))))
                .isNotEqualTo(before);
        assertThat(new HostState(state.observed(), new HostState.Kept(List.of(tag), List.of(secret))))
                .isEqualTo(before);
    }
}
