package dev.lockstep.runtime.network;

/**
 * Whom an address belongs to: not a container but the place it fills, so that a replaced container keeps the address.
 *
 * @param stack empty for containers of no stack
 * @param service the service, or the container's id where there is none
 * @param slot number within the service, from 1
 */
public record LeaseKey(String stack, String service, int slot) {}
