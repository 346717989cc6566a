package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Builds the {@code build} sections of a project's services, one after the other, those first that others need. */
final class ServiceBuild {
    /** Which images of the services asked for are built. */
    enum Which {
        ALL,
        /** Those that are not on this host, or whose policy says so. */
        MISSING
    }

    private final Invocation call;

    ServiceBuild(Invocation call) {
        this.call = call;
    }

    /** {@code build [SERVICE...]}. */
    int run(List<String> services, boolean dependencies) throws Exception {
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return ExitCodes.ERROR;
        }
        var project = loaded.get().project();
        var known = new TreeSet<>(project.services().keySet());
        known.addAll(project.disabled().keySet());
        Stack.require(services, known);
        var wanted = new LinkedHashSet<>(services.isEmpty() ? project.services().keySet() : services);
        if (dependencies && files.withServices(services).load() instanceof Loaded.Valid valid) {
            wanted.addAll(valid.project().services().keySet());
        }
        var scoped = files.withServices(services).load() instanceof Loaded.Valid valid ? valid : loaded.get();
        var order = order(scoped.project(), wanted);
        if (order.isEmpty()) {
            call.say("No services to build");
            return ExitCodes.OK;
        }
        build(scoped, order, Which.ALL);
        return ExitCodes.OK;
    }

    /**
     * Builds what a command is about to run.
     *
     * @param wanted names of services; those without a {@code build} section are none of this
     */
    void before(Loaded.Valid loaded, Set<String> wanted) throws Exception {
        if (call.flag("--no-build")) {
            return;
        }
        var order = order(loaded.project(), wanted);
        if (!order.isEmpty()) {
            build(loaded, order, call.flag("--build") ? Which.ALL : Which.MISSING);
        }
    }

    private void build(Loaded.Valid loaded, List<String> order, Which which) throws Exception {
        var door = EngineDoor.of(call);
        var project = loaded.project();
        if (call.dryRun()) {
            for (var name : order) {
                call.world().err().println(" DRY-RUN MODE -  " + name + " Building");
            }
            return;
        }
        var built = new HashMap<String, Image>();
        try (var engine = door.open()) {
            for (var name : order) {
                var service = service(project, name);
                var reference = ImageCommand.reference(BuiltImages.name(project, service));
                var here = engine.images().find(reference);
                if (which == Which.MISSING && here.isPresent() && !isBuiltEachTime(service)) {
                    built.put(name, here.get());
                } else {
                    built.put(name, build(engine, door, loaded, service, built));
                }
            }
        }
    }

    private static boolean isBuiltEachTime(Service service) {
        return service.image().pullPolicy().equals(Optional.of(PullPolicy.Plain.BUILD));
    }

    private static Service service(Project project, String name) {
        return Optional.ofNullable(project.services().get(name))
                .orElseGet(() -> project.disabled().get(name));
    }

    private Image build(Engine engine, EngineDoor door, Loaded.Valid loaded, Service service, Map<String, Image> built)
            throws Exception {
        var project = loaded.project();
        var build = service.image().build().orElseThrow();
        var names = names(project, service, build);
        var quiet = call.flag("--quiet");
        if (!quiet) {
            call.world().err().println(" " + service.name() + " Building");
        }
        var directory =
                call.world().directory().resolve(loaded.projectDirectory()).normalize();
        var asked = new ServiceRequest(call, project, directory, door.secrets(), built);
        var secrets = asked.secrets(build);
        var logins = RepositoryTokens.of(secrets, build.context().text());
        Image image;
        try (var fetched = FetchedContexts.below(engine.root(), logins)) {
            var run = new BuildRun(call, engine, door, fetched);
            var request = asked.of(service, build, secrets, fetched);
            try (var progress = run.progress(quiet)) {
                image = run.build(request, progress, Builder.Finish.named(engine.images(), names));
            } catch (BuildException e) {
                var failure = run.failure(e);
                throw new CommandException(
                        "service \"" + service.name() + "\": " + failure.getMessage(), failure.exitCode());
            }
        }
        if (quiet) {
            call.world().out().println(image.id());
        } else {
            call.world().err().println(" " + service.name() + " Built");
        }
        if (call.flag("--push")) {
            push(engine, service, names);
        }
        return image;
    }

    private void push(Engine engine, Service service, List<ImageReference> names) throws IOException {
        if (service.image().reference().isEmpty()) {
            call.say("Warning: service \"" + service.name()
                    + "\" has no image: that says which registry it is pushed to; it is not pushed");
            return;
        }
        for (var name : names) {
            try (var progress = LayerProgress.onStandardError(call)) {
                engine.push(name, progress);
            }
        }
        if (!call.flag("--quiet")) {
            call.world().err().println(" " + service.name() + " Pushed");
        }
    }

    private static List<ImageReference> names(Project project, Service service, Build build) throws CommandException {
        var names = new ArrayList<ImageReference>();
        names.add(ImageCommand.reference(BuiltImages.name(project, service)));
        for (var tag : build.tags()) {
            names.add(ImageCommand.reference(tag));
        }
        return names;
    }

    /** Those with a {@code build} section, each behind the services whose images it is built from. */
    static List<String> order(Project project, Set<String> wanted) throws CommandException {
        var done = new LinkedHashSet<String>();
        for (var name : wanted) {
            visit(project, name, done, new LinkedHashSet<>());
        }
        return List.copyOf(done);
    }

    private static void visit(Project project, String name, Set<String> done, Set<String> above)
            throws CommandException {
        var service = service(project, name);
        if (service == null || service.image().build().isEmpty() || done.contains(name)) {
            return;
        }
        if (!above.add(name)) {
            throw new CommandException("services are built from each other in a circle: " + String.join(", ", above));
        }
        for (var other : service.image().build().get().services()) {
            visit(project, other, done, above);
        }
        above.remove(name);
        done.add(name);
    }
}
