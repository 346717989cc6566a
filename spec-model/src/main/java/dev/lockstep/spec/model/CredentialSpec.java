package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * The managed service account of a Windows container; kept and of no effect here.
 *
 * @param file as written
 */
public record CredentialSpec(Optional<String> config, Optional<String> file, Optional<String> registry) {}
