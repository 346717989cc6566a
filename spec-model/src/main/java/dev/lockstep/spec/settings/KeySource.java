package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.SourcePosition;

/** Where a public key is that signatures are verified by. */
public sealed interface KeySource {
    /** Where it is named. */
    SourcePosition at();

    /** The keys that lead there, {@code images.rules.docker.io/*.require-signed}. */
    String keys();

    /** A file of the host; a relative path is below the directory of the file that names it. */
    record File(String path, String keys, SourcePosition at) implements KeySource {}

    /** The key itself, in PEM form. */
    record Inline(String pem, String keys, SourcePosition at) implements KeySource {}
}
