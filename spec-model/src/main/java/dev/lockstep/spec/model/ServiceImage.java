package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * What a service's containers are made from. A service without a provider has a reference, a build, or both.
 *
 * @param reference the image; with {@code build} the name that the built image gets
 * @param platform the one to take of an image that has several
 * @param pullPolicy when to ask the registry
 * @param pullRefreshAfter in the schema of Compose without a meaning; kept to be printed
 */
public record ServiceImage(
        Optional<Written<ImageReference>> reference,
        Optional<Build> build,
        Optional<Written<Platform>> platform,
        Optional<PullPolicy> pullPolicy,
        Optional<String> pullRefreshAfter) {}
