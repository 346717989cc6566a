package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.network.NetworkSpec;

/**
 * A network that the stack uses.
 *
 * @param key its name in the project's files
 * @param external somebody else made it: it is used and never changed
 */
public record DesiredNetwork(String key, NetworkSpec spec, boolean external) {}
