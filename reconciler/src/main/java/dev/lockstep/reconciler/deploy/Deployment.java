package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.desired.FileContents;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.observe.OtherEngines;
import dev.lockstep.reconciler.plan.Facts;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Planner;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.reconciler.plan.StackPart;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StorageLimits;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plans stacks on this host. Reads; what is planned is applied by {@link dev.lockstep.reconciler.apply.Applier}. */
public final class Deployment {
    private static final Pattern REQUIRED = Pattern.compile("required variable \\w+ is missing");

    private final Engine engine;
    private final String host;
    private final ImagePolicy images;
    private final HostPolicy policy;
    private final boolean asFollowed;
    private final HostSecrets secrets;
    private final InstantSource clock = InstantSource.system();
    private final Attempts attempts = new Attempts();

    /**
     * Plans by the rules of a host.
     *
     * @param images what the host's owner says of them; what the files' repository says can only narrow it
     * @param policy what stacks of followed repositories may ask for; not for what a person applies from a directory
     * @param secrets that the host keeps, for those that files call external
     */
    public Deployment(Engine engine, String host, ImagePolicy images, HostPolicy policy, HostSecrets secrets) {
        this(engine, host, images, policy, false, secrets);
    }

    private Deployment(
            Engine engine,
            String host,
            ImagePolicy images,
            HostPolicy policy,
            boolean asFollowed,
            HostSecrets secrets) {
        this.secrets = secrets;
        this.engine = engine;
        this.host = host;
        this.images = images;
        this.policy = policy;
        this.asFollowed = asFollowed;
    }

    /** The same that holds the files of a directory, too, to what an agent would hold them to. */
    public Deployment asFollowed() {
        return new Deployment(engine, host, images, policy, true, secrets);
    }

    /** Loads, checks, translates, observes and plans. */
    public Planned plan(StackSource source, PlanOptions options) throws IOException {
        try (var looking = Looking.at(engine, Looking.First.NOTHING)) {
            return switch (new ComposeLoader().load(source.load())) {
                case Loaded.Invalid invalid ->
                    new Planned.Invalid(
                            source.load().defaultName().orElse(""),
                            everything(invalid, source.values()),
                            invalid.warnings(),
                            invalid.files());
                case Loaded.Valid valid -> plan(source, options, valid, looking);
            };
        }
    }

    /**
     * The same for who has loaded the files already.
     *
     * @param loaded what {@code source} loads
     * @param first done before the host is looked at, while the files are checked
     */
    public Planned plan(StackSource source, PlanOptions options, Loaded.Valid loaded, Looking.First first)
            throws IOException {
        try (var looking = Looking.at(engine, first)) {
            return plan(source, options, loaded, looking);
        }
    }

    /** @param values where values stand that the files do not have; a missing one is asked for there */
    private static List<Problem> everything(Loaded.Invalid invalid, Optional<Path> values) {
        var beside = invalid.readable()
                .map(project -> Checks.beside(project, invalid.errors()))
                .orElse(List.of());
        return Stream.concat(invalid.errors().stream(), beside.stream().map(Finding::problem))
                .map(problem -> values.isPresent()
                                && REQUIRED.matcher(problem.message()).lookingAt()
                        ? new Problem(
                                problem.at(),
                                problem.path(),
                                problem.message() + ". Its value on this host belongs into " + values.get()
                                        + ", which only root may read")
                        : problem)
                .sorted()
                .toList();
    }

