package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.registry.Proxies;
import java.net.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What the host's owner decides about remotes.
 *
 * @param credentials passwords and tokens for HTTP
 * @param authorities certificates (PEM) that are trusted beside the system's, read at each conversation
 * @param ssh how SSH is spoken
 * @param question longest time for the whole answer to where a ref points
 * @param silence longest time without a byte from the remote
 * @param deadline longest time for one fetch
 * @param limits what is taken from a repository
 * @param shallow whether a commit comes without those before it
 * @param proxies by which HTTP servers are asked
 * @param gate the only way to HTTP servers, instead of any other
 */
public record GitSettings(
        CredentialSource credentials,
        Optional<Path> authorities,
        Ssh ssh,
        Duration question,
        Duration silence,
        Duration deadline,
        Limits limits,
        boolean shallow,
        Proxies proxies,
        Optional<Proxy> gate) {

    /**
     * How SSH is spoken.
     *
     * @param directory keys, {@code config} and {@code known_hosts}; usually {@code ~/.ssh}
     * @param key the one private key to offer, root's alone; absent: what the directory and its config say
     * @param knownHosts keys that servers may have; absent: the directory's
     */
    public record Ssh(Path directory, Optional<Path> key, Optional<Path> knownHosts) {
        Path servers() {
            return knownHosts.orElseGet(() -> directory.resolve("known_hosts"));
        }
    }

    /**
     * Bounds on what a repository may hold, so that it cannot fill a host's disk or memory.
     *
     * @param textFile bytes of one file that is read into memory (Compose file, env_file, config)
     * @param mountedFile bytes of one file that a container mounts
     * @param mountedTree bytes of one directory that a container mounts
     * @param entries names in one commit
     * @param pack bytes of one object received from the remote
     */
    public record Limits(long textFile, long mountedFile, long mountedTree, int entries, long pack) {
        public static final Limits DEFAULT = new Limits(16L << 20, 512L << 20, 2L << 30, 1_000_000, 1L << 30);

        public Limits {
            if (textFile < 1 || mountedFile < 1 || mountedTree < 1 || entries < 1 || pack < 1) {
                throw new IllegalArgumentException("limits are positive");
            }
        }
    }

    public GitSettings {
        if (!question.isPositive() || silence.toSeconds() < 1 || deadline.compareTo(silence) < 0) {
            throw new IllegalArgumentException(
                    "some time for a question, at least a second of silence, and no more than the deadline");
        }
    }

    /** No credentials, {@code ~/.ssh}, 20 s for a question, 30 s of silence, 10 minutes for a fetch. */
    public static GitSettings defaults() {
        return new GitSettings(
                CredentialSource.none(),
                Optional.empty(),
                new Ssh(Path.of(System.getProperty("user.home"), ".ssh"), Optional.empty(), Optional.empty()),
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                Limits.DEFAULT,
                false,
                Proxies.NONE,
                Optional.empty());
    }

    public GitSettings withCredentials(CredentialSource source) {
        return new GitSettings(source, authorities, ssh, question, silence, deadline, limits, shallow, proxies, gate);
    }

    public GitSettings withAuthorities(Optional<Path> file) {
        return new GitSettings(credentials, file, ssh, question, silence, deadline, limits, shallow, proxies, gate);
    }

    public GitSettings withSsh(Path directory, Optional<Path> key) {
        return withSsh(new Ssh(directory, key, Optional.empty()));
    }

    public GitSettings withSsh(Ssh other) {
        return new GitSettings(
                credentials, authorities, other, question, silence, deadline, limits, shallow, proxies, gate);
    }

    public GitSettings withTimeouts(Duration newQuestion, Duration newSilence, Duration newDeadline) {
        return new GitSettings(
                credentials, authorities, ssh, newQuestion, newSilence, newDeadline, limits, shallow, proxies, gate);
    }

    public GitSettings withLimits(Limits newLimits) {
        return new GitSettings(
                credentials, authorities, ssh, question, silence, deadline, newLimits, shallow, proxies, gate);
    }

    public GitSettings withProxies(Proxies others) {
        return new GitSettings(
                credentials, authorities, ssh, question, silence, deadline, limits, shallow, others, gate);
    }

    /** By that alone, whatever proxies there are. */
    public GitSettings withProxy(Proxy way) {
        return new GitSettings(
                credentials, authorities, ssh, question, silence, deadline, limits, shallow, proxies, Optional.of(way));
    }

    GitSettings withShallow(boolean newShallow) {
        return new GitSettings(
                credentials, authorities, ssh, question, silence, deadline, limits, newShallow, proxies, gate);
    }
}
