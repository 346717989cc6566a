package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.reconciler.plan.Wishes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.log.LogQuery;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs a command in a container that is made like those of a service, of an image that was just built: with its
 * variables, files and secrets, and with networks, volumes and the services that it depends on as the stack has them,
 * but its own, which go with it. The stack itself, if it runs here, notices nothing. What the host does not let the
 * stack have is refused here as well.
 */
final class ServiceTest {
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(1);
    /** Of each service that a test depends on, where one does not come up. */
    private static final int LAST_LINES = 20;

    private final Engine engine;
    private final Deployment deployment;
    private final ScheduledExecutorService timer;
    private final ImageTest test;
    private final Stop stop;
    private final Consumer<String> log;
    private final Redaction redaction;
    private final String cgroup;

    /**
     * @param timer calls off what takes too long
     * @param test runs the container itself
     * @param redaction of what is logged; learns the stack's secrets
     * @param cgroup whose limits containers have together
     */
    ServiceTest(
            Engine engine,
            Deployment deployment,
            ScheduledExecutorService timer,
            ImageTest test,
            Stop stop,
            Consumer<String> log,
            Redaction redaction,
            String cgroup) {
        this.engine = engine;
        this.deployment = deployment;
        this.timer = timer;
        this.test = test;
        this.stop = stop;
        this.log = log;
        this.redaction = redaction;
        this.cgroup = cgroup;
    }

    /**
     * Runs it to its end.
     *
     * @param name of the container, and of the stack that it has meanwhile
     * @throws BuildException when it fails, or the host does not allow it
     */
    void run(long build, String name, BuildTest asked, BuildSources.Stack stack, Image image, Path reports)
            throws IOException {
        var leftovers = new TestLeftovers(engine, deployment);
        try (var _ = StackLock.take(engine.root(), name, LOCK_PATIENCE, _ -> {})) {
            if (leftovers.isTaken(name)) {
                throw new BuildException("the stack " + name + " of this host has the name that the test would have;"
                        + " give that stack another one");
            }
            // Why it failed is not hidden by what cannot be removed.
            try (Closeable _ = () -> leftovers.removeStack(name)) {
                locked(build, name, asked, stack, image, reports);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BuildException("the build was interrupted", e);
        }
    }

    private void locked(long build, String name, BuildTest asked, BuildSources.Stack stack, Image image, Path reports)
            throws IOException, InterruptedException {
        var ready = plan(build, name, stack, image);
        alsoHide(ready.desired(), stack.source().secrets());
        var service = ready.desired().services().stream()
                .filter(one -> one.name().equals(stack.service()))
                .findFirst()
                .orElseThrow(() -> new BuildException("service \"" + stack.service() + "\" is not in its files"));
        var wanted = service.slots().stream()
                .findFirst()
                .orElseThrow(() -> new BuildException("service \"" + stack.service() + "\" has no container to run"))
                .spec();
        // As long as the test runs: somebody has to look after the health of the others.
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            startOthers(ready, service, health, asked.timeout());
            var spec = spec(build, name, asked, wanted.withDigest(image.digest()));
            ready.beforeStart().materialise(wanted);
            ready.beforeStart().install(wanted);
            var record = engine.containers().create(spec);
            try (Closeable _ = () -> new DefaultBridge(engine).remove(record, true)) {
                ready.beforeStart().provide(spec);
                test.attend(record, asked, reports);
            }
        }
    }

    /** Secrets that containers get, and values that the host adds to the files: none of them gets into the log. */
    private void alsoHide(Desired desired, Secrets added) {
        redaction.add(Stream.concat(
                        desired.secretContents(), added.maskable().map(value -> value.getBytes(StandardCharsets.UTF_8)))
                .toList());
    }

    /** Makes networks and volumes, and starts what the service depends on until that is as the service needs it. */
    private void startOthers(Planned.Ready ready, DesiredService service, HealthMonitor health, Duration patience)
            throws IOException, InterruptedException {
        var applier = new Applier(engine, health, ready.beforeStart(), ApplyListener.NONE);
        var over = new CountDownLatch(1);
        Runnable callOff = () -> {
            applier.cancel();
            over.countDown();
        };
        var late = timer.schedule(callOff, patience.toMillis(), TimeUnit.MILLISECONDS);
        try (var _ = stop.watch(callOff)) {
            var problem = problem(applier.apply(ready.plan()));
            var gates = new Gates(engine.containers(), health, ready.desired().stack(), over);
            for (var gate : service.dependsOn().entrySet()) {
                if (problem.isPresent()) {
                    break;
                }
                var unmet = gates.await(gate.getKey(), gate.getValue().condition());
                if (gate.getValue().required()) {
                    problem = unmet;
                } else {
                    unmet.ifPresent(why -> log.accept("Warning: " + gate.getKey() + ": " + why));
                }
            }
            if (problem.isPresent()) {
                tellLogs(ready.desired().stack());
                throw new BuildException("what service \"" + service.name() + "\" depends on does not come up: "
                        + (late.isDone() ? "it was not ready after " + ImageTest.shown(patience) : problem.get()));
            }
        } finally {
            late.cancel(false);
        }
    }

