package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Suggestion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Reads one policy. */
final class PolicyReader {
    private static final String WORD = "[a-zA-Z0-9][a-zA-Z0-9_.-]*";

    private final RepositoryReader reader;
    private final Fields fields;

    PolicyReader(RepositoryReader reader, Fields fields) {
        this.reader = reader;
        this.fields = fields;
    }

    Policy read() {
        return new Policy(
                fields.has("privileged") ? Optional.of(fields.flag("privileged", false)) : Optional.empty(),
                list("host-namespaces", PolicyReader::namespace),
                list("capabilities", PolicyReader::capability),
                list("bind-sources", PolicyReader::absolute),
                list("devices", PolicyReader::absolute),
                list("sockets", PolicyReader::absolute),
                list("security-options", Function.identity()),
                list("sysctls", text -> matching(text, "[a-z0-9][a-zA-Z0-9_./-]*\\*?", "a sysctl such as net.*")),
                list("runtimes", text -> matching(text, WORD, "the name of a runtime such as crun")),
                list("published-addresses", PolicyReader::address),
                list("registries", ImagePolicyReader::registry),
                reader.images(fields));
    }

    /** An empty list allows nothing; no list says nothing. */
    private <T> Optional<List<T>> list(String key, Function<String, T> parser) {
        return fields.has(key) ? Optional.of(reader.list(fields, key, parser)) : Optional.empty();
    }

    private static Policy.HostNamespace namespace(String text) {
        return Arrays.stream(Policy.HostNamespace.values())
                .filter(namespace -> word(namespace).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is not a namespace. Write one of "
                        + String.join(
                                ", ",
                                Arrays.stream(Policy.HostNamespace.values())
                                        .map(PolicyReader::word)
                                        .toList())));
    }

    private static String word(Policy.HostNamespace namespace) {
        return namespace.name().toLowerCase(Locale.ROOT);
    }

    private static Capability capability(String text) {
        try {
            return Capability.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    e.getMessage()
                            + Suggestion.nearest(text.toUpperCase(Locale.ROOT), Capability.names())
                                    .map(near -> ". Did you mean \"" + near + "\"?")
                                    .orElse(""),
                    e);
        }
    }

    private static String absolute(String text) {
        if (!text.startsWith("/") || List.of(text.split("/", -1)).contains("..")) {
            throw new IllegalArgumentException("\"" + text + "\" must be an absolute path without ..");
        }
        return text;
    }

    private static String address(String text) {
        if (text.contains("/")) {
            Cidr.parse(text);
        } else {
            Addresses.parse(text);
        }
        return text;
    }

    private static String matching(String text, String pattern, String words) {
        if (!text.matches(pattern)) {
            throw new IllegalArgumentException("\"" + text + "\" is not " + words);
        }
        return text;
    }
}
