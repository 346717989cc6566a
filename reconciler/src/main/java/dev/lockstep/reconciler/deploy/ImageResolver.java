package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
    private final Map<ImageReference, String> waits = new HashMap<>();
    private final Set<ImageReference> wanted = new HashSet<>();
    private Map<String, String> kept = Map.of();
    private Map<ImageReference, BuildState> builds = Map.of();
    private ImageOwners owners = ImageOwners.NONE;
    /** Why an image of this host is not what its name means. */
    private final Map<ImageReference, String> anothers = new HashMap<>();

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

    /** The same one that knows what of the images is built. */
    ImageResolver knowing(Map<ImageReference, BuildState> states) {
        builds = Map.copyOf(states);
        return this;
    }

    /** The same one, for which names of this host have owners. */
    ImageResolver heeding(ImageOwners known) {
        owners = known;
        return this;
    }

    /** For which build a stack with that image waits. */
    Optional<String> waits(ImageReference reference) {
        return Optional.ofNullable(waits.get(reference));
    }

    /** Whether that build has to be asked for. */
    boolean isWanted(ImageReference reference) {
        return wanted.contains(reference);
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
            return local(then.get()).orElseGet(() -> new Resolution.Remote(then.get()));
        }
        var state = builds.get(reference);
        if (state != null) {
            return built(reference, state);
        }
        Optional<Image> local;
        try {
            local = engine.images()
                    .find(reference)
                    .filter(image -> isMeant(reference, image))
                    .or(() -> deployed(reference));
        } catch (IOException e) {
            local = Optional.empty(); // damaged: the registry has it again
        }
        var demand = demands.of(reference);
        var again = demands.builtAgain(reference);
        if (local.isPresent() && again.isPresent()) {
            return new Resolution.Unbuilt(again.get(), false);
        }
        var refresh = demand.refresh().filter(_ -> reference.digest().isEmpty());
        if (local.isPresent() && (refresh.isEmpty() || isFresh(reference, refresh.get()))) {
            return new Resolution.Local(local.get().digest(), local.get().config());
        }
        if (!demand.mayPull()) {
            if (demands.built().contains(reference) && options.builds() != BuildChoice.DONE) {
                return new Resolution.Unbuilt("it is not on this host", false);
            }
            var why = demands.built().contains(reference)
                    ? "is built and not pulled, and it is not on this host: run 'lockstep build', or 'lockstep up"
                            + " --build'"
                    : "is not on this host, and pull_policy: never forbids to pull it";
            var all = why + besides(reference);
            problems.put(reference, all);
            return new Resolution.Unknown(all);
        }
        return ask(reference, local, refresh);
    }

    /** The same image of this host; one that is damaged is none, and can be had again where it came from. */
    private Optional<Resolution> local(Digest digest) {
        try {
            return engine.images().find(digest).map(image -> new Resolution.Local(image.digest(), image.config()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** What the builds of the repository make of it. */
    private Resolution built(ImageReference reference, BuildState state) {
        return switch (state) {
            case BuildState.Built built -> {
                var here = local(built.digest());
                if (here.isPresent()) {
                    yield here.get();
                }
                if (built.pushed()
                        && meaning(reference.withDigest(built.digest())).isPresent()) {
                    yield new Resolution.Remote(built.digest());
                }
                yield want(
                        reference,
                        "waits for " + reference.familiar() + " to be built again: the image of build " + built.build()
                                + " is not on this host any more",
                        built.pushed());
            }
            case BuildState.Pending(var unused, var why, var pushed) -> {
                waits.put(reference, why);
                yield new Resolution.Unbuilt(why, pushed);
            }
            case BuildState.Broken(var why) -> {
                problems.put(reference, why);
                yield new Resolution.Unbuilt(why, false);
            }
            case BuildState.Missing missing -> {
                var runs = missing.sameTag() ? deployed(reference) : Optional.<Image>empty();
                if (runs.isPresent()) {
                    yield new Resolution.Local(runs.get().digest(), runs.get().config());
                }
                var elsewhere = missing.elsewhere() ? meaning(reference) : Optional.<Digest>empty();
                if (elsewhere.isPresent()) {
                    yield local(elsewhere.get()).orElseGet(() -> new Resolution.Remote(elsewhere.get()));
                }
                yield want(reference, missing.why(), missing.elsewhere());
            }
        };
    }

    private Resolution want(ImageReference reference, String why, boolean pushed) {
        waits.put(reference, why);
        wanted.add(reference);
        return new Resolution.Unbuilt(why, pushed);
    }

    /** What its registry says of it, if that can be asked and has it: what cannot be had from there is built. */
    private Optional<Digest> meaning(ImageReference reference) {
        var question = "meaning of " + reference;
        if (options.followed()
                && attempts.holdingBack(question, now, options.since()).isPresent()) {
            return Optional.empty();
        }
        try {
            var digest = engine.registry().lookUp(reference);
            attempts.succeeded(question);
            return Optional.of(digest);
        } catch (IOException e) {
            attempts.failed(question, Optional.ofNullable(e.getMessage()).orElse(e.toString()), now);
            return Optional.empty();
        }
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
            return new Resolution.Unknown(why + besides(reference));
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

    /** What its registry gave for that name is meant, whoever pushed it there. */
    private boolean isMeant(ImageReference reference, Image image) {
        Optional<String> why;
        try {
            why = engine.knownImages().cameFromRegistry(reference, image.digest())
                    ? Optional.empty()
                    : owners.refusal(reference, image.digest());
        } catch (IOException e) {
            why = Optional.of("it cannot be found out whose the image of that name on this host is: " + e.getMessage());
        }
        why.ifPresent(text -> anothers.put(reference, text));
        return why.isEmpty();
    }

    private String besides(ImageReference reference) {
        return Optional.ofNullable(anothers.get(reference))
                .map(why -> "; " + why)
                .orElse("");
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
                        return engine.images().find(digest).filter(image -> isMeant(reference, image));
                    } catch (IOException e) {
                        return Optional.empty(); // damaged: the registry has it again
                    }
                });
    }
}
