package dev.lockstep.runtime;

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
 */
public record EngineOptions(
        Path root, Path runRoot, String host, Optional<Path> launcher, boolean leaveForeignFirewall) {
    /** The roots of an ordinary installation. */
    public static EngineOptions standard(String host) {
        return new EngineOptions(Path.of("/var/lib/lockstep"), Path.of("/run/lockstep"), host, Optional.empty(), false);
    }
}
