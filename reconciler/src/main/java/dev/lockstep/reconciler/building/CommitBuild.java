package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.reconciler.builds.BuildLog;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.builds.Recipe;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.contexts.ContextAddress;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.contexts.RepositoryTokens;
import dev.lockstep.reconciler.contexts.UnbuildableException;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.BuildRooms;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.build.LayerForm;
import dev.lockstep.runtime.build.StepFailedException;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Makes one build of one commit, from its objects: builds, tests, names, pushes, and writes the log of it. */
final class CommitBuild {
    /** More only make each slower. */
    private static final int TESTS_AT_ONCE = 4;

    private final Engine engine;
    private final BuildsEntry policy;
    private final ImagePolicy images;
    private final HostSecrets secrets;
    private final BuildRecords records;
    private final ScheduledExecutorService timer;
    private final Deployment deployment;

    /** @param deployment plans containers of services, by what the host lets stacks have */
    CommitBuild(
            Engine engine,
            BuildsEntry policy,
            ImagePolicy images,
            HostSecrets secrets,
            BuildRecords records,
            ScheduledExecutorService timer,
            Deployment deployment) {
        this.deployment = deployment;
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
    }

    /**
     * What happens on the way.
     *
     * @param testing called when it is built and has to be tested
     * @param tags which of a build's tags it may still have when it gets them
     */
    record Course(Runnable testing, UnaryOperator<List<String>> tags) {}

