package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.trust.Verdict;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.settings.ImageRule;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says which images may not run here, by what the host and the repository say. Everything must be known to be good:
 * what cannot be found out is refused.
 */
public final class ImageGate {
    /** Where signatures are looked for. */
    @FunctionalInterface
    private interface Registry {
        RegistryClient open() throws IOException;
    }

    private final Engine engine;
    private final Registry registry;
    private final List<ImagePolicy> policies;
    private final Attempts attempts;
    private final InstantSource clock;
    private final Instant since;
    private final Map<Question, List<String>> answers = new HashMap<>();
    private Optional<Instant> next = Optional.empty();

    private record Question(ImageReference reference, Resolution resolution) {
        // As the JVM would make them, but it makes them when they are first called, which every plan would pay.
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Question its
                    && reference.equals(its.reference)
                    && resolution.equals(its.resolution);
        }

        @Override
        public int hashCode() {
            return reference.hashCode();
        }
    }

    /** For a person who asks once. */
    public ImageGate(Engine engine, ImagePolicy host) {
        this(engine, engine::registry, List.of(host), new Attempts(), InstantSource.system(), Instant.MAX);
    }

    /** The same by a client of the caller's. */
    public ImageGate(Engine engine, RegistryClient registry, ImagePolicy host) {
        this(engine, () -> registry, List.of(host), new Attempts(), InstantSource.system(), Instant.MAX);
    }

    /**
     * @param policies each of which an image must pass
     * @param since when somebody asked; what failed before that is tried again
     */
    ImageGate(Engine engine, List<ImagePolicy> policies, Attempts attempts, InstantSource clock, Instant since) {
        this(engine, engine::registry, policies, attempts, clock, since);
    }

    private ImageGate(
            Engine engine,
            Registry registry,
            List<ImagePolicy> policies,
            Attempts attempts,
            InstantSource clock,
            Instant since) {
        this.engine = engine;
        this.registry = registry;
        this.policies = List.copyOf(policies);
        this.attempts = attempts;
        this.clock = clock;
        this.since = since;
    }

    /**
     * Why the image may not run, a sentence for each rule that it breaks, with the rule's place.
     *
     * @param reference as the files name it
     * @param resolution what that stands for
     */
    public List<String> refusals(ImageReference reference, Resolution resolution) {
        return answers.computeIfAbsent(new Question(reference, resolution), this::ask);
    }

    /** When a registry may be asked again, if one had no good answer. */
    Optional<Instant> next() {
        return next;
    }

    private List<String> ask(Question question) {
        var reference = question.reference();
        var refusals = new ArrayList<String>();
        for (var policy : policies) {
            policy.registries()
                    .filter(registries -> !registries.allow(reference.host()))
                    .ifPresent(registries -> refusals.add("images of " + reference.host() + " may not run here; "
                            + (registries.hosts().isEmpty()
                                    ? "no registry is allowed"
                                    : "allowed are those of " + String.join(", ", registries.hosts()))
                            + " (registries at " + registries.at() + ")"));
            policy.ruleFor(reference.host(), reference.repository())
                    .ifPresent(rule -> refusals.addAll(refusals(rule, reference, question.resolution())));
        }
        return List.copyOf(refusals);
    }

    private List<String> refusals(ImageRule rule, ImageReference reference, Resolution resolution) {
        var refusals = new ArrayList<String>();
        var by = " (rule \"" + rule.pattern() + "\" at " + rule.at() + ")";
        if (rule.forbidLatest()
                && reference.digest().isEmpty()
                && reference.tag().filter(tag -> tag.equals("latest")).isPresent()) {
            refusals.add("the tag latest is forbidden: it may become anything. Name a version" + by);
        }
        if (rule.requireDigest() && reference.digest().isEmpty()) {
            refusals.add("must be named by its digest"
                    + resolution
                            .known()
                            .map(digest ->
                                    ", which is " + reference.withDigest(digest).familiar() + " now")
                            .orElse("")
                    + by);
        }
        origin(rule, reference, resolution).ifPresent(why -> refusals.add(why + by));
        return refusals;
    }

    private Optional<String> origin(ImageRule rule, ImageReference reference, Resolution resolution) {
        if (rule.signedBy().isEmpty() && rule.local() == ImageRule.Local.ALLOW) {
            return Optional.empty();
        }
        try {
            return switch (resolution) {
                case Resolution.Unknown(var why) ->
                    rule.signedBy().isEmpty()
                            ? Optional.empty()
                            : Optional.of("is wanted signed, and cannot be checked: " + why);
                // What came of the build is asked about when there is something, unless that can be known before.
                case Resolution.Unbuilt(var unused, var pushed) ->
                    pushed || rule.local() == ImageRule.Local.ALLOW
                            ? Optional.empty()
                            : Optional.of("is built on this host and not pushed; only what "
                                    + (rule.signedBy().isEmpty() ? "is pulled" : "is pushed and signed") + " may run");
                case Resolution.Remote remote -> signature(rule, reference, remote.digest());
                case Resolution.Local(var digest, var unused) -> local(rule, reference, digest);
            };
        } catch (IOException e) {
            return Optional.of("cannot be checked: " + message(e));
        }
    }

    /** What is here may have come from its registry, from another one under another name, or by hand. */
    private Optional<String> local(ImageRule rule, ImageReference reference, Digest digest) throws IOException {
        var known = engine.knownImages();
        if (known.cameFromRegistry(reference, digest)) {
            return signature(rule, reference, digest);
        }
        if (rule.local() == ImageRule.Local.ALLOW) {
            return known.isLocal(digest) ? Optional.empty() : signature(rule, reference, digest);
        }
        return rule.signedBy().isEmpty()
                ? Optional.of("was not pulled from its registry but brought to this host by hand; only what is pulled"
                        + " may run")
                : signature(rule, reference, digest)
                        .map(why -> why + "; it was not pulled but brought to this host by hand");
    }

    private Optional<String> signature(ImageRule rule, ImageReference reference, Digest digest) throws IOException {
        if (rule.signedBy().isEmpty()) {
            return Optional.empty();
        }
        var keys = KeyRing.of(rule.signedBy());
        // Other keys are another question.
        var question = "signature of " + reference.withDigest(digest) + " by "
                + keys.stream().map(key -> key.id()).toList() + rule.sameRepository();
        var held = attempts.holdingBack(question, clock.instant(), since);
        if (held.isPresent()) {
            wakeAt(held.get().next());
            return Optional.of(held.get().why());
        }
        String why;
        try {
            switch (engine.knownImages().verify(registry.open(), reference, digest, keys, rule.sameRepository())) {
                case Verdict.Signed _ -> {
                    attempts.succeeded(question);
                    return Optional.empty();
                }
                case Verdict.NotSigned(var found) ->
                    why = "is not signed as it must be: " + digest.abbreviated() + " " + found;
            }
        } catch (IOException e) {
            why = "is wanted signed, and " + digest.abbreviated() + " cannot be checked: " + message(e);
        }
        wakeAt(attempts.failed(question, why, clock.instant()).next());
        return Optional.of(why);
    }

    private void wakeAt(Instant time) {
        next = Optional.of(next.filter(n -> n.isBefore(time)).orElse(time));
    }

    private static String message(IOException e) {
        return Optional.ofNullable(e.getMessage()).orElse(e.toString());
    }
}