    private Planned plan(StackSource source, PlanOptions options, Loaded.Valid loaded, Looking looking)
            throws IOException {
        var written = loaded.project();
        var problems = Checks.strict(written);
        if (!problems.isEmpty()) {
            return new Planned.Invalid(written.name(), problems, loaded.warnings(), loaded.files());
        }
        // A person builds what the files say; for a repository that is followed its builds do.
        var builds = source.builds().of(written);
        var project = options.followed() ? BuiltImages.named(written, builds::containsKey) : BuiltImages.named(written);
        var observed = looking.result();
        var now = clock.instant();
        var pulls = PullDemands.of(project, options, now);
        var demands = options.followed() ? pulls : pulls.withBuilt(written, options.builds());
        if (!demands.problems().isEmpty()) {
            return new Planned.Invalid(project.name(), demands.problems(), loaded.warnings(), loaded.files());
        }
        var gate = new ImageGate(engine, policies(source), attempts, clock, options.since());
        var images = new ImageResolver(engine, observed.containers(), demands, options, gate, attempts, now)
                .knowing(builds)
                .heeding(new ImageOwners(source.builds().makers(), confinement(source, written.name())))
                .meaning(source.digests());
        var files = source.files(project, loaded.projectDirectory());
        var asked = gate(source, project.name(), observed);
        var owner = new Owner(host, project.name(), source.repository());
        var keeper = source.keeper().orElse(project.name());
        var contents = new FileContents() {
            @Override
            public byte[] read(String path) throws IOException {
                return source.read(loaded.projectDirectory(), path);
            }

            @Override
            public boolean isExecutable(String path) throws IOException {
                return source.isExecutable(loaded.projectDirectory(), path);
            }

            @Override
            public byte[] external(String what, String name) throws IOException {
                return secrets.find(keeper, name)
                        .orElseThrow(() -> new IOException("the " + what + " is not on this host. Create "
                                + secrets.file(keeper, name) + ", which only root may read, by lockstep -p "
                                + keeper + " secret set " + name + ", with its value on standard input"));
            }

            @Override
            public Optional<byte[]> kept(String name) throws IOException {
                // A key that cannot be a file's name has none.
                return HostSecrets.isName(name) ? secrets.find(keeper, name) : Optional.empty();
            }

            @Override
            public String identity(byte[] content) throws IOException {
                return engine.contents().identity(content);
            }
        };
        return switch (new Translation(
                        project,
                        owner,
                        asked.confined(files.sources()),
                        contents,
                        engine.users().byDefault(),
                        images)
                .translate(Placement.ONE_HOST.scaled(options.scale()), source.revision())) {
            case Translation.Result.Refused refused ->
                new Planned.Invalid(project.name(), refused.problems(), loaded.warnings(), loaded.files());
            case Translation.Result.Translated(var asFiles) -> {
                var asWritten = source.adapted(asFiles);
                var desired = HostOrders.applied(asked.confinement(), asWritten);
                var unlimited = unlimited(project, desired);
                if (!unlimited.isEmpty()) {
                    yield new Planned.Invalid(project.name(), unlimited, loaded.warnings(), loaded.files());
                }
                var warnings = new ArrayList<>(loaded.warnings());
                warnings.addAll(Checks.warnings(project));
                warnings.addAll(unknownImages(desired));
                var verdict = ImageVerdict.of(desired, images, gate);
                warnings.addAll(verdict.notes());
                warnings.addAll(withoutEffect(desired));
                warnings.addAll(damaged(loaded));
                var missing = MissingSources.of(project, desired, observed);
                warnings.addAll(missing.warnings());
                var hostDemands = asked.demands(project);
                var refusals = new ArrayList<>(asked.refusals(hostDemands, desired));
                refusals.addAll(verdict.refusals());
                var plan = Planner.plan(desired, observed, facts(desired, observed, options, source));
                yield new Planned.Ready(
                        plan.refusing(HostProblems.of(engine.containers(), project, desired, plan), List.of())
                                .refusing(verdict.problems(), refusals)
                                .refusing(damagedParts(desired), List.of())
                                .refusing(missing.problems(), List.of())
                                .waiting(verdict.waits()),
                        desired,
                        asWritten,
                        observed,
                        withContents(files.beforeStart(), desired),
                        new ImageFindings(verdict.notes(), verdict.waits(), verdict.wanted(), verdict.next()),
                        List.copyOf(warnings),
                        loaded.files(),
                        project,
                        asked.confinement().isNone() ? Optional.empty() : Optional.of(hostDemands));
            }
        };
    }

    /** Limits of what containers write and volumes hold that the root's file system would not hold anybody to. */
    private List<Problem> unlimited(Project project, Desired desired) throws IOException {
        var services = desired.services().stream()
                .filter(service -> service.slots().stream()
                        .anyMatch(slot -> slot.spec().options().storage().size().isPresent()))
                .map(service -> "services." + service.name() + ".storage_opt.size")
                .toList();
        var volumes = desired.volumes().stream()
                .filter(volume -> !volume.external() && volume.spec().size().isPresent())
                .map(volume -> "volumes." + volume.key() + ".driver_opts.size")
                .toList();
        // Asked for last, and only then: most have none.
        var problems = new ArrayList<Problem>();
        if (!services.isEmpty()) {
            StorageLimits.missing(engine.root().state())
                    .ifPresent(why -> services.forEach(path -> problems.add(at(project, path, why))));
        }
        if (!volumes.isEmpty()) {
            engine.volumes()
                    .missingLimits()
                    .ifPresent(why -> volumes.forEach(path -> problems.add(at(project, path, why))));
        }
        return problems;
    }

    private static Problem at(Project project, String path, String why) {
        return new Problem(project.sources().at(path), path, why);
    }

    /** Root's own hand on a directory is held to nothing: whoever has it can change the policy, too. */
    private Confinement confinement(StackSource source, String stack) {
        return source.repository().isEmpty() && !asFollowed
                ? Confinement.NONE
                : new Confinement(
                        Stream.concat(Stream.of(policy.layer(stack, source.repository())), source.policies().stream())
                                .toList());
    }

