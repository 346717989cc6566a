package dev.lockstep.spec.settings;

import dev.lockstep.spec.policy.Allowance;
import dev.lockstep.spec.policy.PolicyLayer.Ruling;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what a policy says of its subjects. An empty list allows nothing; no list says nothing. */
final class PolicyReader {
    private final Reading reading;
    private final Fields fields;

    PolicyReader(Reading reading, Fields fields) {
        this.reading = reading;
        this.fields = fields;
    }

    Map<Subject, Ruling> rulings() {
        var rulings = new EnumMap<Subject, Ruling>(Subject.class);
        for (var subject : Subject.values()) {
            var key = subject.key();
            if (fields.has(key)) {
                rulings.put(subject, new Ruling(allowed(subject, key), fields.path(key), fields.at(key)));
            }
        }
        return rulings;
    }

    /** What a repository's policy says beside. */
    Optional<List<String>> registries() {
        return fields.has("registries")
                ? Optional.of(entries("registries").stream()
                        .flatMap(item -> reading.parsed(item.path(), item.node(), ImagePolicyReader::registry).stream())
                        .toList())
                : Optional.empty();
    }

    private List<Allowance> allowed(Subject subject, String key) {
        if (subject == Subject.PRIVILEGED) {
            return fields.flag(key, false) ? List.of(new Allowance.Everything()) : List.of();
        }
        return entries(key).stream()
                .flatMap(entry ->
                        reading.parsed(entry.path(), entry.node(), text -> Allowance.parse(subject, text)).stream())
                .toList();
    }

    private record Entry(String path, YamlNode node) {}

    /** A list, or a single text. */
    private List<Entry> entries(String key) {
        var node = fields.node(key);
        var path = fields.path(key);
        if (node.isEmpty()) {
            return List.of();
        }
        if (node.get() instanceof YamlScalar single && single.isText()) {
            return List.of(new Entry(path, single));
        }
        var entries = new ArrayList<Entry>();
        for (var item : reading.items(path, node.get())) {
            var at = path + "[" + entries.size() + "]";
            reading.place(at, item.at());
            entries.add(new Entry(at, item));
        }
        return entries;
    }
}
