package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.BuildContexts;
import dev.lockstep.reconciler.contexts.CacheOptions;
import dev.lockstep.reconciler.contexts.ContextAddress;
import dev.lockstep.reconciler.contexts.Dockerfiles;
import dev.lockstep.reconciler.contexts.FetchedContexts;
import dev.lockstep.reconciler.contexts.HostFiles;
import dev.lockstep.reconciler.contexts.RepositoryTokens;
import dev.lockstep.reconciler.contexts.SectionRequest;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.SshAgent;
import dev.lockstep.runtime.build.SshKey;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.oci.Rlimit;
import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Ulimit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code build PATH}, as {@code docker build} has it. */
final class ContextBuild {
    private final Invocation call;
    private final String argument;

    ContextBuild(Invocation call, String argument) {
        this.call = call;
        this.argument = argument;
    }

    int run() throws Exception {
        var door = EngineDoor.of(call);
        var names = names();
        var outputs = BuildOutputs.of(call, names);
        // What is here is read before anything is opened: a mistake in it then costs nothing.
        var secrets = secrets();
        var caches = CacheOptions.parse(
                call.texts("--cache-from"),
                call.texts("--cache-to"),
                call.world().directory(),
                arguments(call.texts("--build-arg"), call.world()),
                call::say);
        var here = isHere()
                ? Optional.of(request(FetchedContexts.none(), secrets, caches))
                : Optional.<BuildRequest>empty();
        if (call.dryRun()) {
            call.say("DRY-RUN MODE - build " + argument);
            return ExitCodes.OK;
        }
        var quiet = call.flag("--quiet");
        try (var engine = door.open();
                var fetched = FetchedContexts.below(engine.root(), RepositoryTokens.of(secrets, argument))) {
            var run = new BuildRun(call, engine, door, fetched);
            try {
                var request = here.isPresent() ? here.get() : request(fetched, secrets, caches);
                var source = AttestOptions.source(
                        request, pairs("--label", call.texts("--label")).keySet());
                Image image;
                try (var progress = run.progress(quiet)) {
                    image = run.build(request, progress, outputs.finish(engine, run.builder(), caches, source));
                }
                outputs.push(engine);
                outputs.tell(image);
                if (quiet) {
                    call.world().out().println(image.id());
                }
                return ExitCodes.OK;
            } catch (BuildException e) {
                throw run.failure(e);
            }
        }
    }

    private List<ImageReference> names() throws CommandException {
        var names = new ArrayList<ImageReference>();
        for (var text : call.texts("--tag")) {
            names.add(ImageCommand.reference(text));
        }
        return names;
    }

    /** Whether nothing is fetched. */
    private boolean isHere() throws IOException, CommandException {
        for (var context :
                pairs("--build-context", call.texts("--build-context")).values()) {
            if (!BuildContexts.isHere(context)) {
                return false;
            }
        }
        return BuildContexts.isHere(argument);
    }

    private BuildContexts.Found find(BuildContexts contexts, Map<String, String> arguments)
            throws IOException, CommandException {
        var dockerfiles = dockerfiles();
        var file = call.word("--file").filter(name -> !name.equals("-"));
        var address = ContextAddress.parse(argument);
        Optional<Dockerfile> given = Optional.empty();
        if (call.word("--file").filter("-"::equals).isPresent()) {
            if (address instanceof ContextAddress.Input) {
                throw new CommandException("standard input cannot be both: the context and, by -f -, the Dockerfile");
            }
            given = Optional.of(
                    dockerfiles.read("Dockerfile", call.world().in().readNBytes(DockerfileParser.LARGEST + 1)));
        }
        return switch (address) {
            case ContextAddress.Directory(var path) -> {
                var files = files();
                var directory = files.directory(path);
                yield files.find(
                        directory, file.map(files::path).orElse(directory.resolve("Dockerfile")), given, dockerfiles);
            }
            case ContextAddress.Input _ -> contexts.input(call.world().in(), file);
            case ContextAddress.Web web -> contexts.web(web, file, given);
            case ContextAddress.Git git -> contexts.git(git, file, given, arguments);
        };
    }

    private Dockerfiles dockerfiles() {
        return new Dockerfiles(call.world().err()::println);
    }

    private HostFiles files() {
        return new HostFiles(call.world().directory());
    }

    private BuildRequest request(FetchedContexts fetched, Map<String, BuildRequest.Secret> secrets, CacheOptions caches)
            throws IOException, CommandException {
        var contexts = new BuildContexts(files(), dockerfiles(), fetched);
        var arguments = arguments(call.texts("--build-arg"), call.world());
        var found = find(contexts, arguments);
        var labels = new LinkedHashMap<>(found.labels());
        labels.putAll(pairs("--label", call.texts("--label")));
        var filters = new HashSet<String>();
        call.texts("--no-cache-filter")
                .forEach(text ->
                        List.of(text.split(",", -1)).forEach(stage -> filters.add(stage.toLowerCase(Locale.ROOT))));
        var epoch = Optional.ofNullable(arguments.get("SOURCE_DATE_EPOCH"))
                .or(() -> call.world().variable("SOURCE_DATE_EPOCH"));
        return new BuildRequest(
                found.dockerfile(),
                call.word("--target"),
                found.context(),
                contexts.named(pairs("--build-context", call.texts("--build-context"))),
                arguments,
                labels,
                new BuildRequest.CacheUse(call.flag("--no-cache"), filters, caches.from(), caches.inline()),
                call.flag("--pull"),
                secrets,
                agents(call.texts("--ssh"), call.world()),
                steps(),
                platform(),
                Builder.epoch(epoch));
    }