    /** The first that failed; what was not tried because of it is no reason. */
    private static Optional<String> problem(List<StepResult> results) {
        return results.stream()
                .filter(StepResult.Failed.class::isInstance)
                .map(failed -> failed.step().operation().name() + ": " + ((StepResult.Failed) failed).why())
                .findFirst()
                .or(() -> results.stream()
                        .filter(StepResult.Skipped.class::isInstance)
                        .map(skipped -> skipped.step().operation().name() + ": " + ((StepResult.Skipped) skipped).why())
                        .findFirst());
    }

    /** What the others have written last: they are gone in a moment. */
    private void tellLogs(String stack) throws IOException {
        var last = new LogQuery(OptionalInt.of(LAST_LINES), Optional.empty(), Optional.empty());
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            if (spec.owner().stack().equals(stack) && spec.options().log().driver() == LogSettings.Driver.FILES) {
                engine.containers()
                        .logs(container.id())
                        .read(
                                last,
                                line -> log.accept(
                                        spec.service() + " | " + new String(line.bytes(), StandardCharsets.UTF_8)));
            }
        }
    }

    /**
     * Looks whether what the services that a test needs run and mount is built, as far as the repository builds it.
     *
     * @param build that is tested
     * @throws AwaitedBuildsException when one is still being built
     */
    static void requireOthersBuilt(long build, BuildSources.Stack stack) throws IOException {
        if (!(new ComposeLoader().load(stack.source().load().withServices(List.of(stack.service())))
                instanceof Loaded.Valid written)) {
            return; // told by whoever runs the test
        }
        var project = written.project();
        var states = stack.source().builds().of(project);
        var own = Optional.ofNullable(project.services().get(stack.service()))
                .flatMap(service -> reference(project, service));
        var sentences = new TreeSet<String>();
        var builds = new TreeSet<Long>();
        for (var service : project.services().values()) {
            var reference = reference(project, service);
            var state = reference.map(states::get);
            // Others of its own image, by whichever name of it, are the one that is tested as well.
            if (!reference.equals(own)
                    && state.isPresent()
                    && state.get() instanceof BuildState.Pending pending
                    && pending.build() != build) {
                sentences.add(service(service) + pending.why());
                builds.add(pending.build());
            }
            for (var mounted : mounted(service)) {
                if (!Optional.of(mounted).equals(own)
                        && states.get(mounted) instanceof BuildState.Pending pending
                        && pending.build() != build) {
                    sentences.add(mount(mounted, service) + pending.why());
                    builds.add(pending.build());
                }
            }
        }
        if (!builds.isEmpty()) {
            throw new AwaitedBuildsException(String.join("; ", sentences), builds);
        }
    }

    /** Networks, volumes and the other services, and what its container would be. */
    private Planned.Ready plan(long build, String name, BuildSources.Stack stack, Image image) throws IOException {
        var asked = stack.source().load().withServices(List.of(stack.service()));
        var renamed = asked.withProjectName(name);
        var loader = new ComposeLoader();
        if (!(loader.load(asked) instanceof Loaded.Valid written)
                || !(loader.load(renamed) instanceof Loaded.Valid loaded)) {
            throw new BuildException(
                    "the files of stack " + stack.name() + " are wrong; 'lockstep validate' says where");
        }
        var digests = digests(build, stack, written.project(), loaded.project(), image);
        var source = new Renamed(stack.source(), renamed, stack.name(), digests, build, cgroup);
        var options = PlanOptions.byHand(false, false, Optional.empty())
                .forUp(
                        new Wishes(Set.of(stack.service()), Set.of(), false, false, true, false),
                        Map.of(stack.service(), 1));
        return switch (deployment.plan(source, options)) {
            case Planned.Invalid invalid ->
                throw new BuildException(
                        invalid.errors().stream().map(Object::toString).collect(Collectors.joining("; ")));
            case Planned.Ready ready -> {
                var shared = OutsideData.writable(ready.desired(), stack.service());
                if (!shared.isEmpty()) {
                    throw new BuildException("service \"" + stack.service() + "\" of stack " + stack.name()
                            + " cannot be tested with what it depends on: " + String.join("; ", shared)
                            + ". Mount it with read_only, or let what is needed of it be a volume of the stack");
                }
                var problems = Stream.concat(ready.plan().problems().stream(), ready.plan().refusals().stream())
                        .map(Object::toString)
                        .toList();
                if (!problems.isEmpty()) {
                    throw new BuildException("service \"" + stack.service() + "\" of stack " + stack.name()
                            + " cannot be run here: " + String.join("; ", problems));
                }
                yield ready;
            }
        };
    }

    /**
     * What images mean: the service's own is the one that was built, those that the repository builds as well are what
     * the stack would run, and all others are looked up.
     */
    private static Map<String, String> digests(
            long build, BuildSources.Stack stack, Project written, Project renamed, Image image) throws IOException {
        var states = stack.source().builds().of(written);
        var digests = new HashMap<String, String>();
        var tested = Optional.ofNullable(renamed.services().get(stack.service()))
                .flatMap(service -> reference(renamed, service));
        // Others of its image are the one that is tested as well.
        tested.ifPresent(own -> digests.put(own.toString(), image.digest().toString()));
        var testedAs = Optional.ofNullable(written.services().get(stack.service()))
                .flatMap(service -> reference(written, service));
        for (var service : renamed.services().values()) {
            var reference = reference(renamed, service);
            if (reference.isPresent() && !reference.equals(tested)) {
                var own = Optional.ofNullable(written.services().get(service.name()))
                        .flatMap(one -> reference(written, one));
                var state = own.map(states::get);
                if (state.isPresent() && !(isElsewhere(state.get()) && own.equals(reference))) {
                    digests.put(
                            reference.get().toString(),
                            digest(build, image, service(service), state.get()).toString());
                }
            }
            // Their names are the same whatever the stack is called.
            for (var mounted : mounted(service)) {
                var state = states.get(mounted);
                if (Optional.of(mounted).equals(testedAs)) {
                    digests.put(mounted.toString(), image.digest().toString());
                } else if (state != null && !isElsewhere(state)) {
                    digests.put(
                            mounted.toString(),
                            digest(build, image, mount(mounted, service), state).toString());
                }
            }
        }
        return digests;
    }

    private static List<ImageReference> mounted(Service service) {
        return service.storage().mounts().stream()
                .filter(Mount.Image.class::isInstance)
                .flatMap(mount -> parsed(((Mount.Image) mount).image()).stream())
                .toList();
    }

    private static String service(Service service) {
        return "service \"" + service.name() + "\", which it depends on, ";
    }

    private static String mount(ImageReference image, Service service) {
        return "image " + image.familiar() + ", which service \"" + service.name() + "\" mounts, ";
    }

    /** Its registry may have it, and is asked under the name that everybody knows. */
    private static boolean isElsewhere(BuildState state) {
        return state instanceof BuildState.Missing missing && missing.elsewhere();
    }

    private static Optional<ImageReference> reference(Project project, Service service) {
        return parsed(BuiltImages.name(project, service));
    }

    private static Optional<ImageReference> parsed(String image) {
        try {
            return Optional.of(ImageReference.parse(image));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // told by the plan
        }
    }

    private static Digest digest(long build, Image image, String what, BuildState state) throws BuildException {
        return switch (state) {
            case BuildState.Built built -> built.digest();
            case BuildState.Pending pending when pending.build() == build -> image.digest(); // another name of it
            case BuildState.Pending pending -> throw unbuilt(what, pending.why());
            case BuildState.Broken(var reason) -> throw unbuilt(what, reason);
            case BuildState.Missing missing -> throw unbuilt(what, missing.why());
        };
    }

    private static BuildException unbuilt(String what, String why) {
        return new BuildException(what + why + "; 'lockstep builds retry' of this one tries it again then");
    }

    private static ContainerSpec spec(long build, String name, BuildTest asked, ContainerSpec service) {
        var labels = new LinkedHashMap<>(service.labels());
        labels.put(ImageTest.LABEL, Long.toString(build));
        return service.asOneOff(
                name,
                asked.command().isEmpty() ? service.entrypoint() : Optional.of(List.of()),
                asked.command().isEmpty() ? service.command() : Optional.of(asked.command()),
                service.environment(),
                service.user(),
                service.workingDir(),
                labels,
                service.mounts(),
                service.networks(),
                List.of(),
                service.options().process().withStreams(false, false));
    }

    /** The stack under another name, where images are what was built. */
    private record Renamed(
            StackSource of, LoadRequest load, String name, Map<String, String> digests, long build, String cgroup)
            implements StackSource {
        /** What is built is said by digests; what others build here is as little the stack's as ever. */
        @Override
        public StackBuilds builds() {
            return of.builds().saying(StackBuilds.NONE);
        }

        @Override
        public Optional<String> keeper() {
            return Optional.of(name);
        }

        @Override
        public Desired adapted(Desired desired) {
            return TestStack.of(desired, build, cgroup);
        }

        @Override
        public Optional<String> repository() {
            return of.repository();
        }

        @Override
        public Optional<String> revision() {
            return of.revision();
        }

        @Override
        public List<ImagePolicy> imagePolicies() {
            return of.imagePolicies();
        }

        @Override
        public List<PolicyLayer> policies() {
            return of.policies();
        }

        @Override
        public Secrets secrets() {
            return of.secrets();
        }

        @Override
        public StackSource.Files files(Project project, String projectDirectory) throws IOException {
            return of.files(project, projectDirectory);
        }

        @Override
        public byte[] read(String projectDirectory, String path) throws IOException {
            return of.read(projectDirectory, path);
        }

        @Override
        public boolean isExecutable(String projectDirectory, String path) throws IOException {
            return of.isExecutable(projectDirectory, path);
        }
    }
}
