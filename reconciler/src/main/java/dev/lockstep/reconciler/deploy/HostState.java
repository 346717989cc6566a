package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageUse;
import dev.lockstep.runtime.image.TaggedImage;
import java.util.List;

/**
 * What a plan of a stack reads of this host, without what changes all the time and no plan asks for: the single results
 * of health checks, and how much containers have written. Two that are equal lead to the same plan of the same files.
 */
public record HostState(Observed observed, Kept kept) {
    /**
     * What is neither in the files nor to be seen of what runs.
     *
     * @param images what names mean in the local store
     * @param secrets of the stack, that the host keeps
     */
    public record Kept(List<TaggedImage> images, List<HostSecrets.Kept> secrets) {
        public Kept {
            images = List.copyOf(images);
            secrets = List.copyOf(secrets);
        }
    }

    public HostState {
        observed = new Observed(
                observed.containers().stream().map(HostState::steady).toList(),
                observed.networks(),
                observed.volumes());
    }

    private static ObservedContainer steady(ObservedContainer container) {
        if (container.health().isEmpty() && container.storage().isEmpty()) {
            return container;
        }
        return new ObservedContainer(
                container.record(),
                container.state(),
                container.life(),
                container.limits(),
                container.ports(),
                container.addresses(),
                container
                        .health()
                        .map(state -> new HealthState(
                                state.status(), state.startedAt(), state.startedUptime(), 0, List.of())),
                container.left(),
                container.storage().map(use -> new StorageUse(use.limit(), 0)));
    }
}
