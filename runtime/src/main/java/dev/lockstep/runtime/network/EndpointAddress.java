package dev.lockstep.runtime.network;

/**
 * An address of a container on a network.
 *
 * @param address its own
 * @param subnet the range that it is in
 * @param gateway address of the network's bridge there; also where names are answered
 */
public record EndpointAddress(IpAddress address, Cidr subnet, IpAddress gateway) {}
