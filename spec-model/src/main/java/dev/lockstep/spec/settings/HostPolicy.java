package dev.lockstep.spec.settings;

import dev.lockstep.spec.policy.Orders;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.policy.PolicyLayer.Remedy;
import dev.lockstep.spec.policy.PolicyLayer.Ruling;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What stacks of followed repositories may ask of this host. What makes a stack root on the host is closed unless it
 * stands here.
 *
 * @param file where it stands, or would, for people
 * @param all what every stack may ask for
 * @param orders what containers of every stack are without
 * @param stacks by name: what single stacks may ask for; a subject that one names holds for it instead of {@code all}
 */
public record HostPolicy(String file, Map<Subject, Ruling> all, Orders orders, Map<String, StackPolicy> stacks) {
    /** The host's file unless another one is named. */
    private static final String FILE = "/etc/lockstep/agent.yaml";

    private static final String KEY = "policy";

    static final Keys KEYS = Keys.of(PolicyReader.KEYS + " stacks");
    static final Keys STACK = Keys.of(PolicyReader.KEYS + " repository");

    /** Closed: nothing is said. */
    public static final HostPolicy CLOSED = new HostPolicy(FILE, Map.of(), Orders.NONE, Map.of());

    /**
     * Of one stack.
     *
     * @param repository the URL that the stack must come from, without credentials; any when empty
     */
    public record StackPolicy(Optional<String> repository, Map<Subject, Ruling> rulings, Orders orders) {
        public StackPolicy {
            var copy = new EnumMap<Subject, Ruling>(Subject.class);
            copy.putAll(rulings);
            rulings = Collections.unmodifiableMap(copy);
        }
    }

    public HostPolicy {
        var copy = new EnumMap<Subject, Ruling>(Subject.class);
        copy.putAll(all);
        all = Collections.unmodifiableMap(copy);
        stacks = Collections.unmodifiableMap(new LinkedHashMap<>(stacks));
    }

    static HostPolicy read(Reading reading, Fields settings, String file) {
        if (!settings.has(KEY)) {
            return new HostPolicy(file, Map.of(), Orders.NONE, Map.of());
        }
        var fields = settings.fields(KEY, KEYS);
        var stacks = new LinkedHashMap<String, StackPolicy>();
        fields.node("stacks")
                .ifPresent(node -> reading.named(fields.path("stacks"), node).forEach((name, entry) -> {
                    var path = fields.path("stacks") + "." + name;
                    reading.attempt(path, YamlScalar.text(entry.keyAt(), name), () -> HostLabels.stack(name));
                    var own = reading.fields(path, entry.keyAt(), entry.value(), STACK);
                    var policy = new PolicyReader(reading, own);
                    stacks.put(
                            name,
                            new StackPolicy(
                                    own.text("repository").filter(url -> !url.isBlank()),
                                    policy.rulings(),
                                    policy.orders()));
                }));
        var policy = new PolicyReader(reading, fields);
        return new HostPolicy(file, policy.rulings(), policy.orders(), stacks);
    }

    /**
     * What a stack may ask for.
     *
     * @param repository that it comes from, without credentials; empty for files that are checked on their own
     */
    public PolicyLayer layer(String stack, Optional<String> repository) {
        var rulings = new EnumMap<Subject, Ruling>(Subject.class);
        rulings.putAll(all);
        var own = Optional.ofNullable(stacks.get(stack))
                .filter(named -> repository.isEmpty()
                        || named.repository().isEmpty()
                        || named.repository().equals(repository));
        own.ifPresent(named -> rulings.putAll(named.rulings()));
        return new PolicyLayer(
                "This host",
                rulings,
                own.map(named -> orders.under(named.orders())).orElse(orders),
                Optional.of(new Remedy(file, KEY + ".stacks." + stack)));
    }

    /** The layer for what a repository asks for and no stack of it. */
    public PolicyLayer layer() {
        return new PolicyLayer("This host", all, orders, Optional.of(new Remedy(file, KEY)));
    }
}
