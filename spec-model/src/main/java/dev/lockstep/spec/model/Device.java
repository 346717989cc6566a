package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * A device of the host in a container.
 *
 * @param source its path, or a name of the Container Device Interface such as {@code vendor.com/class=name}
 * @param target its path in the container
 * @param permissions of {@code rwm}: read, write, mknod; all of them when empty
 */
public record Device(String source, String target, Optional<String> permissions) {}
