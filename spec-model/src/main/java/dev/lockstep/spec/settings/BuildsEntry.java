package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
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
 * @param parallel how many builds are made at once
 * @param keep that many of those that are over are remembered, with log and reports
 * @param timeout after which a build is called off
 */
public record BuildsEntry(
        Optional<List<String>> repositories,
        List<String> entitlements,
        Map<String, String> ssh,
        int parallel,
        int keep,
        Duration timeout) {
    /** What holds when the file says nothing. */
    public static final BuildsEntry DEFAULT =
            new BuildsEntry(Optional.empty(), List.of(), Map.of(), 1, 50, Duration.ofHours(2));

    static final Keys KEYS = Keys.of("repositories entitlements ssh parallel keep timeout");
    private static final List<String> ENTITLEMENTS = List.of("network.host", "security.insecure");
    private static final int MOST_PARALLEL = 16;
    private static final int MOST_KEPT = 10_000;

    public BuildsEntry {
        repositories = repositories.map(List::copyOf);
        entitlements = List.copyOf(entitlements);
        ssh = Collections.unmodifiableMap(new TreeMap<>(ssh));
    }

    /** Whether this repository may build here at all. */
    public boolean allows(String repository) {
        return repositories.isEmpty() || repositories.get().contains(repository);
    }

    static BuildsEntry read(Fields settings, String key) {
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
                fields.integer("parallel", 1, MOST_PARALLEL).orElse(DEFAULT.parallel),
                fields.integer("keep", 1, MOST_KEPT).orElse(DEFAULT.keep),
                fields.parsed("timeout", BuildsEntry::timeout).orElse(DEFAULT.timeout));
    }

    private static Duration timeout(String text) {
        var timeout = Durations.parse(text);
        if (timeout.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("must be at least 1s, not " + text);
        }
        return timeout;
    }
}
