package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.reconciler.plan.Wishes;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs a command in a container that is made like those of a service, of an image that was just built: with its
 * variables, files and secrets, and with networks and volumes as the stack has them, but its own, which go with it. The
 * stack itself, if it runs here, notices nothing. What the host does not let the stack have is refused here as well.
 */
final class ServiceTest {
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(1);

    private final Engine engine;
    private final Deployment deployment;
    private final ImageTest test;

    ServiceTest(Engine engine, Deployment deployment, ImageTest test) {
        this.engine = engine;
        this.deployment = deployment;
        this.test = test;
    }

    /**
     * Runs it to its end.
     *
     * @param name of the container, and of the stack that it has meanwhile
     * @throws BuildException when it fails, or the host does not allow it
     */
    void run(long build, String name, BuildTest asked, BuildSources.Stack stack, Image image, Path reports)
            throws IOException {
        try (var _ = StackLock.take(engine.root(), name, LOCK_PATIENCE, _ -> {})) {
            try {
                locked(build, name, asked, stack, image, reports);
            } finally {
                takeDown(engine, deployment, name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BuildException("the build was interrupted", e);
        }
    }

    private void locked(long build, String name, BuildTest asked, BuildSources.Stack stack, Image image, Path reports)
            throws IOException {
        var ready = plan(name, stack, image);
        apply(engine, ready.plan(), ready.beforeStart());
        var wanted = ready.desired().services().stream()
                .filter(service -> service.name().equals(stack.service()))
                .flatMap(service -> service.slots().stream())
                .findFirst()
                .orElseThrow(() -> new BuildException("service \"" + stack.service() + "\" has no container to run"))
                .spec();
        var spec = spec(build, name, asked, wanted.withDigest(image.digest()));
        ready.beforeStart().materialise(wanted);
        ready.beforeStart().install(wanted);
        var record = engine.containers().create(spec);
        try {
            ready.beforeStart().provide(spec);
            test.attend(record, asked, reports);
        } finally {
            new DefaultBridge(engine).remove(record, true);
        }
    }

    /** Networks and volumes of the service, and what its container would be. */
    private Planned.Ready plan(String name, BuildSources.Stack stack, Image image) throws IOException {
        var renamed = stack.source().load().withProjectName(name).withServices(List.of(stack.service()));
        if (!(new ComposeLoader().load(renamed) instanceof Loaded.Valid loaded)) {
            throw new BuildException(
                    "the files of stack " + stack.name() + " are wrong; 'lockstep validate' says where");
        }
        var project = loaded.project();
        var digests = new HashMap<String, String>();
        for (var service : project.services().values()) {
            // Those of the others as well: they are not made, and nobody has to look their images up.
            digests.put(
                    ImageReference.parse(BuiltImages.name(project, service)).toString(),
                    image.digest().toString());
        }
        var source = new Renamed(stack.source(), renamed, stack.name(), digests);
        var untouched = new TreeSet<>(project.services().keySet());
        var options = PlanOptions.byHand(false, false, Optional.empty())
                .forUp(new Wishes(untouched, Set.of(), false, false, true, false), Map.of(stack.service(), 1));
        return switch (deployment.plan(source, options)) {
            case Planned.Invalid invalid ->
                throw new BuildException(
                        invalid.errors().stream().map(Object::toString).collect(Collectors.joining("; ")));
            case Planned.Ready ready -> {
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
                // Addresses and names are the service's own, which may run here.
                service.networks().stream()
                        .map(network -> new AttachmentSpec(network.network(), List.of(), List.of(), network.priority()))
                        .toList(),
                List.of(),
                service.options().process().withStreams(false, false));
    }

    private static void apply(Engine engine, Plan plan, BeforeStart beforeStart) throws IOException {
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            for (var result : new Applier(engine, health, beforeStart, ApplyListener.NONE).apply(plan)) {
                if (result instanceof StepResult.Failed(var step, var why)) {
                    throw new BuildException(step.operation().name() + ": " + why);
                }
            }
        }
    }

    /** Takes away what a test of that name has had; also what a killed one left. */
    static void takeDown(Engine engine, Deployment deployment, String name) throws IOException {
        apply(engine, deployment.planDown(name, true), BeforeStart.NOTHING);
        var stacks = engine.root().state().resolve("stacks");
        if (Files.isDirectory(stacks.resolve(name))) {
            try (var all = Directory.open(stacks)) {
                all.removeTree(RawPath.of(name));
            }
        }
    }

    /** The stack under another name, where one image is the one that was built. */
    private record Renamed(StackSource of, LoadRequest load, String name, Map<String, String> digests)
            implements StackSource {
        @Override
        public Optional<String> keeper() {
            return Optional.of(name);
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
    }
}
