package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Says what references mean, without changing anything but the note of when a registry was asked. What the local store
 * has is resolved there, and what a container was made from keeps that meaning: a tag is looked up once, when it is
 * deployed, and again only when somebody wants it. Then what the registry says counts. A registry that cannot be asked
 * again changes nothing, and neither does an image that the rules refuse in a stack that is followed: what runs is
 * kept.
 */
final class ImageResolver implements Function<ImageReference, Resolution> {
    private static final Duration SKEW = Duration.ofMinutes(1);

    private final Engine engine;
    private final List<ObservedContainer> containers;
    private final PullDemands demands;
    private final PlanOptions options;
    private final ImageGate gate;
    private final Attempts attempts;
    private final Instant now;
    private final Map<ImageReference, Resolution> answers = new HashMap<>();
    private final Map<ImageReference, String> problems = new HashMap<>();
    private final Map<ImageReference, String> notes = new HashMap<>();
    private Optional<Instant> next = Optional.empty();
    private Map<String, String> kept = Map.of();

    ImageResolver(
            Engine engine,
            List<ObservedContainer> containers,
            PullDemands demands,
            PlanOptions options,
            ImageGate gate,
            Attempts attempts,
            Instant now) {
        this.engine = engine;
        this.containers = containers;
        this.demands = demands;
        this.options = options;
        this.gate = gate;
        this.attempts = attempts;
        this.now = now;
    }

    @Override
    public Resolution apply(ImageReference reference) {
        return answers.computeIfAbsent(reference, this::resolve);
    }

    /** The same one for which references mean what they meant at another time, by reference. */
    ImageResolver meaning(Map<String, String> digests) {
        kept = Map.copyOf(digests);
        return this;
    }

    /** Why a stack with that image cannot be applied. */
    Optional<String> problem(ImageReference reference) {
        return Optional.ofNullable(problems.get(reference));
    }

    /** What went wrong when the reference was looked up again, without harm for what runs. */
    Optional<String> note(ImageReference reference) {
        return Optional.ofNullable(notes.get(reference));
    }

    /** When a tag is to be looked up again, or a registry that failed may be asked again. */
    Optional<Instant> next() {
        return next;
    }

    private Resolution resolve(ImageReference reference) {
        var then = Optional.ofNullable(kept.get(reference.toString())).map(Digest::parse);
        if (then.isPresent()) {
            try {
                return engine.images()
                        .find(then.get())
                        .<Resolution>map(image -> new Resolution.Local(image.digest(), image.config()))
                        .orElseGet(() -> new Resolution.Remote(then.get()));
            } catch (IOException e) {
                return new Resolution.Remote(then.get()); // damaged: the registry has it again
            }
        }
        Optional<Image> local;
        try {
            local = engine.images().find(reference).or(() -> deployed(reference));
        } catch (IOException e) {
            local = Optional.empty(); // damaged: the registry has it again
        }
        var demand = demands.of(reference);
        var refresh = demand.refresh().filter(_ -> reference.digest().isEmpty());
        if (local.isPresent() && (refresh.isEmpty() || isFresh(reference, refresh.get()))) {
            return new Resolution.Local(local.get().digest(), local.get().config());
        }
        if (!demand.mayPull()) {
            var why = demands.built().contains(reference)
                    ? "is built and not pulled, and it is not on this host: run 'lockstep build', or 'lockstep up"
                            + " --build'"
                    : "is not on this host, and pull_policy: never forbids to pull it";
            problems.put(reference, why);
            return new Resolution.Unknown(why);
        }
        return ask(reference, local, refresh);
    }

    /** A look in the future is none: the clock was wrong then, or is now. Somebody else's of this moment is one. */
    private boolean isFresh(ImageReference reference, PullDemands.Refresh refresh) {
        try {
            var last = engine.knownImages().lastCheck(reference).filter(c -> !c.at().isAfter(now.plus(SKEW)));
            var fresh = last.filter(c -> !c.at().isBefore(refresh.notBefore())).isPresent();
            if (fresh && refresh.age().isPresent()) {
                wakeAt(last.get().at().plus(refresh.age().get()));
            }
            return fresh;
        } catch (IOException e) {
            return false;
        }
    }

