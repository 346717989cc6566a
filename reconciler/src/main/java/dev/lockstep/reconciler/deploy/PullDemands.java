package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * When the tags of a stack are to be looked up. Where services that name the same image want different things, the most
 * eager counts: a tag means one image on a host.
 *
 * @param problems what in the files cannot be understood
 * @param built images that are built on this host: no registry is asked for them, whatever is wanted otherwise
 * @param again why some of these will be built although they are here, by reference
 */
record PullDemands(
        Map<ImageReference, Demand> byReference,
        List<Problem> problems,
        Set<ImageReference> built,
        Map<ImageReference, String> again) {
    /**
     * When one tag is to be looked up.
     *
     * @param mayPull whether its registry may be asked at all
     * @param refresh when it must have been looked up last; absent: when it is not on this host
     */
    record Demand(boolean mayPull, Optional<Refresh> refresh) {
        static final Demand MISSING = new Demand(true, Optional.empty());

        private Demand and(Demand other) {
            var eager = refresh.isEmpty()
                            || other.refresh
                                    .filter(r ->
                                            r.notBefore().isAfter(refresh.get().notBefore()))
                                    .isPresent()
                    ? other.refresh
                    : refresh;
            return new Demand(mayPull || other.mayPull, eager);
        }
    }

    /**
     * A tag is to be looked up again.
     *
     * @param notBefore a look before that time is too old
     * @param age how old a look may become; absent: it is wanted each time that somebody asks
     * @param because in the words of the files: {@code every_12h}
     */
    record Refresh(Instant notBefore, Optional<Duration> age, String because) {}

    PullDemands {
        byReference = Map.copyOf(byReference);
        problems = List.copyOf(problems);
        built = Set.copyOf(built);
        again = Map.copyOf(again);
    }

    /** The same with the images that the project says how to build, for what is done by hand. */
    PullDemands withBuilt(Project project, BuildChoice builds) {
        var again = new LinkedHashMap<ImageReference, String>();
        if (builds != BuildChoice.DONE) {
            for (var service : project.services().values()) {
                var why = builds == BuildChoice.ALL
                        ? Optional.of("--build asks for it")
                        : service.image()
                                .pullPolicy()
                                .filter(PullPolicy.Plain.BUILD::equals)
                                .map(_ -> "pull_policy: build asks for it");
                why.ifPresent(because ->
                        BuiltImages.reference(project, service).ifPresent(reference -> again.put(reference, because)));
            }
        }
        return new PullDemands(byReference, problems, BuiltImages.references(project), again);
    }

    /** Why the image will be built although it is here. */
    Optional<String> builtAgain(ImageReference reference) {
        return Optional.ofNullable(again.get(reference));
    }

    Demand of(ImageReference reference) {
        return built.contains(reference) ? new Demand(false, Optional.empty()) : demanded(reference);
    }

    private Demand demanded(ImageReference reference) {
        return byReference.getOrDefault(reference, Demand.MISSING);
    }

    static PullDemands of(Project project, PlanOptions options, Instant now) {
        var demands = new LinkedHashMap<ImageReference, Demand>();
        var problems = new ArrayList<Problem>();
        for (var service : project.services().values()) {
            var demand = demand(project, service, options, now, problems);
            service.image()
                    .reference()
                    .map(Written::text)
                    .flatMap(PullDemands::reference)
                    .ifPresent(reference -> demands.merge(reference, demand, Demand::and));
        }
        return new PullDemands(demands, problems, Set.of(), Map.of());
    }

    /** What is none is told by whoever translates the service. */
    private static Optional<ImageReference> reference(String text) {
        try {
            return Optional.of(ImageReference.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Demand demand(
            Project project, Service service, PlanOptions options, Instant now, List<Problem> problems) {
        if (options.pull().isPresent()) {
            return switch (options.pull().get()) {
                case ALWAYS -> each(options, "--pull always");
                case MISSING -> Demand.MISSING;
                case NEVER -> new Demand(false, Optional.empty());
            };
        }
        var policy = service.image().pullPolicy();
        return policy.isEmpty()
                ? Demand.MISSING
                : switch (policy.get()) {
                    case PullPolicy.Plain plain ->
                        switch (plain) {
                            case ALWAYS -> each(options, plain.word());
                            case NEVER -> new Demand(false, Optional.empty());
                            // Built before it is planned, or told elsewhere.
                            case MISSING, BUILD -> Demand.MISSING;
                            case DAILY -> after(Duration.ofDays(1), plain.word(), options, now);
                            case WEEKLY -> after(Duration.ofDays(7), plain.word(), options, now);
                            case REFRESH -> refresh(project, service, options, now, problems);
                        };
                    case PullPolicy.Every every -> after(every.interval(), every.word(), options, now);
                };
    }

    /** The schema of Compose says that pull_refresh_after goes with refresh; without it, each time. */
    private static Demand refresh(
            Project project, Service service, PlanOptions options, Instant now, List<Problem> problems) {
        var age = service.image().pullRefreshAfter();
        if (age.isEmpty()) {
            return each(options, "refresh");
        }
        try {
            return after(Durations.parse(age.get()), "pull_refresh_after: " + age.get(), options, now);
        } catch (IllegalArgumentException e) {
            var path = "services." + service.name() + ".pull_refresh_after";
            problems.add(new Problem(project.sources().at(path), path, String.valueOf(e.getMessage())));
            return Demand.MISSING;
        }
    }

    private static Demand each(PlanOptions options, String because) {
        return new Demand(true, Optional.of(new Refresh(options.since(), Optional.empty(), because)));
    }

    private static Demand after(Duration age, String because, PlanOptions options, Instant now) {
        return age.isZero()
                ? each(options, because)
                : new Demand(true, Optional.of(new Refresh(now.minus(age), Optional.of(age), because)));
    }
}
