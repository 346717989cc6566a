package dev.lockstep.runtime;

import dev.lockstep.runtime.registry.RegistrySettings;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an engine keeps things and who it is.
 *
 * @param root state that survives reboots
 * @param runRoot state that need not
 * @param host name of this host, as its owner configured it
 * @param launcher the {@code lockstep} program, which restarts containers when no agent runs; absent: found in PATH
 * @param leaveForeignFirewall never touch another firewall's rules, also where it would drop our traffic
 * @param registries accounts, certificates and mirrors of registries
 */
public record EngineOptions(
        Path root,
        Path runRoot,
        String host,
        Optional<Path> launcher,
        boolean leaveForeignFirewall,
        RegistrySettings registries) {
    /** With registries that nobody has configured. */
    public EngineOptions(Path root, Path runRoot, String host, Optional<Path> launcher, boolean leaveForeignFirewall) {
        this(root, runRoot, host, launcher, leaveForeignFirewall, RegistrySettings.anonymous());
    }

    /** The roots of an ordinary installation. */
    public static EngineOptions standard(String host) {
        return new EngineOptions(Path.of("/var/lib/lockstep"), Path.of("/run/lockstep"), host, Optional.empty(), false);
    }
}
