package dev.lockstep.spec.model;

import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Some of a host's CPUs.
 *
 * @param ranges ascending, without overlap
 */
public record CpuSet(List<Range> ranges) {
    /** More than any kernel is built for. */
    private static final int MOST = 8192;

    public CpuSet {
        ranges = List.copyOf(ranges);
    }

    /** CPUs {@code first} to {@code last}, both included. */
    public record Range(int first, int last) {}

    /**
     * Reads {@code 0-3}, {@code 0,2,4-7}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static CpuSet parse(String text) {
        var cpus = new BitSet();
        for (var part : text.split(",", -1)) {
            var dash = part.indexOf('-');
            var first = number(text, dash < 0 ? part : part.substring(0, dash));
            var last = dash < 0 ? first : number(text, part.substring(dash + 1));
            if (first > last) {
                throw invalid(text);
            }
            cpus.set(first, last + 1);
        }
        var ranges = new java.util.ArrayList<Range>();
        for (var first = cpus.nextSetBit(0); first >= 0; ) {
            var end = cpus.nextClearBit(first);
            ranges.add(new Range(first, end - 1));
            first = cpus.nextSetBit(end);
        }
        return new CpuSet(ranges);
    }

    private static int number(String all, String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw invalid(all);
        }
        var number = Integer.parseInt(text);
        if (number >= MOST) {
            throw invalid(all);
        }
        return number;
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException(
                "\"" + text + "\" is no list of CPUs. Write numbers and ranges, such as 0-3 or 0,2");
    }

    /** As the kernel writes it: {@code 0-3,6}. */
    @Override
    public String toString() {
        return ranges.stream()
                .map(r -> r.first == r.last ? Integer.toString(r.first) : r.first + "-" + r.last)
                .collect(Collectors.joining(","));
    }
}
