package dev.lockstep.runtime;

import dev.lockstep.runtime.prune.DiskRule;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import java.nio.file.Path;
import java.time.Duration;
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
 * @param unpackLimits how much a layer may ask for
 * @param keep what stays although nobody needs it when the disk has no room for what is to come
 * @param users of containers
 */
public record EngineOptions(
        Path root,
        Path runRoot,
        String host,
        Optional<Path> launcher,
        boolean leaveForeignFirewall,
        RegistrySettings registries,
        UnpackLimits unpackLimits,
        KeepRules keep,
        UserNamespaceOptions users) {
    /** Images that nobody needs go when more than 85 % of the disk is used, but not those of the last week. */
    public static final KeepRules DEFAULT_KEEP =
            new KeepRules(false, Duration.ofDays(7), 1, Optional.of(new DiskRule.Used(85)));

    /** With registries and rules that nobody has configured. */
    public EngineOptions(Path root, Path runRoot, String host, Optional<Path> launcher, boolean leaveForeignFirewall) {
        this(root, runRoot, host, launcher, leaveForeignFirewall, RegistrySettings.anonymous());
    }

    /** With the usual limits. */
    public EngineOptions(
            Path root,
            Path runRoot,
            String host,
            Optional<Path> launcher,
            boolean leaveForeignFirewall,
            RegistrySettings registries) {
        this(root, runRoot, host, launcher, leaveForeignFirewall, registries, UnpackLimits.DEFAULT, DEFAULT_KEEP);
    }

    /** With containers that have users of their own where they ask for it. */
    public EngineOptions(
            Path root,
            Path runRoot,
            String host,
            Optional<Path> launcher,
            boolean leaveForeignFirewall,
            RegistrySettings registries,
            UnpackLimits unpackLimits,
            KeepRules keep) {
        this(
                root,
                runRoot,
                host,
                launcher,
                leaveForeignFirewall,
                registries,
                unpackLimits,
                keep,
                UserNamespaceOptions.DEFAULT);
    }

    /** The roots of an ordinary installation. */
    public static EngineOptions standard(String host) {
        return new EngineOptions(Path.of("/var/lib/lockstep"), Path.of("/run/lockstep"), host, Optional.empty(), false);
    }
}
