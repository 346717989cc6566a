package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.reconciler.builds.BuildLog;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuiltNames;
import dev.lockstep.reconciler.builds.Recipe;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.contexts.ContextAddress;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.contexts.RepositoryTokens;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.ImageOwners;
import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.ImageTransfers;
import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.build.LayerForm;
import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.registry.OutsideGate;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Makes one build of one commit, from its objects: builds, tests, names, pushes, and writes the log of it. */
final class CommitBuild {
    private final Engine engine;
    private final BuildsEntry policy;
    private final ImagePolicy images;
    private final HostSecrets secrets;
    private final BuildRecords records;
    private final ScheduledExecutorService timer;
    private final Deployment deployment;
    private final SharedLimits limits;
    private final BuiltNames names;
    private final Confinement confinement;

    /**
     * Makes builds by the rules of a host.
     *
     * @param hostPolicy what repositories may ask for that is another's
     * @param deployment plans containers of services, by what the host lets stacks have
     * @param limits that steps and tests of all builds have together
     */
    CommitBuild(
            Engine engine,
            BuildsEntry policy,
            ImagePolicy images,
            HostPolicy hostPolicy,
            HostSecrets secrets,
            BuildRecords records,
            ScheduledExecutorService timer,
            Deployment deployment,
            SharedLimits limits) {
        this.deployment = deployment;
        this.limits = limits;
        this.names = new BuiltNames(engine.root());
        this.confinement = new Confinement(List.of(hostPolicy.layer()));
        this.engine = engine;
        this.policy = policy;
        this.images = images;
        this.secrets = secrets;
        this.records = records;
        this.timer = timer;
    }

    /** How it ended. */
    sealed interface Result {
        /**
         * It counts.
         *
         * @param tags that the image got
         */
        record Made(Digest digest, boolean pushed, List<String> tags) implements Result {
            public Made {
                tags = List.copyOf(tags);
            }
        }

        /** It does not; a sentence without secrets. */
        record Failed(String problem) implements Result {}

        /**
         * It may, once others have ended: then it is to be made again.
         *
         * @param why a sentence without its end
         * @param builds numbers of the others
         */
        record Waits(String why, Set<Long> builds) implements Result {
            public Waits {
                builds = Set.copyOf(builds);
            }
        }
    }

    /**
     * What happens on the way.
     *
     * @param testing called when it is built and has to be tested
     * @param tags which of a build's tags it may still have when it gets them
     */
    record Course(Runnable testing, UnaryOperator<List<String>> tags) {}

    /**
     * What a build is given to see and nobody else may, by service or target; that of the others is for what it is
     * built from.
     */
    private record Given(Map<String, Map<String, BuildRequest.Secret>> secrets) {
        Map<String, BuildRequest.Secret> of(String name) {
            return secrets.getOrDefault(name, Map.of());
        }

        List<byte[]> values() {
            return secrets.values().stream()
                    .flatMap(own -> own.values().stream())
                    .map(BuildRequest.Secret::content)
                    .toList();
        }
    }

    /** Makes it; whatever goes wrong is in the result and in the log. */
    Result run(BuildRecord record, BuildTarget target, BuildSources.Source source, Stop stop, Course course)
            throws IOException {
        records.clear(record.number());
        var refused = Optional.<IOException>empty();
        var given = new Given(Map.of());
        try {
            given = given(record, target, source);
        } catch (IOException e) {
            refused = Optional.of(e);
        }
        var redaction = Redaction.of(given.values());
        try (var file = BuildLog.create(records.log(record.number()), redaction)) {
            var log = lines(file);
            log.accept("build " + record.number() + " of " + record.name() + " from " + record.repository() + " "
                    + record.occasion().ref() + " at "
                    + source.tree().revision().shortCommit() + " \""
                    + Printable.text(record.subject()) + "\"");
            try {
                if (refused.isPresent()) {
                    throw refused.get();
                }
                var made = make(record, target, source, given, stop, course, redaction, log);
                log.accept("build " + record.number() + " succeeded: " + made.digest()
                        + (made.tags().isEmpty() ? "" : " is " + named(record, made.tags())));
                return made;
            } catch (AwaitedBuildsException e) {
                var ended = stop.why();
                log.accept("build " + record.number() + " "
                        + ended.map(why -> "failed: " + why).orElse("waits: " + e.getMessage()));
                return ended.<Result>map(Result.Failed::new)
                        .orElseGet(() -> new Result.Waits(String.valueOf(e.getMessage()), e.builds()));
            } catch (IOException | RuntimeException e) {
                var why = redaction.of(stop.why().orElseGet(() -> Reason.of(e, log)));
                log.accept("build " + record.number() + " failed: " + why);
                return new Result.Failed(why);
            }
        }
    }

