package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.FileContents;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.plan.Facts;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Planner;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.StorageLimits;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Plans stacks on this host. Reads; what is planned is applied by {@link dev.lockstep.reconciler.apply.Applier}. */
public final class Deployment {
    private final Engine engine;
    private final String host;
    private final ImagePolicy images;
    private final HostSecrets secrets;
    private final InstantSource clock = InstantSource.system();
    private final Attempts attempts = new Attempts();

    /**
     * Plans by the rules of a host.
     *
     * @param images what the host's owner says of them; what the files' repository says can only narrow it
     * @param secrets that the host keeps, for those that files call external
     */
    public Deployment(Engine engine, String host, ImagePolicy images, HostSecrets secrets) {
        this.secrets = secrets;
        this.engine = engine;
        this.host = host;
        this.images = images;
    }

    /** Loads, checks, translates, observes and plans. */
    public Planned plan(StackSource source, PlanOptions options) throws IOException {
        try (var looking = Looking.at(engine)) {
            return switch (new ComposeLoader().load(source.load())) {
                case Loaded.Invalid invalid ->
                    new Planned.Invalid(
                            source.load().defaultName().orElse(""),
                            everything(invalid),
                            invalid.warnings(),
                            invalid.files());
                case Loaded.Valid valid -> plan(source, options, valid, looking);
            };
        }
    }

    private static List<Problem> everything(Loaded.Invalid invalid) {
        var beside = invalid.readable()
                .map(project -> Checks.beside(project, invalid.errors()))
                .orElse(List.of());
        return Stream.concat(invalid.errors().stream(), beside.stream().map(Finding::problem))
                .sorted()
                .toList();
    }

    private Planned plan(StackSource source, PlanOptions options, Loaded.Valid loaded, Looking looking)
            throws IOException {
        var project = loaded.project();
        var problems = Checks.strict(project);
        if (!problems.isEmpty()) {
            return new Planned.Invalid(project.name(), problems, loaded.warnings(), loaded.files());
        }
        var observed = looking.result();
        var now = clock.instant();
        var demands = PullDemands.of(project, options, now);
        if (!demands.problems().isEmpty()) {
            return new Planned.Invalid(project.name(), demands.problems(), loaded.warnings(), loaded.files());
        }
        var gate = new ImageGate(engine, policies(source), attempts, clock, options.since());
        var images = new ImageResolver(engine, observed.containers(), demands, options, gate, attempts, now);
        var files = source.files(project, loaded.projectDirectory());
        var owner = new Owner(host, project.name(), source.repository());
        var contents = new FileContents() {
            @Override
            public byte[] read(String path) throws IOException {
                return source.read(loaded.projectDirectory(), path);
            }

            @Override
            public byte[] external(String what, String name) throws IOException {
                return secrets.find(project.name(), name)
                        .orElseThrow(() -> new IOException("the " + what + " is not on this host. Run lockstep -p "
                                + project.name() + " secret set " + name + ", with its value on standard input"));
            }

            @Override
            public String identity(byte[] content) throws IOException {
                return engine.contents().identity(content);
            }
        };
        return switch (new Translation(
                        project,
                        owner,
                        files.sources(),
                        contents,
                        engine.users().byDefault(),
                        images)
                .translate(Placement.ONE_HOST.scaled(options.scale()), source.revision())) {
            case Translation.Result.Refused refused ->
                new Planned.Invalid(project.name(), refused.problems(), loaded.warnings(), loaded.files());
            case Translation.Result.Translated(var desired) -> {
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
                yield new Planned.Ready(
                        Planner.plan(desired, observed, facts(desired, observed, options, source.secrets()))
                                .refusing(verdict.problems(), verdict.refusals()),
                        desired,
                        withContents(files.beforeStart(), desired),
                        new ImageFindings(verdict.notes(), verdict.next()),
                        List.copyOf(warnings),
                        loaded.files());
            }
        };
    }

