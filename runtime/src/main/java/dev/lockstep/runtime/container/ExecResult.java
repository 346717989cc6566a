package dev.lockstep.runtime.container;

import java.util.Optional;

/**
 * How an exec session went.
 *
 * @param exitCode of the program; 126 and 127 when it could not be run; 0 for a detached one that runs
 * @param error why it could not be run
 */
public record ExecResult(int exitCode, Optional<String> error) {}
