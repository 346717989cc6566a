package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the host's owner says about builds of followed repositories, below {@code builds} of {@code agent.yaml}.
 *
 * @param repositories URLs of those that may build here, without credentials; absent: all that are followed
 * @param entitlements what a {@code RUN} may ask for that makes it more than a container: {@code network.host},
 *     {@code security.insecure}
 * @param ssh sockets of SSH agents that builds may use, by id
 * @param secrets names of secrets that the host keeps for builds, each with the URLs of the repositories whose builds
 *     may see it
 * @param memory bytes that steps and tests of all builds may have together; absent: half of the host's
 * @param processes the same of processes and threads; absent: as many as a step of a build by hand
 * @param parallel how many builds are made at once
 * @param keep that many of those that are over are remembered, with log and reports
 * @param timeout after which a build is called off
 */
public record BuildsEntry(
        Optional<List<String>> repositories,
        List<String> entitlements,
        Map<String, String> ssh,
        Map<String, List<String>> secrets,
        Optional<Long> memory,
        Optional<Integer> processes,
        int parallel,
        int keep,
        Duration timeout) {
    /** What holds when the file says nothing. */
    public static final BuildsEntry DEFAULT = new BuildsEntry(
            Optional.empty(),
            List.of(),
            Map.of(),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            1,
            50,
            Duration.ofHours(2));

    static final Keys KEYS = Keys.of("repositories entitlements ssh secrets memory pids parallel keep timeout");
    private static final List<String> ENTITLEMENTS = List.of("network.host", "security.insecure");
    private static final long LEAST_MEMORY = 64L << 20;
    private static final int LEAST_PROCESSES = 64;
    private static final int MOST_PROCESSES = 4 << 20;
    private static final int MOST_PARALLEL = 16;
    private static final int MOST_KEPT = 10_000;

    public BuildsEntry {
        repositories = repositories.map(List::copyOf);
        entitlements = List.copyOf(entitlements);
        ssh = Collections.unmodifiableMap(new TreeMap<>(ssh));
        var granted = new TreeMap<String, List<String>>();
        secrets.forEach((name, urls) -> granted.put(name, List.copyOf(urls)));
        secrets = Collections.unmodifiableMap(granted);
    }

    /** Whether this repository may build here at all. */
    public boolean allows(String repository) {
        return repositories.isEmpty() || repositories.get().contains(repository);
    }

    /** Whether builds of this repository may see the secret that the host keeps under that name. */
    public boolean grants(String secret, String repository) {
        return secrets.getOrDefault(secret, List.of()).contains(repository);
    }

    static BuildsEntry read(Reading reading, Fields settings, String key) {
        if (!settings.has(key)) {
            return DEFAULT;
        }
        var fields = settings.fields(key, KEYS);
        var entitlements = new ArrayList<String>();
        for (var text : fields.texts("entitlements")) {
            if (ENTITLEMENTS.contains(text)) {
                entitlements.add(text);
            } else {
                fields.error("entitlements", "there are network.host and security.insecure, not \"" + text + "\"");
            }
        }
        var ssh = new TreeMap<String, String>();
        fields.keyValues("ssh").forEach((id, path) -> {
            if (path.filter(text -> text.startsWith("/")).isEmpty()) {
                fields.error(
                        "ssh",
                        "\"" + id + "\" needs the absolute path of an agent's socket. Write " + id
                                + ": /run/ssh-agent.sock");
            }
            ssh.put(id, path.orElse(""));
        });
        return new BuildsEntry(
                fields.has("repositories") ? Optional.of(fields.texts("repositories")) : Optional.empty(),
                entitlements,
                ssh,
                secrets(reading, fields),
                fields.parsed("memory", BuildsEntry::memory),
                fields.integer("pids", LEAST_PROCESSES, MOST_PROCESSES),
                fields.integer("parallel", 1, MOST_PARALLEL).orElse(DEFAULT.parallel),
                fields.integer("keep", 1, MOST_KEPT).orElse(DEFAULT.keep),
                fields.parsed("timeout", BuildsEntry::timeout).orElse(DEFAULT.timeout));
    }

    /** Closed where nobody is named: a secret is for those who are. */
    private static Map<String, List<String>> secrets(Reading reading, Fields fields) {
        var secrets = new TreeMap<String, List<String>>();
        fields.node("secrets").ifPresent(node -> {
            var path = fields.path("secrets");
            reading.named(path, node)
                    .forEach((name, entry) -> secrets.put(name, reading.texts(path + "." + name, entry.value())));
        });
        return secrets;
    }

    private static long memory(String text) {
        var bytes = ByteSize.parse(text).bytes();
        if (bytes < LEAST_MEMORY) {
            throw new IllegalArgumentException("must be at least 64m, not " + text);
        }
        return bytes;
    }

    private static Duration timeout(String text) {
        var timeout = Durations.parse(text);
        if (timeout.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("must be at least 1s, not " + text);
        }
        return timeout;
    }
}
