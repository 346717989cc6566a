package dev.lockstep.reconciler.git;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.eclipse.jgit.internal.transport.sshd.OpenSshServerKeyDatabase;
import org.eclipse.jgit.transport.CredentialsProvider;
import org.eclipse.jgit.transport.SshTransport;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.sshd.ServerKeyDatabase;
import org.eclipse.jgit.transport.sshd.SshdSessionFactoryBuilder;

/**
 * SSH for one connection: keys and {@code config} of one directory, and only servers whose key stands in its
 * {@code known_hosts}, or in the file that takes its place. The one class that knows the SSH library; nothing loads it
 * for other URLs.
 */
final class SshConnections {
    private SshConnections() {}

    /** Prepares the transport. The result says later why the server's key was refused, if it was. */
    static Supplier<Optional<String>> configure(Transport transport, GitSettings settings) {
        Ed25519Registrar.register();
        var refusal = new AtomicReference<Optional<String>>(Optional.empty());
        var directory = settings.ssh().directory();
        var servers = settings.ssh().servers();
        var builder = new SshdSessionFactoryBuilder()
                .setHomeDirectory(home(directory).toFile())
                .setSshDirectory(directory.toFile())
                .setPreferredAuthentications("publickey")
                .setServerKeyDatabase((home, ssh) ->
                        new Strict(new OpenSshServerKeyDatabase(true, List.of(servers)), servers, refusal));
        settings.ssh().key().ifPresent(key -> builder.setDefaultIdentities(ssh -> List.of(key)));
        ((SshTransport) transport).setSshSessionFactory(builder.build(null));
        return refusal::get;
    }

    private static Path home(Path sshDirectory) {
        var parent = sshDirectory.toAbsolutePath().getParent();
        return parent == null ? sshDirectory : parent;
    }

    /** Never asks and never writes: what {@code known_hosts} does not have is refused. */
    private record Strict(ServerKeyDatabase keys, Path file, AtomicReference<Optional<String>> refusal)
            implements ServerKeyDatabase {
        @Override
        public List<PublicKey> lookup(String connectAddress, InetSocketAddress remote, Configuration config) {
            return keys.lookup(connectAddress, remote, config);
        }

        @Override
        public boolean accept(
                String connectAddress,
                InetSocketAddress remote,
                PublicKey serverKey,
                Configuration config,
                CredentialsProvider provider) {
            var accepted = keys.accept(connectAddress, remote, serverKey, new RequireMatch(config), provider);
            if (!accepted) {
                refusal.set(Optional.of("the server's key " + KeyUtils.getFingerPrint(serverKey) + " ("
                        + KeyUtils.getKeyType(serverKey) + ") is not the one that " + file
                        + (Files.exists(file) ? " has" : " (which is missing) must have") + " for " + connectAddress
                        + "; if it is right, add the line that ssh-keyscan prints"));
            }
            return accepted;
        }
    }

    private record RequireMatch(ServerKeyDatabase.Configuration config) implements ServerKeyDatabase.Configuration {
        @Override
        public List<String> getUserKnownHostsFiles() {
            return List.of();
        }

        @Override
        public List<String> getGlobalKnownHostsFiles() {
            return List.of();
        }

        @Override
        public StrictHostKeyChecking getStrictHostKeyChecking() {
            return StrictHostKeyChecking.REQUIRE_MATCH;
        }

        @Override
        public boolean getHashKnownHosts() {
            return false;
        }

        @Override
        public String getUsername() {
            return config.getUsername();
        }
    }
}
