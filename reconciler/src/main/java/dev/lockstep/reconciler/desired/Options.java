package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.DeviceOptions;
import dev.lockstep.runtime.container.Hooks;
import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.Namespaces;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.container.ProcessOptions;
import dev.lockstep.runtime.container.Resolver;
import dev.lockstep.runtime.container.SecurityOptions;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.oci.Rlimit;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Device;
import dev.lockstep.spec.model.DeviceRequest;
import dev.lockstep.spec.model.DeviceRule;
import dev.lockstep.spec.model.Hook;
import dev.lockstep.spec.model.Logging;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.model.Written;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a service asks for beyond what every container has, in the engine's words. */
final class Options {
    private static final String CDI = "[a-zA-Z0-9][a-zA-Z0-9.-]*/[a-zA-Z0-9_.-]+=[a-zA-Z0-9_.:-]+";

    private final Project project;
    private final String stack;
    private final FileContents files;
    private final boolean ownUsers;

    /** @param ownUsers what the host's owner says of services that say nothing */
    Options(Project project, String stack, FileContents files, boolean ownUsers) {
        this.ownUsers = ownUsers;
        this.project = project;
        this.stack = stack;
        this.files = files;
    }

    /** Hears of what cannot be translated, and where it stands below the service. */
    interface Problems {
        void add(String path, Exception why);
    }

    ContainerOptions of(Service service, Problems problems) {
        return new ContainerOptions(
                naming(service, problems),
                process(service, problems),
                isolation(service, problems),
                devices(service, problems),
                storage(service, problems),
                hooks(service, problems),
                log(service, problems));
    }

    /** What there is no way to do was refused before. */
    private static LogSettings log(Service service, Problems problems) {
        var logging = service.logging();
        var options = logging.map(Logging::options).orElse(Map.of());
        try {
            return new LogSettings(
                    logging.flatMap(Logging::driver).map(LogDrivers::of).orElse(LogSettings.Driver.FILES),
                    Optional.ofNullable(options.get("max-size"))
                            .map(size -> ByteSize.parse(size).bytes()),
                    Optional.ofNullable(options.get("max-file")).map(Integer::valueOf),
                    Optional.ofNullable(options.get("tag")).filter(tag -> !tag.isEmpty()),
                    new LogSettings.Details(
                            names(options.get("labels")),
                            Optional.ofNullable(options.get("labels-regex")),
                            names(options.get("env")),
                            Optional.ofNullable(options.get("env-regex"))));
        } catch (IllegalArgumentException e) {
            problems.add("logging.options", e);
            return LogSettings.NONE;
        }
    }

    private static List<String> names(@Nullable String list) {
        return list == null
                ? List.of()
                : Arrays.stream(list.split(","))
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .toList();
    }

    private static Naming naming(Service service, Problems problems) {
        return new Naming(
                service.identity().domainname().map(Written::text),
                service.networking().extraHosts().stream()
                        .map(host -> new Naming.ExtraHost(host.name(), host.address()))
                        .toList(),
                service.identity().annotations(),
                resolver(service, problems));
    }

    private static Resolver resolver(Service service, Problems problems) {
        var networking = service.networking();
        try {
            var resolver = new Resolver(networking.dns(), networking.dnsSearch(), networking.dnsOptions());
            var mode = networking.mode().flatMap(Written::value);
            if (!resolver.equals(Resolver.NONE)
                    && mode.filter(m -> m instanceof NetworkMode.OfService || m instanceof NetworkMode.OfContainer)
                            .isPresent()) {
                throw new IllegalArgumentException("a container in another one's network asks for names as that one"
                        + " does. Write dns, dns_search and dns_opt there");
            }
            return resolver;
        } catch (IllegalArgumentException e) {
            problems.add("dns", e);
            return Resolver.NONE;
        }
    }

    private static ProcessOptions process(Service service, Problems problems) {
        var program = service.program();
        var limits = new LinkedHashMap<String, Rlimit>();
        service.limits().ulimits().forEach((name, limit) -> {
            try {
                limits.put(name, new Rlimit(limit.soft(), limit.hard()));
            } catch (IllegalArgumentException e) {
                problems.add("ulimits." + name, e);
            }
        });
        return new ProcessOptions(
                program.groups(),
                program.tty(),
                program.stdinOpen(),
                program.init().orElse(false),
                limits,
                service.limits().memory().oomScoreAdjustment());
    }

