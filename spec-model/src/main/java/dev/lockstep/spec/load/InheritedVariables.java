package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What included projects take from variables that only they know; once they are part of another, nobody knows these any
 * more. The variables in {@code environment} of a service that have no value get it in the tree. Values of secrets and
 * configs do not belong there, where they would be printed, and are kept beside it.
 */
final class InheritedVariables {
    private static final List<String> WITH_CONTENT = List.of("secrets", "configs");

    private final boolean resolve;
    private final Map<Use, Variables.Value> contents = new HashMap<>();

    /** A variable, and the path of the value that names it. */
    private record Use(String path, String variable) {}

    /** @param resolve false: nothing takes anything from variables */
    InheritedVariables(boolean resolve) {
        this.resolve = resolve;
    }

    /** An included project, whose variables are these, as it is part of another. */
    YamlNode apply(YamlNode project, Variables variables) {
        if (!resolve) {
            return project;
        }
        WITH_CONTENT.forEach(section -> remember(section, project, variables));
        return Subtrees.each(
                project,
                "services",
                service -> Subtrees.at(service, "environment", written -> resolved(written, variables)));
    }

    /** What {@code variable} was where {@code path}, such as {@code secrets.key.environment}, named it. */
    Optional<Variables.Value> content(String path, String variable) {
        return Optional.ofNullable(contents.get(new Use(path, variable)));
    }

    private void remember(String section, YamlNode project, Variables variables) {
        if (project instanceof YamlMapping root && root.get(section) instanceof YamlMapping entries) {
            entries.entries().forEach((key, entry) -> {
                if (entry.value() instanceof YamlMapping mapping
                        && mapping.get("environment") instanceof YamlScalar name) {
                    var use = new Use(section + "." + key + ".environment", name.text());
                    // As of two includes that say something of the same secret the earlier counts.
                    variables.get(name.text()).ifPresent(value -> contents.putIfAbsent(use, value));
                }
            });
        }
    }

    private static YamlNode resolved(YamlNode written, Variables variables) {
        if (!(LongForms.keyValues(written) instanceof YamlMapping environment)) {
            return written;
        }
        return environment.mapValues((name, value) -> value instanceof YamlScalar scalar && scalar.isNull()
                ? variables
                        .get(name)
                        .<YamlNode>map(found ->
                                YamlScalar.text(value.at().via(new Step.Substituted(name, found.at())), found.text()))
                        .orElse(value)
                : value);
    }
}
