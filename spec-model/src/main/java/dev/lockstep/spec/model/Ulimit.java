package dev.lockstep.spec.model;

import java.util.List;

/** A resource limit of processes, setrlimit(2); −1 is no limit. */
public sealed interface Ulimit {
    /** What the kernel knows, in the order of the alphabet. */
    List<String> NAMES = List.of(
            "as",
            "core",
            "cpu",
            "data",
            "fsize",
            "locks",
            "memlock",
            "msgqueue",
            "nice",
            "nofile",
            "nproc",
            "rss",
            "rtprio",
            "rttime",
            "sigpending",
            "stack");

    /** What holds, and what a process may raise itself. */
    long soft();

    /** What a process may raise the soft limit to. */
    long hard();

    /** Both the same. */
    record Single(long value) implements Ulimit {
        public Single {
            check(value);
        }

        @Override
        public long soft() {
            return value;
        }

        @Override
        public long hard() {
            return value;
        }
    }

    /** Written as two. */
    record Pair(long soft, long hard) implements Ulimit {
        public Pair {
            check(soft);
            check(hard);
        }
    }

    private static void check(long value) {
        if (value < -1) {
            throw new IllegalArgumentException("a limit cannot be " + value + ". Write -1 for no limit");
        }
    }
}
