package dev.lockstep.spec.settings;

import java.util.Comparator;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which images a rule is about, by registry and repository in full:
 *
 * <ul>
 *   <li>{@code docker.io/library/nginx}: that repository
 *   <li>{@code registry.example.com/team/*}: every repository below, at any depth
 *   <li>{@code registry.example.com/*}: everything of a registry
 *   <li>{@code *.example.com/*}: everything of the registries of a domain
 *   <li>{@code *}: everything
 * </ul>
 *
 * <p>Tags are no part of it: the same image has others, and a digest.
 *
 * @param text as written, but for the names that Docker Hub has beside {@code docker.io}
 * @param path of a repository, or with a slash behind it of all that are below; empty for a whole registry
 */
public record ImagePattern(String text, Scope scope, String host, String path) {
    /** How much a pattern says; each next one is more specific than those before it. */
    public enum Scope {
        EVERYTHING,
        DOMAIN,
        BELOW,
        REPOSITORY
    }

    /** The more specific of two patterns that match the same image is the greater one; they are never equal. */
    public static final Comparator<ImagePattern> BY_SPECIFICITY = Comparator.comparing(ImagePattern::scope)
            .thenComparingInt(
                    pattern -> pattern.host().length() + pattern.path().length());

    private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?";
    private static final Pattern HOST =
            Pattern.compile("(\\[[0-9a-fA-F:]+\\]|" + LABEL + "(\\." + LABEL + ")*)(:[0-9]{1,5})?");
    private static final Pattern DOMAIN = Pattern.compile("(\\." + LABEL + ")+(:[0-9]{1,5})?");
    private static final String COMPONENT = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
    private static final Pattern PATH = Pattern.compile(COMPONENT + "(/" + COMPONENT + ")*");
    private static final String HUB = "docker.io";

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static ImagePattern parse(String written) {
        if (written.equals("*")) {
            return new ImagePattern("*", Scope.EVERYTHING, "", "");
        }
        var slash = written.indexOf('/');
        var first = slash < 0 ? written : written.substring(0, slash);
        var rest = slash < 0 ? "" : written.substring(slash + 1);
        if (first.startsWith("*")) {
            if (!DOMAIN.matcher(first.substring(1)).matches() || !rest.equals("*")) {
                throw wrong(written, "the registries of a domain are written *.example.com/*");
            }
            return new ImagePattern(
                    written.toLowerCase(Locale.ROOT),
                    Scope.DOMAIN,
                    registry("x" + first.substring(1)).substring(1),
                    "");
        }
        if (rest.contains("@") || rest.contains(":")) {
            throw wrong(written, "a rule is about a repository, without tag and digest");
        }
        if (!isRegistry(first)) {
            var hub = HUB + "/" + (slash < 0 ? "library/" : "") + written;
            throw wrong(
                    written, "it must begin with the registry" + (isName(written) ? ": write \"" + hub + "\"" : ""));
        }
        var host = registry(first);
        if (rest.equals("*")) {
            return new ImagePattern(host + "/*", Scope.BELOW, host, "");
        }
        var below = rest.endsWith("/*");
        var path = below ? rest.substring(0, rest.length() - 2) : rest;
        if (slash < 0 || !PATH.matcher(path).matches()) {
            throw wrong(
                    written,
                    slash < 0
                            ? "everything of a registry is \"" + written + "/*\""
                            : path.contains("*")
                                    ? "* stands at the end, behind a slash"
                                    : "write HOST/REPOSITORY or HOST/PATH/*, in lower case");
        }
        if (below) {
            return new ImagePattern(host + "/" + rest, Scope.BELOW, host, path + "/");
        }
        var repository = host.equals(HUB) && !path.contains("/") ? "library/" + path : path;
        return new ImagePattern(host + "/" + repository, Scope.REPOSITORY, host, repository);
    }

    /** As in references: what is no registry is a part of a name on Docker Hub. */
    private static boolean isRegistry(String first) {
        return HOST.matcher(first).matches()
                && (first.contains(".")
                        || first.contains(":")
                        || first.equals("localhost")
                        || !first.equals(first.toLowerCase(Locale.ROOT)));
    }

    private static boolean isName(String written) {
        return PATH.matcher(written.replaceFirst("/\\*$", "")).matches();
    }

    private static IllegalArgumentException wrong(String written, String why) {
        return new IllegalArgumentException("\"" + written + "\" is no pattern for images: " + why);
    }

    /**
     * One name for one registry: names of hosts have no case, 443 is the port of HTTPS, and Docker Hub has several
     * names. Whoever writes another one must not get round a rule.
     *
     * @param written {@code HOST} or {@code HOST:PORT}
     */
    static String registry(String written) {
        var host = written.toLowerCase(Locale.ROOT).replaceFirst(":0*443$", "");
        return host.equals("index.docker.io") || host.equals("registry-1.docker.io") ? HUB : host;
    }

    /**
     * Whether the rule is about that repository.
     *
     * @param named host and port of the registry, as references have it in full
     */
    public boolean matches(String named, String repository) {
        var registry = registry(named);
        return switch (scope) {
            case EVERYTHING -> true;
            case DOMAIN -> registry.endsWith(host);
            case BELOW -> registry.equals(host) && repository.startsWith(path);
            case REPOSITORY -> registry.equals(host) && repository.equals(path);
        };
    }

    /** Whether this pattern matches everything that the other one does. */
    public boolean covers(ImagePattern other) {
        return switch (scope) {
            case EVERYTHING -> true;
            case DOMAIN -> other.scope != Scope.EVERYTHING && other.host.endsWith(host);
            case BELOW ->
                (other.scope == Scope.BELOW || other.scope == Scope.REPOSITORY)
                        && other.host.equals(host)
                        && other.path.startsWith(path);
            case REPOSITORY -> equals(other);
        };
    }

    @Override
    public String toString() {
        return text;
    }
}
