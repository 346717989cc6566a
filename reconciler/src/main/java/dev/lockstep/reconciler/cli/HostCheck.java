package dev.lockstep.reconciler.cli;

/**
 * One line of {@code doctor}.
 *
 * @param what is looked at
 * @param found what is there, or how to get it
 */
record HostCheck(Verdict verdict, String what, String found) {
    /** What a line means. */
    enum Verdict {
        OK,
        /** Worth knowing; everything works. */
        NOTE,
        /** Needed and not there. */
        MISSING;

        String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    static HostCheck ok(String what, String found) {
        return new HostCheck(Verdict.OK, what, found);
    }

    static HostCheck note(String what, String found) {
        return new HostCheck(Verdict.NOTE, what, found);
    }

    static HostCheck missing(String what, String found) {
        return new HostCheck(Verdict.MISSING, what, found);
    }
}