    private static String named(BuildRecord record, List<String> tags) {
        return String.join(
                ", ", tags.stream().map(tag -> record.image() + ":" + tag).toList());
    }

    private static Consumer<String> lines(BuildLog file) {
        return line -> {
            try {
                // Whoever wrote it: values of a matrix and commands of tests are the repository's as well.
                file.line(BuildLines.printable(line));
            } catch (IOException e) {
                throw new UncheckedIOException(e); // a disk that is full ends the build, too
            }
        };
    }

    private Given given(BuildRecord record, BuildTarget target, BuildSources.Source source) throws IOException {
        return switch (target.recipe()) {
            case Recipe.Entry entry ->
                new Given(Map.of(
                        target.name(),
                        new CommitRequests(source.tree(), policy, secrets, _ -> {})
                                .secrets(entry, target.name(), record.repository())));
            case Recipe.OfService section -> {
                var requests = new CommitRequests(source.tree(), policy, secrets, _ -> {});
                var all = new LinkedHashMap<String, Map<String, BuildRequest.Secret>>();
                for (var name : BuildSections.order(section.project(), Set.of(section.service()))) {
                    all.put(name, requests.secrets(section, section(section, name)));
                }
                yield new Given(all);
            }
        };
    }

    private static Build section(Recipe.OfService section, String service) throws UnbuildableException {
        return BuildSections.service(section.project(), service)
                .flatMap(found -> found.image().build())
                .orElseThrow(() -> new UnbuildableException("service \"" + service + "\" has no build section"));
    }

    private Result.Made make(
            BuildRecord record,
            BuildTarget target,
            BuildSources.Source source,
            Given given,
            Stop stop,
            Course course,
            Redaction redaction,
            Consumer<String> log)
            throws IOException {
        var policies = Stream.concat(Stream.of(images), source.imagePolicies().stream())
                .toList();
        var requests = new CommitRequests(source.tree(), policy, secrets, log);
        // Whoever can push has chosen all that is asked, and the host is asked by many that trust it.
        var outside = engine.outside(
                images.registries().map(ImagePolicy.Registries::hosts).orElse(List.of()));
        // What services before it are built to has no name, and stays as long as this.
        try (var _ = engine.images().lease("build " + record.number());
                var _ = limits.enter();
                var gate = new OutsideGate(outside);
                var transfers = engine.transfers(gate);
                var fetched = FetchedContexts.below(engine.root(), logins(target, given), outside)) {
            var builder = engine.builder(
                            new AllowedImages(
                                    engine,
                                    transfers,
                                    new ImageOwners(names.othersThan(record.repository()), confinement),
                                    policies),
                            address -> commit(fetched, address),
                            fetched::download)
                    .sharedBy(record.repository())
                    .within(limits);
            var request = switch (target.recipe()) {
                case Recipe.Entry entry -> requests.of(entry, given.of(target.name()), record);
                case Recipe.OfService section -> {
                    var built = before(section, record, requests, given, builder, fetched, stop, log);
                    yield ofService(section, section.service(), record, requests, given, built, fetched, stop);
                }
            };
            var made = new ArrayList<Result.Made>();
            // Before it is built: what is refused costs nothing then.
            if (target.test().isPresent() && !Platform.current().runs(request.platform())) {
                throw new UnbuildableException("builds." + target.name() + ".test: an image of " + request.platform()
                        + " is not run on this host, which is " + Platform.current()
                        + "; take the test out, or let a host of that kind build it");
            }
            var asked = attestations(target);
            var taken = new TakenNames(engine, names);
            taken.require(record, references(record, record.tags()), target.push());
            var _ = builder.build(request, new BuildLines(log), stop.steps(), whole -> {
                if (target.test().isPresent()) {
                    course.testing().run();
                    new CommitTests(engine, deployment, records, timer, limits, stop, redaction)
                            .run(
                                    CommitTests.Subject.of(record, target.test().get(), source),
                                    request,
                                    whole.image(),
                                    builder,
                                    log);
                }
                if (stop.why().isPresent()) {
                    throw new BuildException(stop.why().get());
                }
                var first = references(record, course.tags().apply(record.tags()));
                // What is pushed has another digest than what was built, and deployments have to know that one.
                var form = target.push() ? LayerForm.PUSHED : LayerForm.AS_IS;
                var packed = whole.as(builder.packing(stop.steps()).pack(whole.image(), form));
                attest(target, packed, asked, first);
                var digest = packed.image().digest();
                taken.require(record, first, target.push());
                // All that may take its time and fail comes before the names, here and there.
                var pushed = target.push() && !first.isEmpty();
                if (pushed) {
                    push(first.getFirst(), first.getFirst().withDigest(digest), transfers, stop);
                }
                var tags = course.tags().apply(record.tags());
                var wanted = references(record, tags);
                if (pushed) {
                    for (var name : wanted) {
                        push(name, exactly(name, digest), transfers, stop);
                        log.accept("pushed " + name.familiar());
                    }
                }
                taken.give(
                        record,
                        wanted,
                        target.push(),
                        digest,
                        () -> Builder.Finish.named(engine.images(), wanted).with(packed));
                made.add(new Result.Made(digest, pushed, tags));
            });
            return made.getLast();
        }
    }

