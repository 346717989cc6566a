package dev.lockstep.runtime.attest;

import java.util.Optional;

/** Something to be said of an image. */
public sealed interface Attestation {
    /** Which packages are in it. */
    record Sbom() implements Attestation {}

    /**
     * How it was made.
     *
     * @param everything also build arguments and labels as they were given: they may tell more than is meant
     * @param builder URI of whoever builds; absent: this host
     */
    record Provenance(boolean everything, Optional<String> builder) implements Attestation {}
}
