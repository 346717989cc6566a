package dev.lockstep.runtime.container;

/**
 * Where a running container is reached on one network.
 *
 * @param network name of the network
 * @param ipv4 in dotted form
 */
public record ContainerAddress(String network, String ipv4) {}