    private static List<Attestation> attestations(BuildTarget target) throws UnbuildableException {
        return switch (target.recipe()) {
            case Recipe.Entry _ -> List.of();
            case Recipe.OfService section ->
                CommitRequests.attestations(section.service(), section(section, section.service()));
        };
    }

    /** Says of the image what its section asks for, by its first name. */
    private void attest(BuildTarget target, Built packed, List<Attestation> asked, List<ImageReference> names)
            throws IOException {
        if (target.recipe() instanceof Recipe.OfService section && !asked.isEmpty()) {
            var name = names.isEmpty()
                    ? packed.image().digest().toString()
                    : names.getFirst().toString();
            // Labels that the section has written say of the source what nobody has checked.
            var written = section(section, section.service()).labels().keySet();
            engine.attestations().attach(packed, asked, name, AttestOptions.source(packed.request(), written));
        }
    }

    private static CredentialSource logins(BuildTarget target, Given given) throws IOException {
        return switch (target.recipe()) {
            case Recipe.Entry entry ->
                RepositoryTokens.of(given.of(target.name()), entry.build().context());
            case Recipe.OfService section ->
                RepositoryTokens.of(
                        given.of(section.service()),
                        section(section, section.service()).context().text());
        };
    }

    private static BuildRooms.Commit commit(FetchedContexts fetched, String address) throws IOException {
        if (ContextAddress.parse(address) instanceof ContextAddress.Git git) {
            return fetched.commit(git);
        }
        throw new BuildException(Printable.text(address) + " is the address of no Git repository");
    }

    private BuildRequest ofService(
            Recipe.OfService section,
            String name,
            BuildRecord record,
            CommitRequests requests,
            Given given,
            Map<String, Image> built,
            FetchedContexts fetched,
            Stop stop)
            throws IOException {
        var service = BuildSections.service(section.project(), name).orElseThrow();
        var build = section(section, name);
        // Contexts of the web come with it, as long as their servers like.
        return stop.steps()
                .interrupting(() -> requests.of(section, service, build, given.of(name), built, record, fetched));
    }

    /** The images of services that this one is built from. */
    private Map<String, Image> before(
            Recipe.OfService section,
            BuildRecord record,
            CommitRequests requests,
            Given given,
            Builder builder,
            FetchedContexts fetched,
            Stop stop,
            Consumer<String> log)
            throws IOException {
        var built = new HashMap<String, Image>();
        for (var name : BuildSections.order(section.project(), Set.of(section.service()))) {
            if (!name.equals(section.service())) {
                log.accept("service \"" + name + "\", which it is built from:");
                var request = ofService(section, name, record, requests, given, built, fetched, stop);
                built.put(name, builder.build(request, new BuildLines(log), stop.steps(), _ -> {}));
            }
        }
        return built;
    }

    static List<ImageReference> references(BuildRecord record, List<String> tags) throws BuildException {
        try {
            return tags.stream()
                    .map(tag -> ImageReference.parse(record.image() + ":" + tag))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
    }

    /** That name for an image that is found by its digest, since it does not have the name here yet. */
    private static ImageReference exactly(ImageReference name, Digest digest) {
        return new ImageReference(name.host(), name.repository(), name.tag(), Optional.of(digest));
    }

    private static void push(ImageReference name, ImageReference what, ImageTransfers transfers, Stop stop)
            throws IOException {
        try {
            // A registry may take its time for ever; the agent ends, and others are built.
            var _ = stop.steps().interrupting(() -> transfers.push(what, Progress.NONE));
        } catch (IOException e) {
            throw new BuildException(
                    "it is built and tested, and cannot be pushed: " + name.familiar() + ": "
                            + Optional.ofNullable(e.getMessage()).orElse(e.toString()),
                    e);
        }
    }
}
