package dev.lockstep.spec.lint;

import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Propagation;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Looks through a project. */
public final class ComposeLint {
    /** What an engine gives every container. */
    private static final Set<String> DEFAULT_CAPABILITIES = Set.of(
            "CHOWN",
            "DAC_OVERRIDE",
            "FSETID",
            "FOWNER",
            "MKNOD",
            "NET_RAW",
            "SETGID",
            "SETUID",
            "SETFCAP",
            "SETPCAP",
            "NET_BIND_SERVICE",
            "SYS_CHROOT",
            "KILL",
            "AUDIT_WRITE");

    private static final Set<String> SYSTEM =
            Set.of("/", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sys", "/usr");
    private static final List<String> SOCKETS =
            List.of("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "conmon.sock");
    private static final Set<Propagation> SHARED = Set.of(Propagation.SHARED, Propagation.RSHARED);
    private static final Pattern SECRET = Pattern.compile(
            "(?i)(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)");
    private static final Pattern NO_SECRET = Pattern.compile("(?i)(?:_|^)(?:public|file|path)(?:_|$)");

    private final List<ComposeFinding> found = new ArrayList<>();
    private final Project project;
    private final Service service;
    private final String path;

    private ComposeLint(Project project, Service service) {
        this.project = project;
        this.service = service;
        this.path = "services." + service.name();
    }

    /** All findings, by place. */
    public static List<ComposeFinding> check(Project project) {
        var all = new ArrayList<ComposeFinding>();
        for (var service : project.services().values()) {
            if (service.provider().isEmpty()) {
                all.addAll(new ComposeLint(project, service).all());
            }
        }
        Collections.sort(all);
        return List.copyOf(all);
    }

    private List<ComposeFinding> all() {
        rights();
        namespaces();
        mounts();
        limits();
        image();
        ports();
        secrets();
        health();
        return found;
    }

    private void add(ComposeRule rule, String where, String message) {
        found.add(new ComposeFinding(rule, new Problem(project.sources().at(where), where, message)));
    }

    private void rights() {
        var isolation = service.isolation();
        if (isolation.privileged()) {
            add(ComposeRules.PRIVILEGED, path + ".privileged", "the container is as strong as root on the host");
        }
        for (var i = 0; i < isolation.capAdd().size(); i++) {
            var name = capability(isolation.capAdd().get(i));
            if (name.filter(n -> !DEFAULT_CAPABILITIES.contains(n)).isPresent()) {
                add(
                        ComposeRules.CAPABILITY,
                        path + ".cap_add[" + i + "]",
                        name.get() + " is more than containers have");
            }
        }
        for (var i = 0; i < isolation.securityOptions().size(); i++) {
            var option = isolation.securityOptions().get(i).replace('=', ':');
            var where = path + ".security_opt[" + i + "]";
            if (option.endsWith(":unconfined")
                    || option.equals("label:disable")
                    || option.equals("systempaths:unconfined")) {
                add(ComposeRules.UNCONFINED, where, isolation.securityOptions().get(i) + " takes a wall away");
            } else if (option.equals("no-new-privileges:false")) {
                add(ComposeRules.NEW_PRIVILEGES, where, "setuid programs may make a process root");
            }
        }
        isolation
                .cgroupParent()
                .ifPresent(parent ->
                        add(ComposeRules.CGROUP, path + ".cgroup_parent", "the limits of " + parent + " hold"));
        service.program()
                .user()
                .filter(user -> Set.of("root", "0").contains(user.split(":", 2)[0]))
                .ifPresent(user -> add(ComposeRules.ROOT, path + ".user", "the program runs as root"));
        for (var i = 0; i < service.devices().mappings().size(); i++) {
            add(ComposeRules.DEVICE, path + ".devices[" + i + "]", "a device of the host is in the container");
        }
    }

    private static Optional<String> capability(String text) {
        try {
            return Optional.of(Capability.parse(text).name());
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // a check says so
        }
    }

    private void namespaces() {
        var namespaces = service.isolation().namespaces();
        host(ComposeRules.HOST_PID, "pid", namespaces.pid(), "the host's processes are in sight");
        host(ComposeRules.HOST_IPC, "ipc", namespaces.ipc(), "memory is shared with the host's processes");
        host(ComposeRules.HOST_UTS, "uts", namespaces.uts(), "the host can be renamed");
        host(ComposeRules.HOST_USERS, "userns_mode", namespaces.user(), "root in the container is root on the host");
        service.networking().mode().flatMap(Written::value).ifPresent(mode -> {
            if (mode instanceof NetworkMode.Host) {
                add(ComposeRules.HOST_NETWORK, path + ".network_mode", "the container uses the host's own network");
            } else if (mode instanceof NetworkMode.Bridge) {
                add(ComposeRules.DEFAULT_BRIDGE, path + ".network_mode", "name a network of the project instead");
            }
        });
    }

    private void host(ComposeRule rule, String key, Optional<Written<NamespaceMode>> mode, String message) {
        if (mode.flatMap(Written::value)
                .filter(NamespaceMode.Host.class::isInstance)
                .isPresent()) {
            add(rule, path + "." + key, message);
        }
    }

    private void mounts() {
        if (service.isolation().useApiSocket()) {
            add(
                    ComposeRules.ENGINE_SOCKET,
                    path + ".use_api_socket",
                    "who has the engine's socket is root on the host");
        }
        var mounts = service.storage().mounts();
        for (var i = 0; i < mounts.size(); i++) {
            if (!(mounts.get(i) instanceof Mount.Bind bind)) {
                continue;
            }
            var where = path + ".volumes[" + i + "]";
            if (SOCKETS.stream()
                    .anyMatch(
                            name -> bind.source().equals(name) || bind.source().endsWith("/" + name))) {
                add(ComposeRules.ENGINE_SOCKET, where, bind.source() + " is an engine's socket");
            } else if (SYSTEM.contains(bind.source())) {
                add(
                        ComposeRules.HOST_PATH,
                        where,
                        bind.source() + " of the host can be " + (bind.readOnly() ? "read" : "written to"));
            }
            if (bind.propagation().filter(SHARED::contains).isPresent()) {
                add(ComposeRules.PROPAGATION, where, "mounts made below " + bind.target() + " appear on the host");
            }
        }
    }

    private void limits() {
        var resources = service.resources();
        if (resources.memoryLimit().isEmpty()) {
            add(ComposeRules.MEMORY, path, "write mem_limit or deploy.resources.limits.memory");
        }
        if (resources.pids().filter(pids -> pids > 0).isEmpty()) {
            add(ComposeRules.PROCESSES, path, "write pids_limit or deploy.resources.limits.pids");
        }
        var cpu = service.limits().cpu();
        if (resources.cpus().isEmpty() && cpu.shares().isEmpty() && cpu.quota().isEmpty()) {
            add(ComposeRules.CPU, path, "write cpus, cpu_shares or deploy.resources.limits.cpus");
        }
        if (!service.isolation().readOnly()) {
            add(ComposeRules.WRITABLE, path, "write read_only: true, and tmpfs for what must be written");
        }
    }

    private void image() {
        var image = service.image();
        // What is built here is named by the build, and run by its digest.
        if (image.build().isEmpty()) {
            image.reference().flatMap(Written::value).ifPresent(reference -> {
                var text = reference.text();
                var last = text.substring(text.lastIndexOf('/') + 1);
                if (!text.contains("@") && (!last.contains(":") || last.endsWith(":latest"))) {
                    add(ComposeRules.TAG, path + ".image", text + " does not say which version is meant");
                }
            });
        }
    }

    private void ports() {
        var ports = service.networking().ports();
        for (var i = 0; i < ports.size(); i++) {
            var port = ports.get(i);
            var where = path + ".ports[" + i + "]";
            if (port.target() == 22) {
                add(ComposeRules.SSH, where, "an SSH server in a container is one more way in");
            }
            if (port.hostIp()
                    .filter(ip -> !ip.equals("0.0.0.0") && !ip.equals("::") && !ip.equals("[::]"))
                    .isPresent()) {
                continue;
            }
            if (port.published()
                    .filter(range -> range.first() < 1024 && range.first() > 0)
                    .isPresent()) {
                add(
                        ComposeRules.LOW_PORT,
                        where,
                        "port " + port.published().get().first() + " is open on every address");
            } else {
                add(ComposeRules.EVERY_ADDRESS, where, "write 127.0.0.1: or another address in front");
            }
        }
    }

    private void secrets() {
        service.program().environment().forEach((name, value) -> {
            if (isSecret(name)
                    && value.filter(v -> !v.isEmpty() && !v.startsWith("/")).isPresent()) {
                add(ComposeRules.SECRET, path + ".environment." + name, name + " is for secrets: and its file");
            }
        });
        service.image()
                .build()
                .ifPresent(build -> build.args().forEach((name, value) -> {
                    if (isSecret(name) && !value.isEmpty()) {
                        add(ComposeRules.SECRET, path + ".build.args." + name, name + " is for build.secrets");
                    }
                }));
    }

    private static boolean isSecret(String name) {
        var upper = name.toUpperCase(Locale.ROOT);
        return SECRET.matcher(upper).find() && !NO_SECRET.matcher(upper).find();
    }

    private void health() {
        var check = service.lifecycle().healthCheck();
        var disabled = check.filter(HealthCheck::disabled).isPresent()
                || check.flatMap(HealthCheck::test)
                        .filter(HealthCheck.Test.None.class::isInstance)
                        .isPresent();
        var waited = project.services().values().stream()
                .flatMap(other ->
                        Optional.ofNullable(other.lifecycle().dependsOn().get(service.name())).stream())
                .anyMatch(dependency -> switch (dependency.condition()) {
                    case STARTED -> check.isEmpty() || disabled;
                    // Without a check here it is the image's.
                    case HEALTHY -> disabled;
                    case COMPLETED_SUCCESSFULLY -> false;
                });
        if (waited) {
            add(
                    ComposeRules.HEALTH,
                    path,
                    "others wait for it: write healthcheck, and condition: service_healthy there");
        }
    }
}
