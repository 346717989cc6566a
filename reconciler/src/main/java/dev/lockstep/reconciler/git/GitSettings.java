package dev.lockstep.reconciler.git;

import java.net.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What the host's owner decides about remotes.
 *
 * @param credentials passwords and tokens for HTTP
 * @param sshDirectory keys, {@code config} and {@code known_hosts}; usually {@code ~/.ssh}
 * @param sshKey the one private key to offer, absent: what the directory and its config say
 * @param question longest time for the whole answer to where a ref points
 * @param silence longest time without a byte from the remote
 * @param deadline longest time for one fetch
 * @param limits what is taken from a repository
 * @param shallow whether a commit comes without those before it
 * @param proxy the only way to HTTP servers; absent: what the JVM has
 */
public record GitSettings(
        CredentialSource credentials,
        Path sshDirectory,
        Optional<Path> sshKey,
        Duration question,
        Duration silence,
        Duration deadline,
        Limits limits,
        boolean shallow,
        Optional<Proxy> proxy) {

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
                Path.of(System.getProperty("user.home"), ".ssh"),
                Optional.empty(),
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                Duration.ofMinutes(10),
                Limits.DEFAULT,
                false,
                Optional.empty());
    }

    public GitSettings withCredentials(CredentialSource source) {
        return new GitSettings(source, sshDirectory, sshKey, question, silence, deadline, limits, shallow, proxy);
    }

    public GitSettings withSsh(Path directory, Optional<Path> key) {
        return new GitSettings(credentials, directory, key, question, silence, deadline, limits, shallow, proxy);
    }

    public GitSettings withTimeouts(Duration newQuestion, Duration newSilence, Duration newDeadline) {
        return new GitSettings(
                credentials, sshDirectory, sshKey, newQuestion, newSilence, newDeadline, limits, shallow, proxy);
    }

    public GitSettings withLimits(Limits newLimits) {
        return new GitSettings(
                credentials, sshDirectory, sshKey, question, silence, deadline, newLimits, shallow, proxy);
    }

    public GitSettings withProxy(Proxy way) {
        return new GitSettings(
                credentials, sshDirectory, sshKey, question, silence, deadline, limits, shallow, Optional.of(way));
    }

    GitSettings withShallow(boolean newShallow) {
        return new GitSettings(
                credentials, sshDirectory, sshKey, question, silence, deadline, limits, newShallow, proxy);
    }
}
