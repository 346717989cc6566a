package dev.lockstep.spec.settings;

import dev.lockstep.spec.policy.Allowance;
import dev.lockstep.spec.policy.Demands;
import dev.lockstep.spec.policy.Orders;
import dev.lockstep.spec.policy.Orders.Order;
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
import java.util.function.Function;

/** Reads what a policy says of its subjects. An empty list allows nothing; no list says nothing. */
final class PolicyReader {
    /** With blanks between. */
    static final String KEYS = Subject.keys() + " " + Orders.DROPPED + " " + Orders.NO_NEW_PRIVILEGES;

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

    Orders orders() {
        return new Orders(
                order(Orders.DROPPED, this::dropped), order(Orders.NO_NEW_PRIVILEGES, key -> fields.flag(key, false)));
    }

    private <T> Optional<Order<T>> order(String key, Function<String, T> read) {
        return fields.has(key)
                ? Optional.of(new Order<>(read.apply(key), fields.path(key), fields.at(key)))
                : Optional.empty();
    }

    private List<String> dropped(String key) {
        return entries(key).stream()
                .flatMap(entry -> reading.parsed(entry.path(), entry.node(), PolicyReader::ordinary).stream())
                .distinct()
                .toList();
    }

    private static String ordinary(String text) {
        var name = Allowance.parse(Subject.CAPABILITIES, text) instanceof Allowance.Word(var word) ? word : "ALL";
        if (!name.equals("ALL") && !Demands.CAPABILITIES.contains(name)) {
            throw new IllegalArgumentException(
                    "no container has " + name + " unless capabilities allows it. Take it out");
        }
        return name;
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
        if (subject == Subject.PIDS) {
            return most(key);
        }
        return entries(key).stream()
                .flatMap(entry ->
                        reading.parsed(entry.path(), entry.node(), text -> Allowance.parse(subject, text)).stream())
                .toList();
    }

    private List<Allowance> most(String key) {
        var most = fields.integer(key, -1, Integer.MAX_VALUE);
        if (most.filter(number -> number == 0).isPresent()) {
            fields.error(key, "must be at least 1, or -1 for any number");
        }
        return most.<Allowance>map(number -> number < 0 ? new Allowance.Everything() : new Allowance.AtMost(number))
                .map(List::of)
                .orElse(List.of());
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
