package dev.lockstep.runtime.registry;

import java.time.Duration;
import java.util.Optional;

/**
 * How to deal with registries.
 *
 * @param connect longest wait for a connection
 * @param idle longest wait for the next bytes, and the time over which {@link #LEAST_RATE} is measured; there is no
 *     limit for a whole blob
 * @param attempts tries of one request that make no progress, at least 1
 * @param backoff pause after the first try; it doubles with each
 * @param longestPause nobody waits longer between two tries, whatever the registry asks
 * @param layersAtOnce downloads beside each other in one pull
 * @param proxies what stands between this host and registries
 * @param gate the only way to what no proxy is asked for, when somebody else chose it; it stays the caller's
 */
public record RegistrySettings(
        Duration connect,
        Duration idle,
        int attempts,
        Duration backoff,
        Duration longestPause,
        int layersAtOnce,
        Credentials credentials,
        RegistryHosts hosts,
        Proxies proxies,
        Time time,
        Optional<OutsideGate> gate) {
    /** Bytes each second: whoever sends less, while somebody waits for it, is as good as silent. */
    static final int LEAST_RATE = 1024;

    public RegistrySettings {
        if (attempts < 1 || layersAtOnce < 1) {
            throw new IllegalArgumentException("at least one attempt and one layer");
        }
    }

    /** Those of who may ask wherever this host reaches. */
    public RegistrySettings(
            Duration connect,
            Duration idle,
            int attempts,
            Duration backoff,
            Duration longestPause,
            int layersAtOnce,
            Credentials credentials,
            RegistryHosts hosts,
            Proxies proxies,
            Time time) {
        this(
                connect,
                idle,
                attempts,
                backoff,
                longestPause,
                layersAtOnce,
                credentials,
                hosts,
                proxies,
                time,
                Optional.empty());
    }

    /** What a host uses whose owner has configured nothing. */
    public static RegistrySettings anonymous() {
        return new RegistrySettings(
                Duration.ofSeconds(15),
                Duration.ofSeconds(60),
                5,
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                3,
                Credentials.NONE,
                RegistryHosts.NONE,
                Proxies.NONE,
                Time.system());
    }

    /** The same with those accounts and those rules for single hosts. */
    public RegistrySettings with(Credentials accounts, RegistryHosts rules) {
        return copy(accounts, rules, proxies, gate);
    }

    /** The same by those proxies. */
    public RegistrySettings by(Proxies others) {
        return copy(credentials, hosts, others, gate);
    }

    /** The same for what somebody else chose. */
    public RegistrySettings through(OutsideGate way) {
        return copy(credentials, hosts, proxies, Optional.of(way));
    }

    private RegistrySettings copy(
            Credentials accounts, RegistryHosts rules, Proxies through, Optional<OutsideGate> way) {
        return new RegistrySettings(
                connect, idle, attempts, backoff, longestPause, layersAtOnce, accounts, rules, through, time, way);
    }
}
