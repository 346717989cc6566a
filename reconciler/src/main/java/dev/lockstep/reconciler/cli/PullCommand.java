package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code pull}: the images of services, from their registries. */
final class PullCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Pulls the images of services, also where an older one is here; with pull_policy missing"
                        + " only what is not, and none with never or build.");
        spec.addOption(Options.flag("Also of what the services named depend on", "--include-deps"));
        spec.addOption(Options.flag("Go on with the others when one cannot be pulled", "--ignore-pull-failures"));
        spec.addOption(Options.flag("Not of services that are built", "--ignore-buildable"));
        spec.addOption(
                Options.value("POLICY", "always or missing, in place of each service's pull_policy", "--policy"));
        spec.addOption(Options.flag("No progress", "-q", "--quiet"));
        spec.addOption(Options.dryRun());
        Options.ignored("--parallel", "--no-parallel").forEach(spec::addOption);
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    /** The service's image; empty when it has none or only something that is no reference. */
    static Optional<ImageReference> reference(Service service) {
        try {
            return service.image().reference().map(Written::text).map(ImageReference::parse);
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // planning says so, with its place
        }
    }

    @Override
    public int run(Invocation call) throws Exception {
        policy(call); // refuses another word before anything is opened
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return files.exitCode();
        }
        var project = loaded.get().project();
        var known = new LinkedHashSet<>(project.services().keySet());
        known.addAll(project.disabled().keySet());
        Stack.require(call.arguments(), known);
        var services = services(call, files.withServices(call.arguments()));
        var door = EngineDoor.of(call);
        try (var engine = call.dryRun() ? door.openForReading() : door.open()) {
            var allowed = new AllowedPull(engine, door.settings().images());
            return pull(call, allowed, wanted(call, engine, services));
        }
    }

    private static List<Service> services(Invocation call, ProjectFiles files) {
        return files.load() instanceof Loaded.Valid valid
                ? valid.project().services().values().stream()
                        .filter(service -> call.arguments().isEmpty()
                                || call.flag("--include-deps")
                                || call.arguments().contains(service.name()))
                        .toList()
                : List.of();
    }

    /** What is to be pulled, each image for its first service; says of every other service why it is left out. */
    private static Map<ImageReference, String> wanted(Invocation call, Engine engine, List<Service> services)
            throws IOException, CommandException {
        var policy = policy(call);
        var images = new LinkedHashMap<ImageReference, String>();
        for (var service : services) {
            var image = reference(service);
            var why = skipped(call, engine, service, image, policy.or(service.image()::pullPolicy));
            if (why.isPresent()) {
                tell(call, service.name(), why.get());
            } else if (image.isPresent() && images.putIfAbsent(image.get(), service.name()) != null) {
                tell(call, service.name(), "Skipped - Image is already being pulled by " + images.get(image.get()));
            }
        }
        return images;
    }

    /** That stands in place of the services' own, as with Compose. */
    private static Optional<PullPolicy> policy(Invocation call) throws CommandException {
        return call.text("--policy").isEmpty()
                ? Optional.empty()
                : Optional.of(PullPolicy.parse(call.choice("--policy", "always", List.of("always", "missing"))));
    }

    /** Why a service's image is not asked for, in Compose's words. */
    private static Optional<String> skipped(
            Invocation call,
            Engine engine,
            Service service,
            Optional<ImageReference> image,
            Optional<PullPolicy> policy)
            throws IOException {
        if (service.image().reference().isEmpty()) {
            return Optional.of("Skipped - No image to be pulled");
        }
        // What a registry has under the name of an image that is made here is somebody else's.
        if (policy.equals(Optional.of(PullPolicy.Plain.NEVER)) || policy.equals(Optional.of(PullPolicy.Plain.BUILD))) {
            return Optional.of("Skipped");
        }
        if (policy.equals(Optional.of(PullPolicy.Plain.MISSING))
                && image.isPresent()
                && !image.get().tag().equals(Optional.of("latest")) // which pull asks for all the same, says Compose
                && engine.images().find(image.get()).isPresent()) {
            return Optional.of("Skipped - Image is already present locally");
        }
        return call.flag("--ignore-buildable") && service.image().build().isPresent()
                ? Optional.of("Skipped - Image can be built")
                : Optional.empty();
    }

    private static int pull(Invocation call, AllowedPull allowed, Map<ImageReference, String> images)
            throws IOException {
        var failures = new ArrayList<String>();
        var refused = false;
        for (var image : images.entrySet()) {
            tell(call, image.getValue(), "Pulling");
            if (call.dryRun()) {
                tell(call, image.getValue(), "Pulled");
                continue;
            }
            try {
                try (var progress = LayerProgress.onStandardError(call)) {
                    allowed.pull(image.getKey(), progress);
                }
                tell(call, image.getValue(), "Pulled");
            } catch (CommandException e) {
                tell(call, image.getValue(), "Refused");
                refused = true;
                failures.add(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                tell(call, image.getValue(), "Error");
                failures.add(Sentences.of(e));
            }
        }
        failures.forEach(why -> call.say((call.flag("--ignore-pull-failures") ? "Warning: " : "lockstep: ") + why));
        if (failures.isEmpty() || call.flag("--ignore-pull-failures")) {
            return ExitCodes.OK;
        }
        return refused ? ExitCodes.REFUSED : ExitCodes.COMPOSE_PULL;
    }

    private static void tell(Invocation call, String service, String what) {
        if (!call.flag("--quiet")) {
            call.world()
                    .err()
                    .println(" " + (call.dryRun() ? "DRY-RUN MODE -  " : "") + Printable.text(service) + " " + what);
        }
    }
}
