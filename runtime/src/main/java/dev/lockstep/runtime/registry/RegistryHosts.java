package dev.lockstep.runtime.registry;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How single registries are reached.
 *
 * @param rules by host, as references name it; a host without a rule is reached by HTTPS, one on this machine's
 *     loopback by plain HTTP unless there are certificates for it
 * @param certificates directories with one directory per {@code HOST[:PORT]}, as {@code /etc/docker/certs.d}
 */
public record RegistryHosts(Map<String, Rule> rules, List<Path> certificates) {
    /** Nobody configured anything. */
    public static final RegistryHosts NONE = new RegistryHosts(Map.of(), List.of());

    static final Pattern LOOPBACK = Pattern.compile("(localhost|127(\\.[0-9]{1,3}){3}|\\[(0*:)*0*1])(:[0-9]+)?");

    public RegistryHosts {
        rules = Map.copyOf(rules);
        certificates = List.copyOf(certificates);
    }

    /**
     * What the owner says about one host.
     *
     * @param insecure true: HTTPS with any certificate, or else plain HTTP; false: HTTPS that is verified, also on the
     *     loopback
     * @param mirrors asked first, in this order, for pulls only
     */
    public record Rule(Optional<Boolean> insecure, List<Mirror> mirrors) {
        static final Rule NONE = new Rule(Optional.empty(), List.of());

        public Rule {
            mirrors = List.copyOf(mirrors);
        }
    }

    /**
     * A registry that has the content of another one.
     *
     * @param host with its port where it has one
     * @param path below which it keeps the repositories; empty for none
     */
    public record Mirror(String host, String path) {
        private static final Pattern FORM = Pattern.compile(
                "(?<host>\\[[0-9a-fA-F:]+](:[0-9]{1,5})?|[a-zA-Z0-9.-]+(:[0-9]{1,5})?)(/(?<path>[a-z0-9._/-]+))?");

        /** Reads {@code HOST[:PORT][/PATH]}. */
        public static Mirror parse(String text) {
            var matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("\"" + text + "\" is not HOST[:PORT][/PATH]");
            }
            return new Mirror(
                    matcher.group("host"),
                    Optional.ofNullable(matcher.group("path")).orElse(""));
        }
    }

    Rule rule(String host) {
        return rules.getOrDefault(host, Rule.NONE);
    }

    /** Where the registry of that host is: Docker Hub's name is not its address (distribution/reference). */
    static String address(String host) {
        return host.equals("docker.io") ? "registry-1.docker.io" : host;
    }

    /** The host whose registry is at that address. */
    static String host(String address) {
        return address.equals("registry-1.docker.io") ? "docker.io" : address;
    }
}
