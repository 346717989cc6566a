package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.contexts.CacheOptions;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.contexts.HostFiles;
import dev.lockstep.reconciler.contexts.RepositoryTokens;
import dev.lockstep.reconciler.contexts.SectionRequest;
import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildEvent;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Cancellation;
import dev.lockstep.runtime.build.LayerForm;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Builds the {@code build} sections of a project's services, side by side, those first that others need. */
final class ServiceBuild {
    /** Which images of the services asked for are built. */
    enum Which {
        ALL,
        /** Those that are not on this host, or whose policy says so. */
        MISSING;

        static Which of(BuildChoice choice) {
            return choice == BuildChoice.ALL ? ALL : MISSING;
        }
    }

    /** Steps are seldom idle, and those of one image are done side by side anyway. */
    private static final int AT_ONCE = Math.max(2, Runtime.getRuntime().availableProcessors());

    private final Invocation call;

    ServiceBuild(Invocation call) {
        this.call = call;
    }

    /** {@code build [SERVICE...]}. */
    int run(List<String> services, boolean dependencies) throws Exception {
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return files.exitCode();
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
        var order = BuildSections.order(scoped.project(), wanted);
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
        before(loaded, wanted, call.flag("--build") ? Which.ALL : Which.MISSING);
    }

    /** The same, whatever the options of the command are. */
    void before(Loaded.Valid loaded, Set<String> wanted, Which which) throws Exception {
        var order = BuildSections.order(loaded.project(), wanted);
        if (!order.isEmpty()) {
            build(loaded, order, which);
        }
    }

    /** The image that stands for a service on this host, so that none is built. */
    static Optional<Image> existing(Engine engine, Project project, Service service, Which which)
            throws IOException, CommandException {
        return which == Which.ALL || isBuiltEachTime(service)
                ? Optional.empty()
                : engine.images().find(ImageCommand.reference(BuiltImages.name(project, service)));
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
        try (var engine = door.open()) {
            var here = new LinkedHashMap<String, Image>();
            var missing = new ArrayList<String>();
            for (var name : order) {
                var service = BuildSections.service(project, name).orElseThrow();
                existing(engine, project, service, which)
                        .ifPresentOrElse(image -> here.put(name, image), () -> missing.add(name));
            }
            build(engine, door, loaded, missing, here);
        }
    }

    /** Several at once, each when those that it is built from are done. The first failure calls the others off. */
    private void build(
            Engine engine, EngineDoor door, Loaded.Valid loaded, List<String> missing, Map<String, Image> here)
            throws Exception {
        var quiet = call.flag("--quiet");
        if (!quiet) {
            missing.forEach(name -> call.world().err().println(" " + name + " Building"));
        }
        var project = loaded.project();
        var built = new ConcurrentHashMap<>(here);
        var cancellation = new Cancellation();
        var tasks = new DependentTasks(AT_ONCE, cancellation::cancel);
        Optional<Throwable> failure;
        try (var progress = BuildRun.progress(call, quiet)) {
            var numbers = new AtomicInteger();
            for (var name : missing) {
                var service = BuildSections.service(project, name).orElseThrow();
                var listener = missing.size() == 1 ? progress : new ServiceEvents(progress, name, numbers);
                var needed = service.image().build().orElseThrow().services();
                tasks.add(
                        name,
                        needed,
                        () -> built.put(
                                name, build(engine, door, loaded, service, Map.copyOf(built), listener, cancellation)));
            }
            failure = tasks.await();
        }
        if (failure.isPresent()) {
            throw ended(told(failure.get()));
        }
        for (var name : missing) {
            var service = BuildSections.service(project, name).orElseThrow();
            if (quiet) {
                call.world()
                        .out()
                        .println(Objects.requireNonNull(built.get(name), name).id());
            } else {
                call.world().err().println(" " + name + " Built");
            }
            if (call.flag("--push")) {
                push(
                        engine,
                        service,
                        names(project, service, service.image().build().orElseThrow()));
            }
        }
    }

    private static boolean isBuiltEachTime(Service service) {
        return service.image().pullPolicy().equals(Optional.of(PullPolicy.Plain.BUILD));
    }

    /** With Compose's code for a build that failed, whatever it failed of. */
    private Exception ended(Exception failure) {
        var code = call.compose(ExitCodes.COMPOSE_BUILD);
        return switch (failure) {
            case CommandException last
            when last.exitCode() == ExitCodes.ERROR -> new CommandException(Sentences.of(last), code);
            case IOException e when code != ExitCodes.ERROR -> new CommandException(Sentences.of(e), code);
            default -> failure;
        };
    }