    private Isolation isolation(Service service, Problems problems) {
        var asked = service.isolation();
        var parent = asked.cgroupParent().map(path -> path.startsWith("/") ? path : "/" + path);
        try {
            return new Isolation(
                    asked.privileged(),
                    asked.readOnly(),
                    capabilities(asked.capAdd(), "cap_add", problems),
                    capabilities(asked.capDrop(), "cap_drop", problems),
                    security(service, problems),
                    namespaces(service, problems),
                    parent.map(path ->
                            path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path),
                    asked.runtime(),
                    sysctls(asked.sysctls()));
        } catch (IllegalArgumentException e) {
            problems.add("cgroup_parent", e);
            return Isolation.NONE;
        }
    }

    private static Map<String, String> sysctls(Map<String, String> written) {
        var sysctls = new LinkedHashMap<String, String>();
        written.forEach((name, value) -> sysctls.put(name.replace('/', '.'), value));
        return sysctls;
    }

    private static List<String> capabilities(List<String> written, String key, Problems problems) {
        var names = new ArrayList<String>();
        for (var i = 0; i < written.size(); i++) {
            try {
                var name = Capability.parse(written.get(i)).name();
                names.add(name.equals("ALL") ? name : "CAP_" + name);
            } catch (IllegalArgumentException e) {
                problems.add(key + "[" + i + "]", e);
            }
        }
        return names;
    }

    /** Both {@code key=value} and {@code key:value} (docker/compose, parseSecurityOpts). */
    private SecurityOptions security(Service service, Problems problems) {
        var noNewPrivileges = Optional.<Boolean>empty();
        var seccomp = Optional.<String>empty();
        var apparmor = Optional.<String>empty();
        var labels = new ArrayList<String>();
        var open = false;
        var written = service.isolation().securityOptions();
        for (var i = 0; i < written.size(); i++) {
            var option = written.get(i);
            var end = option.indexOf('=') >= 0 ? option.indexOf('=') : option.indexOf(':');
            var value = end < 0 ? "" : option.substring(end + 1);
            try {
                switch (end < 0 ? option : option.substring(0, end)) {
                    case "no-new-privileges" -> noNewPrivileges = Optional.of(!value.equals("false"));
                    case "seccomp" -> seccomp = seccomp(value);
                    case "apparmor" -> apparmor = Optional.of(value);
                    case "label" -> labels.add(value);
                    case "systempaths" -> open = true;
                    default ->
                        throw new IllegalArgumentException(
                                "\"" + option + "\" is an option of another engine. Write systempaths=unconfined, or"
                                        + " leave it out");
                }
            } catch (IOException | IllegalArgumentException e) {
                problems.add("security_opt[" + i + "]", e);
            }
        }
        return new SecurityOptions(noNewPrivileges, seccomp, apparmor, labels, open);
    }

    private Optional<String> seccomp(String value) throws IOException {
        return switch (value) {
            // Docker's word for its own default.
            case "builtin" -> Optional.empty();
            case SecurityOptions.UNCONFINED -> Optional.of(value);
            default -> Optional.of(new String(files.read(value), StandardCharsets.UTF_8));
        };
    }

    private Namespaces namespaces(Service service, Problems problems) {
        var asked = service.isolation().namespaces();
        var users = users(service, problems);
        if (users.filter(NamespaceMode.Own.class::isInstance).isPresent()) {
            requireOwn(service, problems);
        }
        return new Namespaces(
                network(service),
                mode(asked.pid().flatMap(Written::value)),
                ipc(asked.ipc().flatMap(Written::value), problems),
                mode(asked.uts().flatMap(Written::value)),
                users,
                mode(asked.cgroup()));
    }