    /**
     * What a build is given to see and nobody else may, by service; that of the others is for what it is built from.
     */
    private record Given(Map<String, Map<String, BuildRequest.Secret>> secrets) {
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
            given = given(target, source);
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
                var made = make(record, target, source, given, stop, course, log);
                log.accept("build " + record.number() + " succeeded: " + made.digest()
                        + (made.tags().isEmpty() ? "" : " is " + named(record, made.tags())));
                return made;
            } catch (IOException | RuntimeException e) {
                var why = redaction.of(stop.why().orElseGet(() -> tell(e, log)));
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

    /** The reason in one sentence; what a person needs to see of it is in the log. */
    private static String tell(Exception thrown, Consumer<String> log) {
        return switch (thrown) {
            case StepFailedException step -> {
                step.excerpt().lines().forEach(line -> log.accept(Printable.text(line)));
                yield step.excerpt()
                                .lines()
                                .findFirst()
                                .orElse("line " + step.at().line())
                        + ": " + Printable.text(String.valueOf(step.getMessage()));
            }
            default -> {
                var message = Optional.ofNullable(thrown.getMessage()).orElse(thrown.toString());
                // Excerpts have lines of their own, the last of which is the reason.
                message.lines().forEach(line -> log.accept(Printable.text(line)));
                yield message.lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .reduce((_, later) -> later)
                        .map(Printable::text)
                        .orElse("no reason is known");
            }
        };
    }

    private Given given(BuildTarget target, BuildSources.Source source) throws IOException {
        return switch (target.recipe()) {
            case Recipe.Entry _ -> new Given(Map.of());
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
            Consumer<String> log)
            throws IOException {
        var policies = Stream.concat(Stream.of(images), source.imagePolicies().stream())
                .toList();
        var requests = new CommitRequests(source.tree(), policy, secrets, log);
        // What services before it are built to has no name, and stays as long as this.
        try (var _ = engine.images().lease("build " + record.number());
                var fetched = FetchedContexts.below(engine.root(), logins(target, given), FetchedContexts.Reach.WEB)) {
            var builder = engine.builder(
                            new AllowedImages(engine, policies), address -> commit(fetched, address), fetched::download)
                    .sharedBy(record.repository());
            var request = switch (target.recipe()) {
                case Recipe.Entry entry -> requests.of(entry, record);
                case Recipe.OfService section -> {
                    var built = before(section, record, requests, given, builder, fetched, stop, log);
                    yield ofService(section, section.service(), record, requests, given, built, fetched);
                }
            };
            var tags = new ArrayList<String>();
            var digests = new ArrayList<Digest>();
            // Before it is built: what is refused costs nothing then.
            var asked = attestations(target);
            var taken = new TakenNames(engine, records);
            taken.require(record, references(record, record.tags()), target.push());
            var _ = builder.build(request, new BuildLines(log), stop.steps(), whole -> {
                if (target.test().isPresent()) {
                    course.testing().run();
                    var test = target.test().get();
                    test(record, test, stack(target, test, source), request, whole.image(), builder, stop, log);
                }
                if (stop.why().isPresent()) {
                    throw new BuildException(stop.why().get());
                }
                tags.addAll(course.tags().apply(record.tags()));
                var names = references(record, tags);
                taken.require(record, names, target.push());
                // What is pushed has another digest than what was built, and deployments have to know that one.
                var form = target.push() ? LayerForm.PUSHED : LayerForm.AS_IS;
                var packed = whole.as(builder.packing().pack(whole.image(), form));
                attest(target, packed, asked, names);
                Builder.Finish.named(engine.images(), names).with(packed);
                digests.add(packed.image().digest());
            });
            if (target.push()) {
                push(record, tags, stop, log);
            }
            return new Result.Made(digests.getLast(), target.push(), tags);
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
        return target.recipe() instanceof Recipe.OfService section
                ? RepositoryTokens.of(
                        given.secrets().getOrDefault(section.service(), Map.of()),
                        section(section, section.service()).context().text())
                : CredentialSource.none();
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
            FetchedContexts fetched)
            throws IOException {
        return requests.of(
                section,
                BuildSections.service(section.project(), name).orElseThrow(),
                section(section, name),
                given.secrets().getOrDefault(name, Map.of()),
                built,
                record,
                fetched);
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
                var request = ofService(section, name, record, requests, given, built, fetched);
                built.put(name, builder.build(request, new BuildLines(log), stop.steps(), _ -> {}));
            }
        }
        return built;
    }

    /** The service that is run with the image, where one is asked for. */
    private static Optional<BuildSources.Stack> stack(BuildTarget target, BuildTest test, BuildSources.Source source)
            throws IOException {
        if (test.service().isEmpty()) {
            return Optional.empty();
        }
        var service = test.service().get();
        return Optional.of(source.stack(service)
                .orElseThrow(() -> new BuildException("test.service of " + target.name() + ": no stack of this host has"
                        + " a service " + service + " at this commit; write STACK/SERVICE")));
    }

    /** The image itself, and beside it an image of every combination of the matrix; each has to pass. */
    private void test(
            BuildRecord record,
            BuildTest test,
            Optional<BuildSources.Stack> stack,
            BuildRequest request,
            Image image,
            Builder builder,
            Stop stop,
            Consumer<String> log)
            throws IOException {
        var reference = references(record, record.tags().stream().limit(1).toList()).stream()
                .findFirst()
                .orElseGet(() -> ImageReference.parse(record.image()));
        var reports = records.reports(record.number());
        var name = test(record.number());
        var work = new ArrayList<Callable<Optional<String>>>();
        var number = 0;
        for (var combination : Matrix.combinations(test.matrix())) {
            if (request.withArguments(combination).arguments().equals(request.arguments())) {
                continue; // the image itself
            }
            number++;
            var container = name + "-" + number;
            var prefix = "[" + Matrix.name(combination) + "] ";
            Consumer<String> own = line -> log.accept(line.isEmpty() ? "" : prefix + line);
            work.add(() -> problem(
                    prefix,
                    own,
                    () -> builder.build(
                            request.withArguments(combination),
                            new BuildLines(own),
                            stop.steps(),
                            other -> run(
                                    record,
                                    container,
                                    test,
                                    stack,
                                    reference,
                                    other.image(),
                                    reports.resolve(container),
                                    stop,
                                    own))));
        }
        work.addFirst(
                () -> problem("", log, () -> run(record, name, test, stack, reference, image, reports, stop, log)));
        var problems = all(work);
        if (!problems.isEmpty()) {
            throw new BuildException(String.join("; ", problems));
        }
    }

    /** What the containers of a build's tests are called, those of a matrix with a number behind it. */
    static String test(long number) {
        return "build-" + number + "-test";
    }

    /** Something that fails with a sentence. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private static Optional<String> problem(String prefix, Consumer<String> log, Work work) {
        try {
            work.run();
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.of(prefix + tell(e, log));
        }
    }

    private void run(
            BuildRecord record,
            String container,
            BuildTest test,
            Optional<BuildSources.Stack> stack,
            ImageReference reference,
            Image image,
            Path reports,
            Stop stop,
            Consumer<String> log)
            throws IOException {
        log.accept("test " + container + ": "
                + (test.command().isEmpty() ? "its own program" : String.join(" ", test.command()))
                + stack.map(one -> ", as service " + one.service() + " of stack " + one.name())
                        .orElse(""));
        var bare = new ImageTest(engine, timer, stop, log);
        if (stack.isPresent()) {
            new ServiceTest(engine, deployment, bare)
                    .run(record.number(), container, test, stack.get(), image, reports);
        } else {
            bare.run(record.number(), container, test, reference, image, reports);
        }
        log.accept("test " + container + " passed");
    }

    /** Native calls block, so each on a thread of its own; in the order of the work. */
    private static List<String> all(List<Callable<Optional<String>>> work) throws IOException {
        try (var threads = Executors.newFixedThreadPool(
                TESTS_AT_ONCE, Thread.ofPlatform().name("build-test-", 0).factory())) {
            var problems = new ArrayList<String>();
            for (var done : threads.invokeAll(work)) {
                done.get().ifPresent(problems::add);
            }
            return problems;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BuildException("the build was interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("only ends with sentences", e);
        }
    }

    private static List<ImageReference> references(BuildRecord record, List<String> tags) throws BuildException {
        try {
            return tags.stream()
                    .map(tag -> ImageReference.parse(record.image() + ":" + tag))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
    }

    private void push(BuildRecord record, List<String> tags, Stop stop, Consumer<String> log) throws IOException {
        for (var reference : references(record, tags)) {
            try {
                // A registry may take its time for ever; the agent ends, and others are built.
                var _ = stop.steps().interrupting(() -> engine.push(reference, Progress.NONE));
            } catch (IOException e) {
                throw new BuildException(
                        "it is built and tested, and cannot be pushed: " + reference.familiar() + ": "
                                + Optional.ofNullable(e.getMessage()).orElse(e.toString()),
                        e);
            }
            log.accept("pushed " + reference.familiar());
        }
    }
}
