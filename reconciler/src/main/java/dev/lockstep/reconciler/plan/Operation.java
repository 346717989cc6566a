package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One thing to do on this host. Sealed, so that a new one breaks every switch that forgot it. */
public sealed interface Operation {
    /** Name of the object that changes. */
    String name();

    /** Only sees to it that an image is on this host. */
    sealed interface OnImage extends Operation {}

    /** Changes a network. */
    sealed interface OnNetwork extends Operation {}

    /** Changes a volume. */
    sealed interface OnVolume extends Operation {}

    /** Changes a container. */
    sealed interface OnContainer extends Operation {}

    /**
     * Brings an image from its registry.
     *
     * @param digest what the registry said the reference is; absent: known after the pull
     */
    record PullImage(ImageReference image, Optional<Digest> digest) implements OnImage {
        @Override
        public String name() {
            return image.familiar();
        }
    }

    /**
     * Builds an image on this host. Whoever carries a plan out has that done before, and plans again with what was
     * built: of an image that is not there no container is made.
     *
     * @param why it is to be built, a sentence without its end
     */
    record BuildImage(ImageReference image, String why) implements OnImage {
        @Override
        public String name() {
            return image.familiar();
        }
    }

    record CreateNetwork(NetworkSpec spec) implements OnNetwork {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /** Only its record changes, e.g. labels. */
    record UpdateNetwork(NetworkSpec spec) implements OnNetwork {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /**
     * Disconnect, delete, create, reconnect: containers keep id and pid, and lose addresses and open connections.
     *
     * @param ends by id of a container that is on it: how it is to be on it from then on
     */
    record ReplaceNetwork(NetworkSpec spec, Map<String, AttachmentSpec> ends) implements OnNetwork {
        public ReplaceNetwork {
            ends = Map.copyOf(ends);
        }

        @Override
        public String name() {
            return spec.name();
        }
    }

    /** What the kernel lost of it is made again: bridge, address, rules. */
    record RepairNetwork(String name) implements OnNetwork {}

    record RemoveNetwork(String name) implements OnNetwork {}

    record CreateVolume(VolumeSpec spec) implements OnVolume {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /** Only what nothing but its record knows changes. */
    record UpdateVolume(String name, Owner owner, Map<String, String> labels) implements OnVolume {
        public UpdateVolume {
            labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
        }
    }

    /** Data is lost: only where a person asked for it. */
    record RemoveVolume(String name) implements OnVolume {}

    /**
     * Made, and started unless somebody only wants it to be there.
     *
     * @param started whether it is started
     */
    record CreateContainer(ContainerSpec spec, boolean started) implements OnContainer {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /**
     * The new one is made, the old one stopped, the new one started, the old one removed. With {@code startFirst} the
     * old one is stopped when the new one is well and has its published ports.
     *
     * @param started whether the new one is started
     * @param renewVolumes the old one's anonymous volumes go with it: their data is lost
     */
    record ReplaceContainer(String id, ContainerSpec spec, boolean started, boolean renewVolumes, boolean startFirst)
            implements OnContainer {
        /** Started after the old one has ended, with its anonymous volumes. */
        public ReplaceContainer(String id, ContainerSpec spec) {
            this(id, spec, true, false, false);
        }

        @Override
        public String name() {
            return spec.name();
        }
    }

    /**
     * Changed while it runs; keeps id and pid.
     *
     * @param running else it does not, and is not started
     */
    record UpdateContainer(String id, ContainerSpec spec, boolean running) implements OnContainer {
        /** One that runs. */
        public UpdateContainer(String id, ContainerSpec spec) {
            this(id, spec, true);
        }

        @Override
        public String name() {
            return spec.name();
        }
    }

    /** An existing container that does not run. */
    record StartContainer(String id, ContainerSpec spec) implements OnContainer {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /** Stopped and started again, unchanged. */
    record RestartContainer(String id, ContainerSpec spec) implements OnContainer {
        @Override
        public String name() {
            return spec.name();
        }
    }

    /** Stopped by hand: it stays so until somebody starts it. */
    record StopContainer(String id, String name) implements OnContainer {}

    /**
     * Stopped and removed.
     *
     * @param slot the place that is given up with it, addresses included; absent: another container fills it
     * @param anonymousVolumes remove those too
     */
    record RemoveContainer(String id, String name, Optional<LeaseKey> slot, boolean anonymousVolumes)
            implements OnContainer {}

    /** Of a container that is made, in the place of another one or not: what it is to be. */
    static Optional<ContainerSpec> made(Operation operation) {
        return switch (operation) {
            case CreateContainer create -> Optional.of(create.spec());
            case ReplaceContainer replace -> Optional.of(replace.spec());
            case OnImage _,
                    OnNetwork _,
                    OnVolume _,
                    UpdateContainer _,
                    StartContainer _,
                    RestartContainer _,
                    StopContainer _,
                    RemoveContainer _ -> Optional.empty();
        };
    }

    /** Of a container that is made, changed or started: what it is to be. */
    static Optional<ContainerSpec> wanted(Operation operation) {
        return switch (operation) {
            case CreateContainer create -> Optional.of(create.spec());
            case ReplaceContainer replace -> Optional.of(replace.spec());
            case UpdateContainer update -> Optional.of(update.spec());
            case StartContainer start -> Optional.of(start.spec());
            case RestartContainer restart -> Optional.of(restart.spec());
            case OnImage _, OnNetwork _, OnVolume _, StopContainer _, RemoveContainer _ -> Optional.empty();
        };
    }

    /** Of a container that is made, replaced or started: its service. */
    static Optional<String> service(Operation operation) {
        return wanted(operation).map(ContainerSpec::service);
    }

    /** The container operations, which wait for gates. */
    static boolean startsContainer(Operation operation) {
        return switch (operation) {
            case CreateContainer _, ReplaceContainer _, StartContainer _, RestartContainer _ -> true;
            case OnImage _, OnNetwork _, OnVolume _, UpdateContainer _, StopContainer _, RemoveContainer _ -> false;
        };
    }
}
