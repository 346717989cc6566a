package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.settings.AgentSettings;
import java.nio.file.Path;
import java.util.List;

/** How the remotes of repositories are asked that the host's owner has named: with which logins, by which proxies. */
public final class FollowedRemotes {
    private FollowedRemotes() {}

    /** Opens clones as that repository's entry says. */
    static GitRepositories of(Engine engine, AgentSettings.Repository repository) {
        return new GitRepositories(engine.root(), settings(engine, repository));
    }

    /** Opens clones as the first entry of that remote says; where there is none, without a login. */
    public static GitRepositories of(Engine engine, List<AgentSettings.Repository> followed, Remote remote) {
        return followed.stream()
                .filter(repository -> isThat(repository, remote))
                .findFirst()
                .map(repository -> of(engine, repository))
                .orElseGet(() -> new GitRepositories(
                        engine.root(), GitSettings.defaults().withProxies(engine.proxies())));
    }

    private static boolean isThat(AgentSettings.Repository followed, Remote remote) {
        try {
            return Remote.parse(followed.url()).url().equals(remote.url());
        } catch (IllegalArgumentException e) {
            return false; // told by whoever wants to follow it
        }
    }

    private static GitSettings settings(Engine engine, AgentSettings.Repository repository) {
        var access = repository.access();
        var plain = GitSettings.defaults();
        var ssh = new GitSettings.Ssh(
                plain.ssh().directory(),
                access.sshKeyFile().map(Path::of),
                access.knownHostsFile().map(Path::of));
        var known = plain.withSsh(ssh)
                .withAuthorities(access.caFile().map(Path::of))
                .withProxies(engine.proxies());
        return access.passwordFile()
                .map(file -> known.withCredentials(CredentialSource.file(access.username(), Path.of(file))))
                .orElse(known);
    }
}
