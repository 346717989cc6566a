package dev.lockstep.spec.model;

import java.util.Optional;

/** Where the content of a secret or a config comes from. */
public sealed interface FileContent {
    /** A file, absolute or relative to the project directory; cleaned. */
    record File(String path) implements FileContent {}

    /**
     * A variable of the surroundings.
     *
     * @param value what it held when the project was loaded; empty if it is not set
     */
    record Variable(String name, Optional<Sensitive> value) implements FileContent {}

    /** Written in the file; of configs only. */
    record Inline(String text) implements FileContent {}

    /** Somebody else keeps it. */
    record External() implements FileContent {}

    /** A driver makes it, or nothing says where it comes from. */
    record Unsaid() implements FileContent {}
}
