package dev.lockstep.spec.settings;

import dev.lockstep.spec.policy.Orders;
import dev.lockstep.spec.policy.PolicyLayer.Ruling;
import dev.lockstep.spec.policy.Subject;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What stacks may ask for, as one mapping of a file says it. Nothing said about a subject means that what stands above
 * decides: for a stack the repository's policy, for that the host's. A policy in a repository can only take away.
 *
 * @param rulings by subject
 * @param orders what containers are without
 * @param registries where images may come from, {@code HOST} or {@code HOST:PORT}; never in the host's own policy,
 *     which says it with its images
 * @param images what must be true of images, by their names; none: nothing
 */
public record Policy(
        Map<Subject, Ruling> rulings, Orders orders, Optional<List<String>> registries, List<ImageRule> images) {
    /** Says nothing about anything. */
    public static final Policy NONE = new Policy(Map.of(), Orders.NONE, Optional.empty(), List.of());

    public Policy {
        var copy = new EnumMap<Subject, Ruling>(Subject.class);
        copy.putAll(rulings);
        rulings = Collections.unmodifiableMap(copy);
        registries = registries.map(List::copyOf);
        images = List.copyOf(images);
    }

    /** What is said of a subject, if anything. */
    public Optional<Ruling> ruling(Subject subject) {
        return Optional.ofNullable(rulings.get(subject));
    }
}