    /** What the service says; else the stack, else the host's owner. */
    private Optional<NamespaceMode> users(Service service, Problems problems) {
        var asked = service.isolation()
                .namespaces()
                .user()
                .filter(mode -> !mode.text().isEmpty());
        var mode = asked.flatMap(Written::value).or(() -> project.extension().flatMap(ProjectExtension::users));
        if (mode.isEmpty() && asked.isEmpty()) {
            return ownUsers ? Optional.of(new NamespaceMode.Own()) : Optional.empty();
        }
        return switch (mode.orElse(new dev.lockstep.spec.model.NamespaceMode.None())) {
            case dev.lockstep.spec.model.NamespaceMode.Host _ -> Optional.of(new NamespaceMode.Host());
            case dev.lockstep.spec.model.NamespaceMode.Private _ -> Optional.of(new NamespaceMode.Own());
            case dev.lockstep.spec.model.NamespaceMode.Shareable _,
                    dev.lockstep.spec.model.NamespaceMode.None _,
                    dev.lockstep.spec.model.NamespaceMode.OfService _,
                    dev.lockstep.spec.model.NamespaceMode.OfContainer _ -> {
                problems.add(
                        "userns_mode",
                        new IllegalArgumentException(
                                "\"" + asked.map(Written::text).orElse("")
                                        + "\" says nothing of users. Write private or host"));
                yield Optional.empty();
            }
        };
    }

    /**
     * What is the host's cannot be had by who is nobody there; the engine refuses it too, after other things are done.
     */
    private static void requireOwn(Service service, Problems problems) {
        var namespaces = service.isolation().namespaces();
        var host = new dev.lockstep.spec.model.NamespaceMode.Host();
        var why = new IllegalArgumentException(
                "cannot be had with users of its own. Write userns_mode: host, or take this line out");
        if (service.isolation().privileged()) {
            problems.add("privileged", why);
        }
        if (service.networking().mode().flatMap(Written::value).equals(Optional.of(new NetworkMode.Host()))) {
            problems.add("network_mode", why);
        }
        if (namespaces.pid().flatMap(Written::value).equals(Optional.of(host))) {
            problems.add("pid", why);
        }
        if (namespaces.ipc().flatMap(Written::value).equals(Optional.of(host))) {
            problems.add("ipc", why);
        }
    }

    private Optional<NamespaceMode> network(Service service) {
        return service.networking().mode().flatMap(Written::value).flatMap(mode -> switch (mode) {
            case NetworkMode.Host _ -> Optional.of(new NamespaceMode.Host());
            case NetworkMode.OfService(var other) -> Optional.of(of(other));
            case NetworkMode.OfContainer(var container) -> Optional.of(new NamespaceMode.Of(container));
            // A network of its own: without any other, or the engine's own, which its limits are about.
            case NetworkMode.None _, NetworkMode.Bridge _ -> Optional.empty();
        });
    }

    /** The first container of a service, as with Compose. */
    private NamespaceMode.Of of(String service) {
        return new NamespaceMode.Of(containerName(service));
    }

    private String containerName(String service) {
        return Optional.ofNullable(project.services().get(service))
                .flatMap(other -> other.identity().containerName())
                .orElse(stack + "-" + service + "-1");
    }

    private Optional<NamespaceMode> ipc(Optional<dev.lockstep.spec.model.NamespaceMode> asked, Problems problems) {
        if (asked.isPresent() && asked.get() instanceof dev.lockstep.spec.model.NamespaceMode.OfService(var other)) {
            var theirs = Optional.ofNullable(project.services().get(other))
                    .flatMap(service -> service.isolation().namespaces().ipc())
                    .flatMap(Written::value);
            if (theirs.filter(mode -> mode instanceof dev.lockstep.spec.model.NamespaceMode.Shareable
                            || mode instanceof dev.lockstep.spec.model.NamespaceMode.Host)
                    .isEmpty()) {
                problems.add(
                        "ipc",
                        new IllegalArgumentException(
                                "service " + other + " shares its memory with nobody. Write ipc: shareable there"));
            }
        }
        return mode(asked);
    }

    private Optional<NamespaceMode> mode(Optional<dev.lockstep.spec.model.NamespaceMode> asked) {
        return asked.map(mode -> switch (mode) {
            case dev.lockstep.spec.model.NamespaceMode.Host _ -> new NamespaceMode.Host();
            case dev.lockstep.spec.model.NamespaceMode.Private _ -> new NamespaceMode.Own();
            case dev.lockstep.spec.model.NamespaceMode.Shareable _ -> new NamespaceMode.Shareable();
            case dev.lockstep.spec.model.NamespaceMode.None _ -> new NamespaceMode.None();
            case dev.lockstep.spec.model.NamespaceMode.OfService(var service) -> of(service);
            case dev.lockstep.spec.model.NamespaceMode.OfContainer(var container) -> new NamespaceMode.Of(container);
        });
    }

