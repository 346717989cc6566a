package dev.lockstep.spec.policy;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.DeviceRule;
import dev.lockstep.spec.yaml.Suggestion;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** One entry of a policy's list. */
public sealed interface Allowance {
    /** Whether the entry allows that; only asked about demands of its own subject. */
    boolean allows(Demand demand);

    /** Everything of the subject: {@code privileged: true}, the capability {@code ALL}. */
    record Everything() implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return true;
        }
    }

    /** Exactly that. */
    record Word(String text) implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return demand.value().equals(text);
        }
    }

    /** What begins so: written with a star at the end. */
    record Prefix(String text) implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return demand.value().startsWith(text);
        }
    }

    /**
     * A file or directory of the host with all below it.
     *
     * @param path absolute and normal
     * @param readOnly may be read and not written
     */
    record Tree(Path path, boolean readOnly) implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return demand.value().startsWith("/")
                    && Path.of(demand.value()).normalize().startsWith(path)
                    && (demand.readOnly() || !readOnly);
        }
    }

    /** Addresses of the host. */
    record Range(Cidr addresses) implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return addresses.contains(Addresses.parse(demand.value()));
        }
    }

    /** Numbers up to this one. */
    record AtMost(long most) implements Allowance {
        @Override
        public boolean allows(Demand demand) {
            return !demand.value().equals(Demands.UNLIMITED) && Long.parseLong(demand.value()) <= most;
        }
    }

    /** Names of the namespaces that a container can share with its host. */
    List<String> NAMESPACES = List.of("network", "pid", "ipc", "uts", "user", "cgroup", "mount");

    /** What {@link Subject#HOST_RESOURCES} are called. */
    List<String> RESOURCES = List.of("cgroup-parent", "oom", "realtime", "metadata");

    /**
     * Reads an entry of that subject's list.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static Allowance parse(Subject subject, String text) {
        return switch (subject) {
            case PRIVILEGED -> throw new IllegalArgumentException("must be true or false");
            case HOST_NAMESPACES -> word(text, NAMESPACES, "a namespace");
            case HOST_RESOURCES -> word(text, RESOURCES, "a resource of the host");
            case CAPABILITIES -> capability(text);
            case BIND_SOURCES ->
                text.endsWith(":ro")
                        ? new Tree(absolute(text.substring(0, text.length() - ":ro".length())), true)
                        : new Tree(absolute(text), false);
            case SOCKETS -> new Word(absolute(text).toString());
            case DEVICES -> device(text);
            case VOLUME_TYPES -> matching(text, "[a-z0-9][a-z0-9_.-]*", "a file system such as nfs4");
            case SECURITY_OPTIONS -> pattern(securityOption(text), ".+", "a security option such as label=disable");
            case RUNTIMES -> runtime(text);
            case ANNOTATIONS -> pattern(text, "[a-zA-Z0-9][a-zA-Z0-9._/-]*\\*?|\\*", "a name such as com.example.*");
            case EXTERNAL ->
                pattern(
                        text,
                        "(container|network|volume):([a-zA-Z0-9][a-zA-Z0-9_.-]*\\*?|\\*)"
                                + "|image:([a-zA-Z0-9][a-zA-Z0-9_./:-]*\\*?|\\*)",
                        "container:NAME, network:NAME, volume:NAME or image:NAME");
            case NETWORK_PARENTS -> pattern(text, "[^\\s/*]{1,15}\\*?|\\*", "a link of the host such as eth0");
            case PIDS -> throw new IllegalArgumentException("must be a whole number");
            case SYSCTLS -> pattern(text.replace('/', '.'), "[a-z0-9][a-zA-Z0-9_.-]*\\*?", "a sysctl such as net.*");
            case PUBLISHED_ADDRESSES -> new Range(addresses(text));
        };
    }

    /** An option of {@code security_opt} in its newer form: {@code label:disable} is {@code label=disable}. */
    static String securityOption(String text) {
        var colon = text.indexOf(':');
        return colon < 0 || text.indexOf('=') >= 0 && text.indexOf('=') < colon
                ? text
                : text.substring(0, colon) + "=" + text.substring(colon + 1);
    }

    private static Allowance word(String text, List<String> words, String kind) {
        if (!words.contains(text)) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not " + kind + ". Write one of " + String.join(", ", words));
        }
        return new Word(text);
    }

    private static Allowance capability(String text) {
        try {
            var capability = Capability.parse(text);
            return capability.name().equals("ALL") ? new Everything() : new Word(capability.name());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    e.getMessage()
                            + Suggestion.nearest(text.toUpperCase(Locale.ROOT), Capability.names())
                                    .map(near -> ". Did you mean \"" + near + "\"?")
                                    .orElse(""),
                    e);
        }
    }

    private static Allowance device(String text) {
        if (text.startsWith("/")) {
            var path = absolute(text).toString();
            return path.endsWith("*") ? new Prefix(path.substring(0, path.length() - 1)) : new Word(path);
        }
        if (text.contains("=")) {
            return pattern(text, "[^\\s=]+=[^\\s*]*\\*?", "a CDI device such as nvidia.com/gpu=all");
        }
        try {
            return new Word(new DeviceRule(text).text());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is no device: write a path such as /dev/ttyUSB*, a CDI device such as"
                            + " nvidia.com/gpu=all, or a rule such as \"c 188:* rwm\"",
                    e);
        }
    }

    private static Allowance runtime(String text) {
        return text.startsWith("/")
                ? new Word(absolute(text).toString())
                : matching(text, "[a-zA-Z0-9][a-zA-Z0-9_.-]*", "the name of a runtime such as crun");
    }

    private static Allowance matching(String text, String pattern, String words) {
        if (!text.matches(pattern)) {
            throw new IllegalArgumentException("\"" + text + "\" is not " + words);
        }
        return new Word(text);
    }

    private static Allowance pattern(String text, String pattern, String words) {
        var checked = matching(text, pattern, words);
        return text.endsWith("*") ? new Prefix(text.substring(0, text.length() - 1)) : checked;
    }

    private static Path absolute(String text) {
        if (!text.startsWith("/")
                || text.contains("\0")
                || List.of(text.split("/", -1)).contains("..")) {
            throw new IllegalArgumentException("\"" + text + "\" must be an absolute path without ..");
        }
        return Path.of(text).normalize();
    }

    private static Cidr addresses(String text) {
        if (text.contains("/")) {
            return Cidr.parse(text);
        }
        var address = Addresses.parse(text);
        // All addresses at once are asked for by themselves: 0.0.0.0 is in no range but that of everything.
        return address.isAnyLocalAddress() ? new Cidr(address, 0) : new Cidr(address, address.getAddress().length * 8);
    }

    /** The tree of the host that a bind source is found in; empty for another entry. */
    default Optional<Path> tree() {
        return this instanceof Tree(var path, var _) ? Optional.of(path) : Optional.empty();
    }
}
