package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * How a service is told about a language model.
 *
 * @param endpointVariable the variable that gets the address
 * @param modelVariable the variable that gets the model's name
 */
public record ModelBinding(Optional<String> endpointVariable, Optional<String> modelVariable) {}
