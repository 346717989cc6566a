package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
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
        spec.usageMessage().description("Pulls the images of services, also where an older one is here.");
        spec.addOption(Options.flag("Also of what the services named depend on", "--include-deps"));
        spec.addOption(Options.flag("Go on with the others when one cannot be pulled", "--ignore-pull-failures"));
        spec.addOption(Options.flag("Not of services that are built", "--ignore-buildable"));
        spec.addOption(Options.value("POLICY", "always, or only what is missing here", "--policy"));
        spec.addOption(Options.flag("No progress", "-q", "--quiet"));
        spec.addOption(Options.dryRun());
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
        var missing =
                call.choice("--policy", "always", List.of("always", "missing")).equals("missing");
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return ExitCodes.ERROR;
        }
        var project = loaded.get().project();
        var known = new LinkedHashSet<>(project.services().keySet());
        known.addAll(project.disabled().keySet());
        Stack.require(call.arguments(), known);
        var images = images(call, files.withServices(call.arguments()));
        var door = EngineDoor.of(call);
        try (var engine = call.dryRun() ? door.openForReading() : door.open()) {
            return pull(call, new AllowedPull(engine, door.settings().images()), images, missing);
        }
    }

    /** The first service of each image. */
    private static Map<ImageReference, String> images(Invocation call, ProjectFiles files) {
        var images = new LinkedHashMap<ImageReference, String>();
        if (files.load() instanceof Loaded.Valid valid) {
            for (var service : valid.project().services().values()) {
                var named = call.arguments().isEmpty()
                        || call.flag("--include-deps")
                        || call.arguments().contains(service.name());
                var ignored = call.flag("--ignore-buildable")
                        && service.image().build().isPresent();
                var image = named && !ignored ? reference(service) : Optional.<ImageReference>empty();
                if (image.isPresent() && images.putIfAbsent(image.get(), service.name()) != null) {
                    tell(call, service.name(), "Skipped - Image is already being pulled by " + images.get(image.get()));
                }
            }
        }
        return images;
    }

    private static int pull(Invocation call, AllowedPull allowed, Map<ImageReference, String> images, boolean missing)
            throws IOException {
        var failures = new ArrayList<String>();
        var refused = false;
        for (var image : images.entrySet()) {
            if (missing && allowed.engine().images().find(image.getKey()).isPresent()) {
                tell(call, image.getValue(), "Skipped - Image is already present locally");
                continue;
            }
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
        return refused ? ExitCodes.REFUSED : ExitCodes.ERROR;
    }

    private static void tell(Invocation call, String service, String what) {
        if (!call.flag("--quiet")) {
            call.world()
                    .err()
                    .println(" " + (call.dryRun() ? "DRY-RUN MODE -  " : "") + Printable.text(service) + " " + what);
        }
    }
}
