package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the host's owner wrote in {@code /etc/lockstep/agent.yaml}.
 *
 * @param host this host's name; the system's own when empty
 * @param labels of this host, by which stacks are placed; those that a repository gives it win
 * @param interval time between two looks at the repositories
 * @param driftInterval time between two full checks of what really runs
 * @param housekeeping when images that nobody needs go, and which
 * @param registries how single registries are reached, by host as images name it, in file order
 * @param images which images may run; what repositories say of it can only narrow this
 * @param policy what stacks of followed repositories may ask for
 * @param proxy what stands between this host and registries, and repositories that are reached by HTTP
 * @param unpackLimits how much a layer may ask for
 * @param userNamespaces whose users containers have
 * @param builds what followed repositories may build here
 */
public record AgentSettings(
        Optional<String> host,
        Map<String, String> labels,
        List<Repository> repositories,
        Duration interval,
        Duration driftInterval,
        ForeignFirewall foreignFirewall,
        HousekeepingEntry housekeeping,
        Map<String, RegistryEntry> registries,
        ImagePolicy images,
        HostPolicy policy,
        ProxyEntry proxy,
        LayerLimits unpackLimits,
        UserNamespaceEntry userNamespaces,
        BuildsEntry builds) {
    /** How often the repositories and the host are looked at unless the file says otherwise. */
    public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);

    static final Keys SETTINGS = Keys.of(
            "host labels repositories interval drift-interval foreign-firewall housekeeping registries images policy"
                    + " proxy unpack-limits user-namespaces builds");
    static final Keys REPOSITORY = Keys.of("url ref path force-push report formerly username password-file ca-file"
            + " ssh-key-file known-hosts-file");
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    public AgentSettings {
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
        repositories = List.copyOf(repositories);
        registries = Collections.unmodifiableMap(new LinkedHashMap<>(registries));
    }

    /** What holds when the file says nothing. */
    public static AgentSettings defaults() {
        return new AgentSettings(
                Optional.empty(),
                Map.of(),
                List.of(),
                DEFAULT_INTERVAL,
                DEFAULT_INTERVAL,
                ForeignFirewall.ACCEPT,
                HousekeepingEntry.DEFAULT,
                Map.of(),
                ImagePolicy.NONE,
                HostPolicy.CLOSED,
                ProxyEntry.NONE,
                LayerLimits.DEFAULT,
                UserNamespaceEntry.DEFAULT,
                BuildsEntry.DEFAULT);
    }

    /**
     * A repository that is followed.
     *
     * @param url anything Git fetches from, a local path included
     * @param ref branch, tag or full name; {@code main} when empty
     * @param path the directory in the repository that is looked in, relative and without {@code ..}; all of it when
     *     empty
     * @param forcePush what a ref may do but go on from the commit that was fetched last
     * @param report whether the status of its stacks is pushed to {@code refs/lockstep/status/HOST}
     * @param access how the host logs in there
     * @param formerly URLs that it had before: what stacks of these made on this host is its own
     */
    public record Repository(
            String url,
            Optional<String> ref,
            Optional<String> path,
            ForcePush forcePush,
            boolean report,
            RepositoryAccess access,
            List<String> formerly) {
        public Repository {
            formerly = List.copyOf(formerly);
        }

        /** One that nothing is reported to, that needs no login but that of its URL, and was never called otherwise. */
        public Repository(String url, Optional<String> ref, Optional<String> path) {
            this(url, ref, path, ForcePush.REFUSE_RELEASES, false, RepositoryAccess.NONE, List.of());
        }

        /** The same at another URL. */
        public Repository at(String other, List<String> before) {
            return new Repository(other, ref, path, forcePush, report, access, before);
        }
    }

    /** Which moves of a followed ref are followed. */
    public enum ForcePush {
        /** All. */
        FOLLOW,
        /** Branches may be pushed by force and tags moved, but for tags that are called as releases are. */
        REFUSE_RELEASES,
        /** A branch must go on from the commit that was fetched last, and no tag may move. */
        REFUSE;

        /** As the file has it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private static ForcePush of(String text) {
            return Arrays.stream(values())
                    .filter(one -> one.word().equals(text))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "must be follow, refuse or refuse-releases, not \"" + text + "\""));
        }
    }

    /** What to do where another firewall would drop our forwarded traffic. */
    public enum ForeignFirewall {
        /** Add a marked accept rule to its own extension point. */
        ACCEPT,
        /** Touch nothing of others. */
        LEAVE
    }

    /** What reading gave. */
    public sealed interface Read {
        /** What should be put right, by position. */
        List<Problem> warnings();

        /** Settings. */
        record Valid(AgentSettings settings, List<Problem> warnings) implements Read {
            public Valid {
                warnings = List.copyOf(warnings);
            }
        }

        /** Everything that is wrong, by position; at least one. */
        record Invalid(List<Problem> errors, List<Problem> warnings) implements Read {
            public Invalid {
                errors = List.copyOf(errors);
                warnings = List.copyOf(warnings);
            }
        }
    }

    /** Reads the file's bytes; {@code file} is its name in positions. An empty file is all defaults. */
    public static Read read(String file, byte[] bytes) {
        var problems = new Problems();
        var documents = new YamlReader(YamlLimits.DEFAULT).read(file, bytes, problems);
        if (documents.size() > 1) {
            problems.error(documents.get(1).at(), "", "only one document is allowed here");
        }
        var settings = documents.isEmpty() ? defaults() : settings(new Reading(problems), documents.getFirst(), file);
        return problems.hasErrors()
                ? new Read.Invalid(problems.errors(), problems.warnings())
                : new Read.Valid(settings, problems.warnings());
    }

    private static AgentSettings settings(Reading reading, YamlNode root, String file) {
        var fields = reading.fields("", root.at(), root, SETTINGS);
        return new AgentSettings(
                fields.parsed("host", HostLabels::host),
                HostLabels.read(fields, "labels"),
                repositories(reading, fields),
                fields.quantity("interval", "s", AgentSettings::interval).orElse(DEFAULT_INTERVAL),
                fields.quantity("drift-interval", "s", AgentSettings::interval).orElse(DEFAULT_INTERVAL),
                fields.parsed("foreign-firewall", AgentSettings::foreignFirewall)
                        .orElse(ForeignFirewall.ACCEPT),
                HousekeepingEntry.read(fields, "housekeeping"),
                RegistryEntry.read(reading, fields, "registries"),
                new ImagePolicyReader(reading, true).read(fields, "images"),
                HostPolicy.read(reading, fields, file),
                ProxyEntry.read(reading, fields, "proxy"),
                LayerLimits.read(fields, "unpack-limits"),
                UserNamespaceEntry.read(fields, "user-namespaces"),
                BuildsEntry.read(reading, fields, "builds"));
    }

    private static List<Repository> repositories(Reading reading, Fields settings) {
        var repositories = new ArrayList<Repository>();
        var places = new HashMap<List<String>, SourcePosition>();
        var items = settings.node("repositories")
                .map(node -> reading.items("repositories", node))
                .orElse(List.of());
        for (var i = 0; i < items.size(); i++) {
            var item = items.get(i);
            var path = "repositories[" + i + "]";
            var fields = reading.fields(path, item.at(), item, REPOSITORY);
            var url = fields.text("url").filter(text -> !text.isBlank());
            if (!fields.has("url")) {
                reading.error(item.at(), path, "has no url");
            } else if (url.isEmpty()) {
                fields.error("url", "is empty");
            }
            var repository = new Repository(
                    url.orElse(""),
                    fields.parsed("ref", AgentSettings::ref),
                    fields.parsed("path", AgentSettings::path).filter(text -> !text.isEmpty()),
                    fields.parsed("force-push", ForcePush::of).orElse(ForcePush.REFUSE_RELEASES),
                    fields.flag("report", false),
                    RepositoryAccess.read(reading, fields, url),
                    fields.texts("formerly").stream()
                            .filter(text -> !text.isBlank())
                            .toList());
            var place = List.of(
                    repository.url(),
                    repository.ref().orElse(""),
                    repository.path().orElse(""));
            var earlier = places.putIfAbsent(place, item.at());
            if (earlier != null) {
                reading.error(item.at(), path, "is the same as the one at " + earlier);
            }
            // One clone has the ref of both: what the one follows, the other could not refuse any more.
            repositories.stream()
                    .filter(other -> other.url().equals(repository.url())
                            && other.ref().equals(repository.ref())
                            && other.forcePush() != repository.forcePush())
                    .findFirst()
                    .ifPresent(other -> reading.error(
                            item.at(),
                            path + ".force-push",
                            "is " + repository.forcePush().word() + " here and "
                                    + other.forcePush().word()
                                    + " where the same ref of the same repository is followed before; write the same"));
            repositories.add(repository);
        }
        var followed = repositories.stream().map(Repository::url).toList();
        for (var i = 0; i < items.size(); i++) {
            for (var url : repositories.get(i).formerly()) {
                if (followed.contains(url)) {
                    reading.error(
                            items.get(i).at(),
                            "repositories[" + i + "].formerly",
                            url + " is followed: its stacks are its own. Take it out of here, or do not follow it any"
                                    + " more");
                }
            }
        }
        return repositories;
    }

    private static Duration interval(String text) {
        var interval = Durations.parse(text);
        if (interval.compareTo(SHORTEST) < 0) {
            throw new IllegalArgumentException("must be at least 1s, not " + text);
        }
        return interval;
    }

    private static ForeignFirewall foreignFirewall(String text) {
        return switch (text) {
            case "accept" -> ForeignFirewall.ACCEPT;
            case "leave" -> ForeignFirewall.LEAVE;
            default -> throw new IllegalArgumentException("must be accept or leave, not \"" + text + "\"");
        };
    }

    private static String ref(String text) {
        if (text.isBlank() || text.startsWith("-") || text.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
            throw new IllegalArgumentException("\"" + text + "\" is not the name of a branch or tag");
        }
        return text;
    }

    private static String path(String text) {
        if (text.startsWith("/") || List.of(text.split("/", -1)).contains("..")) {
            throw new IllegalArgumentException("\"" + text + "\" must be a directory inside of the repository");
        }
        var parts = new ArrayList<>(List.of(text.split("/", -1)));
        parts.removeIf(part -> part.isEmpty() || part.equals("."));
        return String.join("/", parts);
    }
}