    private static DeviceOptions devices(Service service, Problems problems) {
        var devices = service.devices();
        var mappings = new ArrayList<DeviceOptions.Mapping>();
        var cdi = new ArrayList<String>();
        for (Device device : devices.mappings()) {
            if (device.source().matches(CDI)) {
                cdi.add(device.source());
            } else {
                mappings.add(new DeviceOptions.Mapping(
                        device.source(), device.target(), device.permissions().orElse("rwm")));
            }
        }
        requests(devices.gpus(), "gpus", cdi, problems);
        requests(
                service.lifecycle()
                        .deploy()
                        .flatMap(Deploy::reservations)
                        .map(Deploy.Reservations::devices)
                        .orElse(List.of()),
                "deploy.resources.reservations.devices",
                cdi,
                problems);
        var rules = devices.cgroupRules().stream()
                .flatMap(rule -> rule.value().stream())
                .map(DeviceRule::text)
                .toList();
        return new DeviceOptions(mappings, rules, cdi);
    }

    private static void requests(List<DeviceRequest> requests, String key, List<String> cdi, Problems problems) {
        for (var i = 0; i < requests.size(); i++) {
            try {
                for (var name : requests.get(i).names()) {
                    if (!cdi.contains(name)) {
                        cdi.add(name);
                    }
                }
            } catch (IllegalArgumentException e) {
                problems.add(key + "[" + i + "]", e);
            }
        }
    }

    private StorageOptions storage(Service service, Problems problems) {
        var from = new ArrayList<StorageOptions.VolumesFrom>();
        var written = service.storage().volumesFrom();
        for (var i = 0; i < written.size(); i++) {
            var access = written.get(i).access();
            if (access.filter(word -> !word.equals("ro") && !word.equals("rw")).isPresent()) {
                problems.add(
                        "volumes_from[" + i + "]",
                        new IllegalArgumentException(
                                "\"" + access.get() + "\" is no access. Write ro or rw, or nothing"));
                continue;
            }
            from.add(new StorageOptions.VolumesFrom(
                    switch (written.get(i)) {
                        case VolumesFrom.OfService(var other, var unused) -> containerName(other);
                        case VolumesFrom.OfContainer(var container, var unused) -> container;
                    },
                    // What is mounted read-only there stays so: rw adds nothing, as with Docker.
                    access.filter(word -> word.equals("ro")).map(_ -> true)));
        }
        return new StorageOptions(memory(service, problems), from, size(service, problems));
    }

    /** Nothing, where 0 is written, which is Docker's word for the usual size. */
    private static Optional<Long> memory(Service service, Problems problems) {
        var size = service.limits().memory().shm().map(ByteSize::bytes);
        if (size.filter(bytes -> bytes < 0).isPresent()) {
            problems.add("shm_size", new IllegalArgumentException("is a size, not " + size.get() + ". Write 64m"));
        }
        return size.filter(bytes -> bytes > 0);
    }

    private static Optional<Long> size(Service service, Problems problems) {
        try {
            return Optional.ofNullable(service.storage().options().get("size"))
                    .map(ByteSize::parse)
                    .map(size -> {
                        if (size.bytes() < 0) {
                            throw new IllegalArgumentException("is a size, not -1; without a limit, leave it out");
                        }
                        return size.bytes();
                    })
                    .filter(bytes -> bytes != 0);
        } catch (IllegalArgumentException e) {
            problems.add("storage_opt.size", e);
            return Optional.empty();
        }
    }

    private static Hooks hooks(Service service, Problems problems) {
        var hooks = service.lifecycle().hooks();
        return new Hooks(
                hooks(hooks.postStart(), "post_start", problems), hooks(hooks.preStop(), "pre_stop", problems));
    }

    private static List<Hooks.Hook> hooks(List<Hook> written, String key, Problems problems) {
        var hooks = new ArrayList<Hooks.Hook>();
        for (var i = 0; i < written.size(); i++) {
            var hook = written.get(i);
            var environment = new LinkedHashMap<String, String>();
            hook.environment().forEach((name, value) -> value.ifPresent(v -> environment.put(name, v)));
            try {
                hooks.add(new Hooks.Hook(
                        hook.command().orElse(List.of()),
                        hook.user(),
                        hook.privileged(),
                        hook.workingDirectory(),
                        environment));
            } catch (IllegalArgumentException e) {
                problems.add(key + "[" + i + "]", e);
            }
        }
        return hooks;
    }
}
