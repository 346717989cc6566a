package dev.lockstep.runtime.linux;

import java.util.BitSet;

/** Processors as the kernel lists them, such as {@code 0-3,6} (cpuset(7), List format). */
public final class CpuList {
    private CpuList() {}

    /**
     * Reads a list; an empty one has none.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static BitSet parse(String text) {
        var cpus = new BitSet();
        if (text.isBlank()) {
            return cpus;
        }
        for (var range : text.strip().split(",", -1)) {
            var ends = range.split("-", 2);
            try {
                cpus.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
            } catch (NumberFormatException | IndexOutOfBoundsException e) {
                throw new IllegalArgumentException("\"" + text + "\" is no list of processors", e);
            }
        }
        return cpus;
    }
}
