package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * Keys that a build may use through an SSH agent.
 *
 * @param id how the Dockerfile names them; {@code default} is the agent of whoever builds
 * @param path of a key or an agent's socket; the agent of whoever builds when empty
 */
public record SshKey(String id, Optional<String> path) {
    /** {@code ID} or {@code ID=PATH}. */
    @Override
    public String toString() {
        return id + path.map(p -> "=" + p).orElse("");
    }
}
