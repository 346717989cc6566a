package dev.lockstep.reconciler.history;

import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Demand;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Something that a revision asked of its host, with its place in the files of then: what is gone back to is held to
 * what the host allows now, and its files may be gone.
 *
 * @param file as positions name it
 * @param line from 1
 * @param column from 1
 */
public record HostDemand(Demand demand, String file, int line, int column) {
    /** All of them, with their places. */
    public static List<HostDemand> of(List<Demand> demands, Sources sources) {
        return demands.stream()
                .map(demand -> {
                    var at = sources.at(demand.path());
                    return new HostDemand(demand, at.file(), at.line(), at.column());
                })
                .toList();
    }

    /** Where each of them stood. */
    public static Sources places(List<HostDemand> demands) {
        return new Sources(demands.stream()
                .collect(Collectors.toMap(
                        asked -> asked.demand().path(),
                        asked -> new SourcePosition(asked.file(), asked.line(), asked.column()),
                        (first, _) -> first)));
    }
}