    /** The last word of a build that failed; the story is told before, when nothing else is shown any more. */
    private Exception told(Throwable failure) {
        return switch (failure) {
            case FailedException failed -> {
                var last = BuildRun.failure(call, failed.why());
                yield new CommandException(
                        "service \"" + failed.service() + "\": " + last.getMessage(), last.exitCode());
            }
            case Exception other -> other;
            case Error error -> throw error;
            default -> new IllegalStateException(failure);
        };
    }

    /** A service whose image cannot be built. */
    private static final class FailedException extends Exception {
        private static final long serialVersionUID = 1;

        private final String service;
        private final transient BuildException why;

        FailedException(String service, BuildException why) {
            super(why);
            this.service = service;
            this.why = why;
        }

        String service() {
            return service;
        }

        BuildException why() {
            return why;
        }
    }

    private Image build(
            Engine engine,
            EngineDoor door,
            Loaded.Valid loaded,
            Service service,
            Map<String, Image> built,
            BuildEvent.Listener listener,
            Cancellation cancellation)
            throws Exception {
        var project = loaded.project();
        var build = service.image().build().orElseThrow();
        var names = names(project, service, build);
        var directory =
                call.world().directory().resolve(loaded.projectDirectory()).normalize();
        var asked = new SectionRequest(
                project,
                new HostFiles(directory),
                door.secrets(),
                built,
                call.world().err()::println);
        var secrets = asked.secrets(build);
        var logins = RepositoryTokens.of(secrets, build.context().text());
        try (var fetched = FetchedContexts.below(engine.root(), logins)) {
            var run = new BuildRun(call, engine, door, fetched);
            var caches = caches(build, directory);
            var request = asked.of(service, build, secrets, additions(build, caches), fetched);
            var source = AttestOptions.source(request, build.labels().keySet());
            var finish = finish(engine, run.builder(), caches, build, names, source);
            var image = run.build(request, listener, finish, cancellation);
            // As its names stand for it: what is pushed has another form.
            return engine.images().find(names.getFirst()).orElse(image);
        } catch (BuildException e) {
            throw new FailedException(service.name(), e);
        }
    }

    /** What is pushed is compressed first, so that its names mean the same here and there. */
    private Builder.Finish finish(
            Engine engine,
            Builder builder,
            CacheOptions caches,
            Build build,
            List<ImageReference> names,
            Map<String, String> source)
            throws IOException {
        var form = call.flag("--push") ? LayerForm.PUSHED : LayerForm.AS_IS;
        var attestations =
                BuildOutputs.attestations(call, new AttestOptions.ShortForm(build.sbom(), build.provenance()));
        return built -> {
            var packed = built.as(builder.packing().pack(built.image(), form));
            BuildOutputs.attest(engine, packed, attestations, names, source);
            Builder.Finish.named(engine.images(), names).with(packed);
            caches.write(builder, built, call::say);
        };
    }

    /** The caches that the section names, and those of the command line. */
    private CacheOptions caches(Build build, Path directory) throws IOException {
        var from = new ArrayList<>(build.cacheFrom());
        from.addAll(given("--cache-from"));
        var to = new ArrayList<>(build.cacheTo());
        to.addAll(given("--cache-to"));
        return CacheOptions.parse(from, to, directory, build.args(), call::say);
    }

    private SectionRequest.Additions additions(Build build, CacheOptions caches) throws IOException, CommandException {
        var agents = new ArrayList<String>();
        build.ssh().forEach(key -> agents.add(key.toString()));
        agents.addAll(given("--ssh"));
        return new SectionRequest.Additions(
                ContextBuild.arguments(given("--build-arg"), call.world()),
                Map.of(),
                has("--no-cache"),
                pulls(),
                caches,
                ContextBuild.agents(agents, call.world()),
                Builder.epoch(call.world().variable("SOURCE_DATE_EPOCH")),
                memory());
    }

    private Optional<Long> memory() throws CommandException {
        var given = call.parsed().commandSpec().optionsMap().containsKey("--memory")
                ? call.text("--memory")
                : Optional.<String>empty();
        return given.isPresent() ? Optional.of(ContextBuild.bytes("--memory", given.get())) : Optional.empty();
    }

    /** Only some of the commands that build have the option. */
    private boolean has(String option) {
        return call.parsed().commandSpec().optionsMap().containsKey(option) && call.flag(option);
    }

    /** Of {@code build} it is about base images; {@code up --pull} is about the services' own. */
    private boolean pulls() {
        return call.parsed().commandSpec().name().equals("build") && call.flag("--pull");
    }

    private List<String> given(String option) {
        return call.parsed().commandSpec().optionsMap().containsKey(option) ? call.texts(option) : List.of();
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
}