    private Resolution ask(ImageReference reference, Optional<Image> local, Optional<PullDemands.Refresh> refresh) {
        var question = "meaning of " + reference;
        var held = attempts.holdingBack(question, now, options.since());
        if (options.followed() && held.isPresent()) {
            wakeAt(held.get().next());
            return unanswered(reference, local, held.get().why());
        }
        Digest digest;
        try {
            digest = engine.registry().resolve(reference);
        } catch (IOException e) {
            var why = "cannot be looked up"
                    + refresh.map(r -> ", as " + r.because() + " wants it").orElse("") + ": "
                    + Optional.ofNullable(e.getMessage()).orElse(e.toString());
            wakeAt(attempts.failed(question, why, now).next());
            return unanswered(reference, local, why);
        }
        if (local.isEmpty()) {
            attempts.succeeded(question);
            return new Resolution.Remote(digest);
        }
        if (digest.equals(local.get().digest())) {
            attempts.succeeded(question);
            refreshed(reference, digest, refresh);
            return new Resolution.Local(digest, local.get().config());
        }
        var moved = new Resolution.Remote(digest, refresh.map(PullDemands.Refresh::because));
        var refusals = options.followed() ? gate.refusals(reference, moved) : List.<String>of();
        if (refusals.isEmpty()) {
            attempts.succeeded(question);
            return moved;
        }
        var why = "now means " + digest.abbreviated() + ", which may not run: " + String.join("; ", refusals);
        wakeAt(attempts.failed(question, why, now).next());
        return unanswered(reference, local, why);
    }

    /** Written down only when this host has what the registry says: else it must be asked again until it has. */
    private void refreshed(ImageReference reference, Digest digest, Optional<PullDemands.Refresh> refresh) {
        if (engine.root().access() != Root.Access.WRITE) {
            return;
        }
        try {
            engine.knownImages().checked(reference, digest);
            refresh.flatMap(PullDemands.Refresh::age).ifPresent(age -> wakeAt(now.plus(age)));
        } catch (IOException e) {
            notes.put(reference, "it cannot be written down that it was looked up: " + e.getMessage());
        }
    }

    private Resolution unanswered(ImageReference reference, Optional<Image> local, String why) {
        if (local.isEmpty()) {
            return new Resolution.Unknown(why);
        }
        var each =
                demands.of(reference).refresh().filter(r -> r.age().isEmpty()).isPresent();
        // A person who wants it looked up now must hear that it was not; what an agent keeps running, it keeps running.
        if (each && !options.followed()) {
            problems.put(reference, reference.familiar() + " " + why);
        } else {
            notes.put(
                    reference,
                    reference.familiar() + " " + why + ". "
                            + local.get().digest().abbreviated() + " is kept");
        }
        return new Resolution.Local(local.get().digest(), local.get().config());
    }

    private void wakeAt(Instant time) {
        next = Optional.of(next.filter(n -> n.isBefore(time)).orElse(time));
    }

    private Optional<Image> deployed(ImageReference reference) {
        return containers.stream()
                .map(c -> c.record().spec())
                .flatMap(spec -> Stream.concat(
                        Stream.of(spec.digest()).filter(_ -> spec.image().equals(reference)),
                        spec.mounts().stream()
                                .filter(MountSpec.OfImage.class::isInstance)
                                .map(MountSpec.OfImage.class::cast)
                                .filter(mount -> mount.image().equals(reference))
                                .map(MountSpec.OfImage::digest)))
                .findFirst()
                .flatMap(digest -> {
                    try {
                        return engine.images().find(digest);
                    } catch (IOException e) {
                        return Optional.empty(); // damaged: the registry has it again
                    }
                });
    }
}
