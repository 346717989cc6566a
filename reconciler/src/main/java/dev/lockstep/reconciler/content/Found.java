package dev.lockstep.reconciler.content;

/** What stands at a tracked file's place on the host. */
sealed interface Found {
    /** Nothing; directories on the way may be missing too. */
    record Absent() implements Found {}

    /** A version that Git wrote or would write, unchanged. */
    record Known(Tracked version) implements Found {}

    /** A file or link that is no version of Git's. */
    record Foreign() implements Found {}

    /** A directory with nothing but directories in it. */
    record HollowDirectory() implements Found {}

    /** A directory with a file in it. */
    record FullDirectory() implements Found {}

    /** A directory on the way is a link or a file, or the place has a device, FIFO or socket. */
    record InTheWay() implements Found {}
}