    private HostGate gate(StackSource source, String stack, Observed observed) {
        return new HostGate(confinement(source, stack), engine.users().byDefault(), observed, urls(source));
    }

    /** All that the repository is and was called: what is gone back to may be of the time before. */
    private static Set<String> urls(StackSource source) {
        return Stream.concat(source.formerly().stream(), source.repository().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    private List<ImagePolicy> policies(StackSource source) {
        return Stream.concat(Stream.of(images), source.imagePolicies().stream()).toList();
    }

    private BeforeStart withContents(BeforeStart files, Desired desired) {
        return new BeforeStart() {
            @Override
            public void materialise(ContainerSpec spec) throws IOException {
                files.materialise(spec);
            }

            @Override
            public void install(ContainerSpec spec) throws IOException {
                files.install(spec);
            }

            @Override
            public void provide(ContainerSpec spec) throws IOException {
                for (var mount : spec.mounts()) {
                    if (mount instanceof MountSpec.Content content) {
                        var hidden = desired.contents().get(content.identity());
                        if (hidden != null) {
                            engine.contents().put(content.identity(), hidden.bytes());
                        }
                    }
                }
            }
        };
    }

    /**
     * Plans to go back to a revision, or to keep it in order: exactly its images, its values and its files' content.
     * What the host or the repository no longer allows to run is refused all the same.
     *
     * @param source what the host and the repository say today; its files are not read
     */
    public GoingBack planBack(StackRevision revision, StackSource source, PlanOptions options) throws IOException {
        var written = revision.toGoBackTo(this::resolution);
        var observed = observe(engine);
        var asked = gate(source, written.stack(), observed);
        // What the owner orders holds as of today, whatever held when the revision was new.
        var desired = HostOrders.applied(asked.confinement(), written);
        var gate = new ImageGate(engine, policies(source), attempts, clock, options.since());
        var refusals = new ArrayList<>(asked.refusals(revision, desired));
        for (var service : desired.services()) {
            for (var slot : service.slots().stream().limit(1).toList()) {
                gate.refusals(slot.spec().image(), slot.image())
                        .forEach(why -> refusals.add("services." + service.name() + ".image: " + why));
            }
        }
        return new GoingBack(
                desired,
                Planner.plan(desired, observed, facts(desired, observed, options, source))
                        .refusing(List.of(), refusals));
    }

    /** What to come back to, and how. */
    public record GoingBack(Desired desired, Plan plan) {}

    private Resolution resolution(Digest digest) {
        try {
            return engine.images()
                    .find(digest)
                    .<Resolution>map(image -> new Resolution.Local(image.digest(), image.config()))
                    .orElseGet(() -> new Resolution.Remote(digest));
        } catch (IOException e) {
            return new Resolution.Remote(digest); // damaged: the registry has it again
        }
    }

    /** A plan that takes the stack down; volumes stay unless a person asked otherwise. */
    public Plan planDown(String stack, boolean removeVolumes) throws IOException {
        return planDown(stack, removeVolumes, Optional.empty(), Optional.empty());
    }

    /**
     * The same.
     *
     * @param files the stack's project where it is known: volumes that it calls external stay, and are no stack's then
     * @param part only that; absent: the whole stack
     */
    public Plan planDown(String stack, boolean removeVolumes, Optional<Project> files, Optional<StackPart> part)
            throws IOException {
        var owner = new Owner(host, stack, Optional.empty());
        var observed = observe(engine);
        var external = files.filter(_ -> removeVolumes).stream()
                .flatMap(project -> project.volumes().values().stream())
                .filter(volume ->
                        volume.external() && observed.volume(volume.name()).isPresent())
                .map(volume -> new DesiredVolume(
                        volume.key(), new VolumeSpec(volume.name(), owner, volume.labels()), true, false))
                .toList();
        var nothing =
                Desired.nothing(owner, external, files.map(Project::sources).orElseGet(Sources::none));
        var facts = new Facts(false, true, removeVolumes, false, Set.of(), Map.of(), Map.of(), Secrets.NONE);
        return part.isPresent()
                ? Planner.down(nothing, observed, facts, part.get())
                : Planner.plan(nothing, observed, facts);
    }

    /** What really is. */
    public static Observed observe(Engine engine) throws IOException {
        return new Observed(
                engine.containers().observeWithLimits(),
                engine.networks().observe(),
                engine.volumes().list());
    }

    /** What else of this host a plan of the stack depends on. */
    public HostState.Kept kept(String stack) throws IOException {
        return new HostState.Kept(engine.images().list(), secrets.list(Optional.of(stack)));
    }

    /** As with Docker, what the cgroups of a host do not have is no reason not to run there; but it is said. */
    private List<Problem> withoutEffect(Desired desired) throws IOException {
        var problems = new ArrayList<Problem>();
        for (var service : desired.services()) {
            for (var slot : service.slots().stream().limit(1).toList()) {
                for (var field : engine.containers().withoutEffect(slot.spec())) {
                    var path = "services." + service.name() + "." + field;
                    problems.add(new Problem(
                            desired.sources().at(path),
                            path,
                            "has no effect: the cgroups of this host do not have it"));
                }
            }
        }
        return problems;
    }

    /** Nobody knows whether they are what the stack asks for, and nothing is made in the place of data. */
    private List<Problem> damagedParts(Desired desired) throws IOException {
        var problems = new ArrayList<Problem>();
        for (var damaged : engine.networks().damaged()) {
            desired.networks().stream()
                    .filter(network -> network.spec().name().equals(damaged.name()))
                    .forEach(network -> problems.add(new Problem(
                            desired.sources().at("networks." + network.key()),
                            "networks." + network.key(),
                            damaged.sentence())));
        }
        for (var volume : desired.volumes()) {
            engine.volumes()
                    .damaged(volume.spec().name())
                    .ifPresent(damaged -> problems.add(new Problem(
                            desired.sources().at("volumes." + volume.key()),
                            "volumes." + volume.key(),
                            damaged.sentence())));
        }
        return problems;
    }

    /** Whose record cannot be read is not in the plan but as one that is to be made. */
    private List<Problem> damaged(Loaded.Valid loaded) throws IOException {
        return engine.containers().damaged().stream()
                .map(damaged -> new Problem(new SourcePosition(loaded.files().first(), 1, 1), "", damaged.sentence()))
                .toList();
    }

    private static List<Problem> unknownImages(Desired desired) {
        return desired.services().stream()
                .flatMap(s -> s.slots().stream().limit(1))
                .flatMap(slot -> slot.image() instanceof Resolution.Unknown(var why)
                        ? Stream.of(new Problem(
                                desired.sources().at("services." + slot.spec().service() + ".image"),
                                "services." + slot.spec().service() + ".image",
                                "what " + slot.spec().image().familiar() + " is will be known after the pull: " + why))
                        : Stream.of())
                .toList();
    }

    private Facts facts(Desired desired, Observed observed, PlanOptions options, StackSource source)
            throws IOException {
        return new Facts(
                options.followed(),
                options.followed() || options.removeOrphans(),
                false,
                options.forceRecreate(),
                options.leftAlone(),
                new PortObstacles(engine.networks(), desired, observed).find(),
                subnetConflicts(desired, observed),
                otherEngines(desired, observed),
                memoryUse(desired, observed),
                missing(),
                source.secrets(),
                options.wishes(),
                urls(source));
    }

    /** Looks only for names of containers that are still to be made: a plan without such reads no file. */
    private static Map<String, String> otherEngines(Desired desired, Observed observed) {
        var here = observed.containersOf(desired.stack()).stream()
                .map(ObservedContainer::name)
                .collect(Collectors.toSet());
        return OtherEngines.ofThisHost()
                .named(desired.services().stream()
                        .flatMap(service -> service.slots().stream())
                        .map(slot -> slot.spec().name())
                        .filter(name -> !here.contains(name))
                        .collect(Collectors.toSet()));
    }

    /** What containers use whose limit is to be lower than it was; of the others nobody has to know. */
    private Map<String, Long> memoryUse(Desired desired, Observed observed) throws IOException {
        var use = new HashMap<String, Long>();
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                var limit = slot.spec().resources().memory();
                var lowered = observed.containersOf(desired.stack()).stream()
                        .filter(c -> c.name().equals(slot.spec().name()) && c.isRunning())
                        .filter(c -> limit.isPresent()
                                && c.record().spec().resources().memory().orElse(Long.MAX_VALUE) > limit.get())
                        .findFirst();
                if (lowered.isPresent()) {
                    engine.containers()
                            .usage(lowered.get().id())
                            .ifPresent(u -> use.put(lowered.get().id(), u.memory()));
                }
            }
        }
        return use;
    }

    private List<String> missing() {
        return Stream.of(HostTools.Tool.CONMON, HostTools.Tool.RUNTIME)
                .filter(tool -> engine.tools().find(tool).isEmpty())
                .map(HostTools.Tool::remedy)
                .toList();
    }

    private Map<String, String> subnetConflicts(Desired desired, Observed observed) throws IOException {
        var conflicts = new HashMap<String, String>();
        for (var network : desired.networks()) {
            var spec = network.spec();
            if (!network.external()
                    && observed.network(spec.name())
                            .filter(found -> found.record().spec().equals(spec))
                            .isEmpty()) {
                engine.networks().conflictOf(spec).ifPresent(why -> conflicts.put(spec.name(), why));
            }
        }
        return conflicts;
    }
}