    private Platform platform() throws CommandException {
        var text = call.text("--platform");
        if (text.isEmpty()) {
            return Platform.current();
        }
        if (text.get().contains(",")) {
            throw new CommandException("--platform: images of several platforms are not built; name one");
        }
        try {
            return Platform.parse(text.get());
        } catch (IllegalArgumentException e) {
            throw new CommandException("--platform: " + e.getMessage());
        }
    }

    /** Values, or those of the environment where only names are given. */
    static Map<String, String> arguments(List<String> texts, Surroundings world) throws CommandException {
        var arguments = new LinkedHashMap<String, String>();
        for (var text : texts) {
            var words = text.split("=", 2);
            if (words[0].isEmpty()) {
                throw new CommandException("--build-arg takes NAME=VALUE or NAME, not \"" + text + "\"");
            }
            if (words.length == 2) {
                arguments.put(words[0], words[1]);
            } else if (world.environment().containsKey(text)) {
                arguments.put(text, world.environment().get(text));
            }
        }
        return arguments;
    }

    private static Map<String, String> pairs(String option, List<String> texts) throws CommandException {
        var pairs = new LinkedHashMap<String, String>();
        for (var text : texts) {
            var words = text.split("=", 2);
            if (words[0].isEmpty() || words.length < 2 && !option.equals("--label")) {
                throw new CommandException(option + " takes NAME=VALUE, not \"" + text + "\"");
            }
            pairs.put(words[0], words.length < 2 ? "" : words[1]);
        }
        return pairs;
    }

    /** {@code id=ID,src=FILE} or {@code id=ID,env=NAME}; an id alone is that variable's, or a file of that name. */
    private Map<String, BuildRequest.Secret> secrets() throws IOException, CommandException {
        var secrets = new LinkedHashMap<String, BuildRequest.Secret>();
        for (var text : call.texts("--secret")) {
            var fields = new LinkedHashMap<String, String>();
            for (var field : text.split(",", -1)) {
                var words = field.split("=", 2);
                fields.put(words[0].toLowerCase(Locale.ROOT), words.length < 2 ? "" : words[1]);
            }
            var type = fields.remove("type");
            var id = Optional.ofNullable(fields.remove("id")).filter(word -> !word.isEmpty());
            var file = Optional.ofNullable(fields.remove("src")).or(() -> Optional.ofNullable(fields.remove("source")));
            var variable = Optional.ofNullable(fields.remove("env"));
            if (id.isEmpty() || !fields.isEmpty()) {
                throw new CommandException("--secret takes id=ID,src=FILE or id=ID,env=NAME");
            }
            var name = variable.or(() -> file.isEmpty() || "env".equals(type) ? file.or(() -> id) : Optional.empty())
                    .filter(call.world().environment()::containsKey);
            if (name.isPresent() && (variable.isPresent() || file.isEmpty() || "env".equals(type))) {
                secrets.put(id.get(), secret(call.world().environment().getOrDefault(name.get(), "")));
            } else if (variable.isPresent()) {
                throw new CommandException("--secret " + id.get() + ": there is no variable " + variable.get());
            } else {
                var path =
                        call.world().directory().resolve(file.orElse(id.get())).normalize();
                secrets.put(id.get(), secret("--secret " + id.get() + ": ", path));
            }
        }
        return secrets;
    }

    /** Of a file, or of what a program writes into a pipe: {@code src=<(pass show npm)}. */
    private static BuildRequest.Secret secret(String option, Path file) throws IOException, CommandException {
        if (!Files.exists(file) || Files.isDirectory(file)) {
            throw new CommandException(option + "there is no file " + file);
        }
        try (var in = Files.newInputStream(file)) {
            var content = in.readNBytes(HostSecrets.LARGEST + 1);
            if (content.length > HostSecrets.LARGEST) {
                throw new CommandException(
                        option + file + " has more than " + HostSecrets.LARGEST + " bytes, which no secret has");
            }
            return new BuildRequest.Secret(content);
        }
    }

    private static BuildRequest.Secret secret(String text) {
        return new BuildRequest.Secret(text.getBytes(StandardCharsets.UTF_8));
    }

