package dev.lockstep.runtime.container;

import java.util.Objects;

/**
 * What only some containers ask for, grouped by what it is about. Every part says nothing unless it is asked for.
 *
 * @param naming names and words
 * @param process of process 1 and of those that join it
 * @param isolation what it may do and what it shares
 * @param devices of the host
 * @param storage beside its mounts
 * @param hooks programs beside its start and stop
 * @param log what becomes of its output
 */
public record ContainerOptions(
        Naming naming,
        ProcessOptions process,
        Isolation isolation,
        DeviceOptions devices,
        StorageOptions storage,
        Hooks hooks,
        LogSettings log) {
    /** Nothing. */
    public static final ContainerOptions NONE = new ContainerOptions(
            Naming.NONE,
            ProcessOptions.NONE,
            Isolation.NONE,
            DeviceOptions.NONE,
            StorageOptions.NONE,
            Hooks.NONE,
            LogSettings.NONE);

    public ContainerOptions {
        // A record of an earlier version lacks what that version did not know.
        naming = Objects.requireNonNullElse(naming, Naming.NONE);
        process = Objects.requireNonNullElse(process, ProcessOptions.NONE);
        isolation = Objects.requireNonNullElse(isolation, Isolation.NONE);
        devices = Objects.requireNonNullElse(devices, DeviceOptions.NONE);
        storage = Objects.requireNonNullElse(storage, StorageOptions.NONE);
        hooks = Objects.requireNonNullElse(hooks, Hooks.NONE);
        log = Objects.requireNonNullElse(log, LogSettings.NONE);
    }

    /** The same with other names. */
    public ContainerOptions with(Naming other) {
        return new ContainerOptions(other, process, isolation, devices, storage, hooks, log);
    }

    /** The same with other options of its processes. */
    public ContainerOptions with(ProcessOptions other) {
        return new ContainerOptions(naming, other, isolation, devices, storage, hooks, log);
    }

    /** The same with another isolation. */
    public ContainerOptions with(Isolation other) {
        return new ContainerOptions(naming, process, other, devices, storage, hooks, log);
    }

    /** The same with other devices. */
    public ContainerOptions with(DeviceOptions other) {
        return new ContainerOptions(naming, process, isolation, other, storage, hooks, log);
    }

    /** The same with other storage. */
    public ContainerOptions with(StorageOptions other) {
        return new ContainerOptions(naming, process, isolation, devices, other, hooks, log);
    }

    /** The same with other hooks. */
    public ContainerOptions with(Hooks other) {
        return new ContainerOptions(naming, process, isolation, devices, storage, other, log);
    }

    /** The same with other settings of its log. */
    public ContainerOptions with(LogSettings other) {
        return new ContainerOptions(naming, process, isolation, devices, storage, hooks, other);
    }
}
