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
        // In this order, whatever a candidate has passed is in the way of none that comes behind it.
        var inTheWay = taken.stream().map(Taken::range).sorted().toList();
        for (var range : pool) {
            var candidate = Optional.of(Cidr.around(range.base(), prefix));
            for (var other : inTheWay) {
                candidate = candidate.flatMap(c -> other.overlaps(c) ? behind(other, c, range) : Optional.of(c));
            }
            if (candidate.isPresent()) {
                return candidate;
            }
        }
        return Optional.empty();
    }

    /** The next candidate of the range behind whatever is larger: a /8 in the way is one step, not 65536. */
    private static Optional<Cidr> behind(Cidr other, Cidr candidate, Cidr range) {
        var passed = other.prefix() < candidate.prefix() ? other : candidate;
        return passed.last().compareTo(range.last()) >= 0
                ? Optional.empty()
                : Optional.of(Cidr.around(passed.last().plus(1), candidate.prefix()));
    }

    /** What overlaps the range. */
    static Optional<Taken> obstacle(Cidr range, List<Taken> taken) {
        return taken.stream().filter(t -> t.range().overlaps(range)).findFirst();
    }
}
