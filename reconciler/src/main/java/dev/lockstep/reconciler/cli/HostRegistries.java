package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.registry.CredentialFile;
import dev.lockstep.runtime.registry.Credentials;
import dev.lockstep.runtime.registry.Proxies;
import dev.lockstep.runtime.registry.RegistryHosts;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How this host reaches registries: with which accounts and certificates, and over which mirrors. */
final class HostRegistries {
    /** Accounts that Lockstep alone uses; as secret as a key. */
    static final Path ACCOUNTS = Path.of("/etc/lockstep/registries.json");

    private static final String VARIABLE = "LOCKSTEP_REGISTRIES";

    /** Lockstep's own place for certificates, then Docker's. */
    static final List<Path> CERTIFICATES = List.of(Path.of("/etc/lockstep/certs.d"), Path.of("/etc/docker/certs.d"));

    private HostRegistries() {}

    /** Reads nothing yet: the files are looked at when a registry asks for an account. */
    static RegistrySettings of(AgentSettings settings, Map<String, String> environment) throws IOException {
        var accounts = Credentials.firstOf(
                List.of(accounts(environment), CredentialFile.shared(dockerConfig(environment), environment)));
        return RegistrySettings.anonymous()
                .with(accounts, new RegistryHosts(rules(settings), CERTIFICATES))
                .by(proxies(settings, environment));
    }

    /**
     * Those of the environment where it names one: whoever started this wants them now. Else those of the host.
     *
     * @throws IOException with a sentence that names the variable or the key
     */
    static Proxies proxies(AgentSettings settings, Map<String, String> environment) throws IOException {
        try {
            var now = Proxies.of(environment);
            var written = settings.proxy();
            return now.isEmpty() ? Proxies.of(written.https(), written.http(), written.direct()) : now;
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Lockstep's own accounts. */
    static CredentialFile accounts(Map<String, String> environment) {
        return CredentialFile.secret(accountsFile(environment), environment);
    }

    /** {@value #VARIABLE} names another file, as {@code LOCKSTEP_ROOT} another root. */
    static Path accountsFile(Map<String, String> environment) {
        var other = environment.getOrDefault(VARIABLE, "");
        return other.isEmpty() ? ACCOUNTS : Path.of(other);
    }

    static Map<String, RegistryHosts.Rule> rules(AgentSettings settings) {
        var rules = new LinkedHashMap<String, RegistryHosts.Rule>();
        settings.registries()
                .forEach((host, entry) -> rules.put(
                        host,
                        new RegistryHosts.Rule(
                                entry.insecure(),
                                entry.mirrors().stream()
                                        .map(RegistryHosts.Mirror::parse)
                                        .toList())));
        return rules;
    }

    /** Where Docker keeps accounts; a service has no HOME, but its user has. */
    static Path dockerConfig(Map<String, String> environment) {
        var directory = environment.getOrDefault("DOCKER_CONFIG", "");
        if (!directory.isEmpty()) {
            return Path.of(directory, "config.json");
        }
        var home = environment.getOrDefault("HOME", "");
        return Path.of(home.isEmpty() ? System.getProperty("user.home") : home, ".docker/config.json");
    }
}