    /** Limits of what containers write that the file system of this root would not hold anybody to. */
    private List<Problem> unlimited(Project project, Desired desired) throws IOException {
        var services = desired.services().stream()
                .filter(service -> service.slots().stream()
                        .anyMatch(slot -> slot.spec().options().storage().size().isPresent()))
                .map(DesiredService::name)
                .toList();
        // Asked for last, and only then: most have none.
        var missing = services.isEmpty()
                ? Optional.<String>empty()
                : StorageLimits.missing(engine.root().state());
        return missing.stream()
                .flatMap(why -> services.stream()
                        .map(name -> "services." + name + ".storage_opt.size")
                        .map(path -> new Problem(project.sources().at(path), path, why)))
                .toList();
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

    /** A plan that takes the stack down; volumes stay unless a person asked otherwise. */
    public Plan planDown(String stack, boolean removeVolumes) throws IOException {
        var nothing = Desired.nothing(new Owner(host, stack, java.util.Optional.empty()));
        return Planner.plan(
                nothing,
                observe(engine),
                new Facts(false, true, removeVolumes, false, Set.of(), Map.of(), Map.of(), Secrets.NONE));
    }

    /** What really is. */
    public static Observed observe(Engine engine) throws IOException {
        return new Observed(
                engine.containers().observe(),
                engine.networks().observe(),
                engine.volumes().list());
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

    private Facts facts(Desired desired, Observed observed, PlanOptions options, Secrets secrets) throws IOException {
        return new Facts(
                options.followed(),
                options.followed() || options.removeOrphans(),
                false,
                options.forceRecreate(),
                options.leftAlone(),
                portHolders(desired, observed),
                subnetConflicts(desired, observed),
                missing(),
                secrets,
                options.wishes());
    }

    private List<String> missing() {
        return Stream.of(HostTools.Tool.CONMON, HostTools.Tool.RUNTIME)
                .filter(tool -> engine.tools().find(tool).isEmpty())
                .map(HostTools.Tool::remedy)
                .toList();
    }

    /** Asks the kernel only about ports that the stack does not have already. */
    private Map<PublishedPort, String> portHolders(Desired desired, Observed observed) throws IOException {
        var mine = observed.containersOf(desired.stack());
        var taken = new HashMap<PublishedPort, String>();
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                var id = mine.stream()
                        .filter(c -> c.name().equals(slot.spec().name()))
                        .map(c -> c.id())
                        .findFirst()
                        .orElse("");
                var attachment = observed.networks().containers().get(id);
                var families = families(slot.spec(), desired, observed);
                for (var port : slot.spec().ports()) {
                    if (port.hostPort().isEmpty()
                            || attachment != null && attachment.ports().contains(port)) {
                        continue;
                    }
                    engine.networks().holderOf(port, families, id).ifPresent(holder -> {
                        var ours = mine.stream().anyMatch(c -> holder.toString().contains(c.id()));
                        if (!ours) {
                            taken.put(port, name(holder.toString(), observed));
                        }
                    });
                }
            }
        }
        return taken;
    }

    /** Of which families its addresses will be that ports lead to. */
    private static Set<AddressFamily> families(ContainerSpec spec, Desired desired, Observed observed) {
        var families = EnumSet.noneOf(AddressFamily.class);
        for (var attachment : spec.networks()) {
            desired.networks().stream()
                    .filter(n -> !n.external() && n.spec().name().equals(attachment.network()))
                    .map(DesiredNetwork::spec)
                    .findFirst()
                    .or(() -> observed.network(attachment.network())
                            .map(n -> n.record().spec()))
                    .filter(n -> !n.internal())
                    .ifPresent(n -> families.addAll(n.families()));
        }
        return families;
    }

    /** People know containers by name. */
    private static String name(String holder, Observed observed) {
        return observed.containers().stream()
                .filter(c -> holder.equals("container " + c.id()))
                .map(c -> "container " + c.name())
                .findFirst()
                .orElse(holder);
    }

    private Map<String, String> subnetConflicts(Desired desired, Observed observed) throws IOException {
        var conflicts = new HashMap<String, String>();
        for (var network : desired.networks()) {
            var spec = network.spec();
            if (!network.external()
                    && (!spec.subnets().isEmpty() || !spec.isBridge())
                    && observed.network(spec.name()).isEmpty()) {
                engine.networks().conflictOf(spec).ifPresent(why -> conflicts.put(spec.name(), why));
            }
        }
        return conflicts;
    }
}
