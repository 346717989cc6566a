package dev.lockstep.runtime.store;

import java.util.Optional;

/**
 * Whose an object is; kept in every record beside the root's id. Only what carries it is ours, and a stack only touches
 * what is its own.
 *
 * @param host name of the host as its owner configured it
 * @param stack the Compose project that asked for the object; empty text for objects of no stack
 * @param repository URL of the followed repository without credentials, empty when a person applied a plain directory
 */
public record Owner(String host, String stack, Optional<String> repository) {}
