package dev.lockstep.runtime.network;

/**
 * One address that is given out.
 *
 * @param key whom it belongs to
 * @param container id of the container that had it last
 */
public record Lease(LeaseKey key, IpAddress address, String container) {}