    /** {@code default}, {@code ID=SOCKET}, or {@code ID=KEY,KEY}. */
    static Map<String, SshAgent> agents(List<String> texts, Surroundings world) throws CommandException {
        var agents = new LinkedHashMap<String, SshAgent>();
        for (var text : texts) {
            var words = text.split("=", 2);
            var path = words.length > 1 ? Optional.of(words[1]) : world.variable("SSH_AUTH_SOCK");
            if (path.isEmpty()) {
                throw new CommandException("--ssh " + text + ": there is no agent (SSH_AUTH_SOCK is not set); give "
                        + words[0] + "=SOCKET, or " + words[0] + "=FILE with a key");
            }
            var files = Stream.of(path.get().split(",", -1))
                    .map(name -> world.directory().resolve(home(name, world)))
                    .toList();
            agents.put(words[0], agent(words[0], files));
        }
        return agents;
    }

    /** In a file of Compose no shell has written out who is at home where. */
    private static String home(String name, Surroundings world) {
        return name.startsWith("~/") ? world.variable("HOME").orElse("~") + name.substring(1) : name;
    }

    private static SshAgent agent(String id, List<Path> files) throws CommandException {
        for (var file : files) {
            if (!Files.exists(file)) {
                throw new CommandException("--ssh " + id + ": there is no " + file
                        + "; name the socket of an agent, or a file with a key");
            }
        }
        if (files.size() == 1 && !Files.isRegularFile(files.getFirst())) {
            return new SshAgent.Socket(files.getFirst());
        }
        var keys = new ArrayList<SshKey>();
        for (var file : files) {
            try {
                keys.add(SshKey.read(file));
            } catch (IOException e) {
                throw new CommandException("--ssh " + id + ": " + e.getMessage());
            }
        }
        return new SshAgent.Keys(keys);
    }

    private BuildRequest.StepOptions steps() throws IOException, CommandException {
        var allowed = new HashSet<String>();
        call.texts("--allow").stream()
                .filter(text -> !text.isEmpty())
                .forEach(text -> allowed.addAll(List.of(text.split(",", -1))));
        var known = SectionRequest.ENTITLEMENTS;
        for (var entitlement : allowed) {
            if (!known.contains(entitlement)) {
                throw new CommandException(
                        "--allow takes " + String.join(" or ", known) + ", not \"" + entitlement + "\"");
            }
        }
        var hosts = new ArrayList<Naming.ExtraHost>();
        for (var text : call.texts("--add-host")) {
            if (!text.isEmpty()) {
                hosts.add(host(text));
            }
        }
        return new BuildRequest.StepOptions(
                        SectionRequest.network(call.word("--network").orElse("default")),
                        hosts,
                        call.text("--shm-size").isPresent()
                                ? Optional.of(bytes(
                                        "--shm-size", call.text("--shm-size").get()))
                                : Optional.empty(),
                        limits(),
                        allowed.contains("network.host"),
                        allowed.contains("security.insecure"))
                .withLogSize(logSize(call.world()))
                .withMemory(
                        call.text("--memory").isPresent()
                                ? Optional.of(
                                        bytes("--memory", call.text("--memory").get()))
                                : Optional.empty());
    }

    private static Naming.ExtraHost host(String text) throws CommandException {
        var words = text.split("[=:]", 2);
        if (words.length == 2 && !words[0].isEmpty()) {
            var address = words[1].replaceAll("^\\[(.*)]$", "$1");
            try {
                return new Naming.ExtraHost(
                        words[0], address.equals(Naming.HOST_GATEWAY) ? address : Addresses.normalized(address));
            } catch (IllegalArgumentException e) {
                throw new CommandException("--add-host " + text + ": " + e.getMessage());
            }
        }
        throw new CommandException("--add-host takes NAME:ADDRESS, not \"" + text + "\"");
    }

    /** By BuildKit's variable; of its rate there is no limit. */
    static long logSize(Surroundings world) throws CommandException {
        var name = "BUILDKIT_STEP_LOG_MAX_SIZE";
        var text = world.variable(name);
        try {
            return text.isEmpty() ? BuildRequest.StepOptions.LOG_SIZE : Long.parseLong(text.get());
        } catch (NumberFormatException e) {
            throw new CommandException(name + " is a number of bytes, or -1, not \"" + text.get() + "\"");
        }
    }

    static long bytes(String option, String text) throws CommandException {
        try {
            return ByteSize.parse(text).bytes();
        } catch (IllegalArgumentException e) {
            throw new CommandException(option + ": " + e.getMessage());
        }
    }

    private Map<String, Rlimit> limits() throws CommandException {
        var limits = new LinkedHashMap<String, Rlimit>();
        for (var text : call.texts("--ulimit")) {
            var words = text.split("=", 2);
            if (!Ulimit.NAMES.contains(words[0])) {
                throw new CommandException("--ulimit " + text + ": there are " + String.join(", ", Ulimit.NAMES));
            }
            try {
                var numbers = words[1].split(":", 2);
                var soft = Long.parseLong(numbers[0]);
                limits.put(words[0], new Rlimit(soft, numbers.length > 1 ? Long.parseLong(numbers[1]) : soft));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw new CommandException("--ulimit takes NAME=SOFT[:HARD] in numbers, not \"" + text + "\"");
            }
        }
        return limits;
    }
}
