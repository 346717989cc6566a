package dev.lockstep.runtime.network;

import java.util.List;
import java.util.Optional;

/** Chooses subnets that collide with nothing. Pure. */
final class Subnets {
    /**
     * A range that is in use.
     *
     * @param by for people: {@code route 10.0.0.0/8 of eth0}
     * @param isRoute whether more exact routes go before it
     */
    record Taken(Cidr range, String by, boolean isRoute) {
        /** Whether what is meant for the range gets there nevertheless: the longest prefix counts. */
        boolean givesWayTo(Cidr other) {
            return isRoute && other.prefix() > range.prefix();
        }
    }

    private Subnets() {}

    /** The first range of that size in the pool that overlaps nothing, or empty when the pool is used up. */
    static Optional<Cidr> choose(List<Cidr> pool, int prefix, List<Taken> taken) {
        for (var range : pool) {
            var candidate = Optional.of(Cidr.around(range.base(), prefix));
            while (candidate.isPresent()) {
                var obstacle = obstacle(candidate.get(), taken);
                if (obstacle.isEmpty()) {
                    return candidate;
                }
                // Behind whatever is larger: a /8 in the way is one step, not 65536.
                var passed = obstacle.get().range().prefix() < prefix
                        ? obstacle.get().range()
                        : candidate.get();
                candidate = passed.last().compareTo(range.last()) >= 0
                        ? Optional.empty()
                        : Optional.of(Cidr.around(passed.last().plus(1), prefix));
            }
        }
        return Optional.empty();
    }

    /** What overlaps the range. */
    static Optional<Taken> obstacle(Cidr range, List<Taken> taken) {
        return taken.stream().filter(t -> t.range().overlaps(range)).findFirst();
    }
}
