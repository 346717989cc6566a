package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.registry.Authorities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;

/**
 * Files of the host's owner that say who is who, looked at anew for each conversation: somebody may have changed them.
 */
final class OwnFiles {
    private OwnFiles() {}

    /**
     * Looks at what the way to a remote needs.
     *
     * @return what is trusted instead of the system's authorities alone
     * @throws GitException {@link Kind#AUTH} that names the file which cannot be used
     */
    static Optional<SSLSocketFactory> check(Remote remote, GitSettings settings) throws GitException {
        try {
            switch (remote.transport()) {
                case SSH -> {
                    if (settings.ssh().key().isPresent()) {
                        requireClosed(settings.ssh().key().get());
                    }
                }
                case HTTPS -> {
                    if (settings.authorities().isPresent()) {
                        return Optional.of(
                                Authorities.beside(settings.authorities().get()));
                    }
                }
                case HTTP, LOCAL, GIT -> {}
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new GitException(Kind.AUTH, "repository " + remote + " is not asked: " + e.getMessage(), e);
        }
    }

    /**
     * Believes a file only when it is root's alone.
     *
     * @throws IOException with a sentence that names the file
     */
    static void requireClosed(Path file) throws IOException {
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is not there");
        }
        HostSecrets.requireClosed(file);
    }
}
