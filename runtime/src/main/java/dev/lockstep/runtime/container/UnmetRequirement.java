package dev.lockstep.runtime.container;

/**
 * Something that a container asks of its host and this host has not.
 *
 * @param attribute that asks for it, by Compose's name
 * @param why a sentence without its end
 */
public record UnmetRequirement(String attribute, String why) {}
