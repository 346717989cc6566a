package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.desired.SensitiveLabel;
import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.DeviceOptions;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.runtime.container.Hooks;
import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.Namespaces;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.container.ProcessOptions;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.container.SecurityOptions;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.oci.Rlimit;
import dev.lockstep.spec.model.Dependency;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The table of a container's fields: how each is called in the file, read, shown, and whether Linux lets it change
 * while the container runs. What is not in this table does not exist for plans.
 */
final class ContainerFields {
    /** What a change of the field asks for. */
    enum Change {
        /** Another container. */
        REPLACE,
        /** Kernel objects change, the container keeps id and pid. */
        IN_PLACE,
        /** From one value to another as before; to have one, or none any more, takes another container. */
        VALUE_IN_PLACE,
        /** Only our record changes. */
        RECORD
    }

    /**
     * One field, as a map from the rest of its path (empty for a plain value) to what people read; so a list or a map
     * shows only what differs in it.
     *
     * @param name in the words of the Compose file
     * @param asked what the spec asks for; no entry: not asked
     * @param effective what the container became, where that can be compared with an asked value; empty where it cannot
     */
    record Field(
            String name,
            Change change,
            boolean mayBeSecret,
            Function<ContainerSpec, Map<String, String>> asked,
            Function<Effective, Map<String, String>> effective) {}

    private static final String SECRET = "secret ";
    private static final String CONFIG = "config ";
    /** Between the number of a hook and the name of a variable. */
    static final String HOOK_ENVIRONMENT = ".environment.";

    /** Behind it stands as much of a content's keyed hash as tells it from all others, and nobody can guess it by. */
    private static final String CONTENT_MARK = " content ";

    private static final int SHOWN_IDENTITY = 16;

    static final List<Field> ALL = List.of(
            field("entrypoint", Change.REPLACE, s -> s.entrypoint().map(ContainerFields::words)),
            field("command", Change.REPLACE, s -> s.command().map(ContainerFields::words)),
            new Field("environment", Change.REPLACE, true, s -> environment(s.environment()), e -> e.environment()),
            comparable("user", Change.REPLACE, ContainerSpec::user, Effective::user),
            comparable("working_dir", Change.REPLACE, ContainerSpec::workingDir, Effective::workingDir),
            comparable("hostname", Change.REPLACE, ContainerSpec::hostname, Effective::hostname),
            list("volumes", Change.REPLACE, s -> byKey(mounts(s), MountSpec::target, ContainerFields::mount)),
            list("secrets", Change.REPLACE, s -> contents(s, SECRET)),
            list("configs", Change.REPLACE, s -> contents(s, CONFIG)),
            field("network_mode", Change.REPLACE, ContainerFields::networkMode),
            field("container_name", Change.REPLACE, s -> Optional.of(s.name())),
            field("domainname", Change.REPLACE, s -> naming(s).domainname()),
            list("annotations", Change.REPLACE, s -> naming(s).annotations()),
            field("group_add", Change.REPLACE, s -> words(process(s).groups(), false)),
            field("tty", Change.REPLACE, s -> flag(process(s).tty())),
            field("stdin_open", Change.REPLACE, s -> flag(process(s).stdinOpen())),
            field("init", Change.REPLACE, s -> flag(process(s).init())),
            list("ulimits", Change.REPLACE, s -> shown(process(s).ulimits(), ContainerFields::ulimit)),
            comparable(
                    "oom_score_adj",
                    Change.REPLACE,
                    s -> process(s).oomScoreAdj().map(String::valueOf),
                    e -> String.valueOf(e.options().oomScoreAdj())),
            field("privileged", Change.REPLACE, s -> flag(isolation(s).privileged())),
            field("read_only", Change.REPLACE, s -> flag(isolation(s).readOnly())),
            field("cap_add", Change.REPLACE, s -> words(isolation(s).capAdd(), true)),
            field("cap_drop", Change.REPLACE, s -> words(isolation(s).capDrop(), true)),
            list("security_opt", Change.REPLACE, s -> security(isolation(s).security())),
            field("pid", Change.REPLACE, s -> mode(namespaces(s).pid())),
            field("ipc", Change.REPLACE, s -> mode(namespaces(s).ipc())),
            field("uts", Change.REPLACE, s -> mode(namespaces(s).uts())),
            field("userns_mode", Change.REPLACE, s -> mode(namespaces(s).user())),
            field("cgroup", Change.REPLACE, s -> mode(namespaces(s).cgroup())),
            field("cgroup_parent", Change.REPLACE, s -> isolation(s).cgroupParent()),
            comparable("runtime", Change.REPLACE, s -> isolation(s).runtime(), Effective::ociRuntime),
            list("sysctls", Change.REPLACE, s -> isolation(s).sysctls()),
            list(
                    "devices",
                    Change.REPLACE,
                    s -> byKey(devices(s).mappings(), DeviceOptions.Mapping::target, ContainerFields::device)),
            // Whatever they were asked for by: devices, gpus, or deploy.
            field("gpus", Change.REPLACE, s -> words(devices(s).cdi(), false)),
            field("device_cgroup_rules", Change.REPLACE, s -> words(devices(s).rules(), false)),
            comparable(
                    "shm_size",
                    Change.REPLACE,
                    s -> storage(s).shmSize().map(Sizes::show),
                    e -> Sizes.show(e.options().shmSize())),
            // In their order: of two that have something at the same place the later one's is taken.
            field(
                    "volumes_from",
                    Change.REPLACE,
                    s -> words(
                            storage(s).volumesFrom().stream()
                                    .map(ContainerFields::volumesFrom)
                                    .toList(),
                            false)),
            list(
                    "storage_opt",
                    Change.VALUE_IN_PLACE,
                    s -> storage(s)
                            .size()
                            .map(size -> Map.of("size", Sizes.show(size)))
                            .orElse(Map.of())),
            list("logging", Change.REPLACE, s -> LogFields.fixed(s.options().log())),
            list(
                    "logging.options",
                    Change.RECORD,
                    s -> LogFields.free(s.options().log())),
            hooks("post_start", Change.REPLACE, Hooks::postStart),
            hooks("pre_stop", Change.RECORD, Hooks::preStop),
            list(
                    "extra_hosts",
                    Change.IN_PLACE,
                    s -> byKey(naming(s).extraHosts(), Naming.ExtraHost::name, Naming.ExtraHost::address)),
            field("dns", Change.IN_PLACE, s -> words(naming(s).resolver().servers(), false)),
            field("dns_search", Change.IN_PLACE, s -> words(naming(s).resolver().search(), false)),
            field("dns_opt", Change.IN_PLACE, s -> words(naming(s).resolver().options(), false)),
            list("ports", Change.IN_PLACE, s -> byKey(s.ports(), PublishedPort::toString, PublishedPort::toString)),
            list(
                    "networks",
                    Change.IN_PLACE,
                    s -> byKey(s.networks(), AttachmentSpec::network, ContainerFields::attachment)),
            field("cpus", Change.IN_PLACE, s -> s.resources().nanoCpus().map(ContainerFields::cpus)),
            field("mem_limit", Change.IN_PLACE, s -> s.resources().memory().map(Sizes::show)),
            field(
                    "mem_reservation",
                    Change.IN_PLACE,
                    s -> s.resources().memoryReservation().map(Sizes::show)),
            field("pids_limit", Change.IN_PLACE, s -> s.resources().pids().map(String::valueOf)),
            number("cpu_quota", Change.IN_PLACE, s -> s.resources().cpuQuota()),
            number("cpu_period", Change.IN_PLACE, s -> s.resources().cpuPeriod()),
            number("cpu_shares", Change.IN_PLACE, s -> s.resources().cpuShares()),
            field("cpuset", Change.IN_PLACE, s -> s.resources().cpuset()),
            number("cpu_rt_period", Change.REPLACE, s -> s.resources().realtimePeriod()),
            number("cpu_rt_runtime", Change.REPLACE, s -> s.resources().realtimeRuntime()),
            field(
                    "memswap_limit",
                    Change.IN_PLACE,
                    s -> s.resources().memorySwap().map(ContainerFields::swap)),
            number("mem_swappiness", Change.IN_PLACE, s -> s.resources().swappiness()),
            field("oom_kill_disable", Change.IN_PLACE, s -> flag(s.resources().oomKillDisable())),
            list("blkio_config", Change.IN_PLACE, s -> blockIo(s.resources().blockIo())),
            field(
                    "restart",
                    Change.RECORD,
                    s -> Optional.of(s.restart())
                            .filter(RestartPolicy::explicit)
                            .map(ContainerFields::restart)),
            list(
                    "healthcheck",
                    Change.RECORD,
                    s -> s.healthCheck().map(ContainerFields::healthCheck).orElse(Map.of())),
            new Field("labels", Change.RECORD, true, s -> userLabels(s.labels()), _ -> Map.of()),
            field("depends_on", Change.RECORD, s -> dependsOn(s.labels())),
            comparable("stop_signal", Change.RECORD, ContainerSpec::stopSignal, Effective::stopSignal),
            comparable(
                    "stop_grace_period",
                    Change.RECORD,
                    s -> s.stopGrace().map(Sizes::show),
                    e -> Sizes.show(e.stopGrace())));

    private ContainerFields() {}

    /** Whether two texts of a secret or config differ in nothing but the content. */
    static boolean sameButContent(String before, String after) {
        return before.replaceAll(CONTENT_MARK + "[0-9a-f]+", "")
                .equals(after.replaceAll(CONTENT_MARK + "[0-9a-f]+", ""));
    }

    private static Field field(String name, Change change, Function<ContainerSpec, Optional<String>> asked) {
        return new Field(name, change, false, s -> single(asked.apply(s)), _ -> Map.of());
    }

    private static Field comparable(
            String name,
            Change change,
            Function<ContainerSpec, Optional<String>> asked,
            Function<Effective, String> effective) {
        return new Field(name, change, false, s -> single(asked.apply(s)), e -> Map.of("", effective.apply(e)));
    }

    private static Field number(String name, Change change, Function<ContainerSpec, Optional<Long>> asked) {
        return field(name, change, s -> asked.apply(s).map(String::valueOf));
    }

    private static Field list(String name, Change change, Function<ContainerSpec, Map<String, String>> asked) {
        return new Field(name, change, false, asked, _ -> Map.of());
    }

    /** Their environment may be secret, as the container's. */
    private static Field hooks(String name, Change change, Function<Hooks, List<Hooks.Hook>> which) {
        return new Field(name, change, true, s -> hooks(which.apply(s.options().hooks())), _ -> Map.of());
    }

    private static Map<String, String> single(Optional<String> value) {
        return value.map(v -> Map.of("", v)).orElse(Map.of());
    }

    private static Naming naming(ContainerSpec spec) {
        return spec.options().naming();
    }

    private static ProcessOptions process(ContainerSpec spec) {
        return spec.options().process();
    }

    private static Isolation isolation(ContainerSpec spec) {
        return spec.options().isolation();
    }

    private static Namespaces namespaces(ContainerSpec spec) {
        return isolation(spec).namespaces();
    }

    private static DeviceOptions devices(ContainerSpec spec) {
        return spec.options().devices();
    }

    private static StorageOptions storage(ContainerSpec spec) {
        return spec.options().storage();
    }

    private static Optional<String> flag(boolean value) {
        return value ? Optional.of("true") : Optional.empty();
    }

    private static Optional<String> mode(Optional<NamespaceMode> mode) {
        return mode.map(NamespaceMode::toString);
    }

    private static Optional<String> networkMode(ContainerSpec spec) {
        return mode(namespaces(spec).network());
    }

    private static Optional<String> words(List<String> words, boolean capabilities) {
        return words.isEmpty()
                ? Optional.empty()
                : Optional.of(words(words.stream()
                        .map(w -> capabilities && w.startsWith("CAP_") ? w.substring("CAP_".length()) : w)
                        .toList()));
    }

    private static <T> Map<String, String> shown(Map<String, T> values, Function<T, String> shown) {
        var map = new LinkedHashMap<String, String>();
        values.forEach((name, value) -> map.put(name, shown.apply(value)));
        return map;
    }

    private static String ulimit(Rlimit limit) {
        return limit.soft() == limit.hard() ? String.valueOf(limit.soft()) : limit.soft() + ":" + limit.hard();
    }

    private static Map<String, String> security(SecurityOptions security) {
        var map = new LinkedHashMap<String, String>();
        security.noNewPrivileges().ifPresent(value -> map.put("no-new-privileges", String.valueOf(value)));
        // A profile is long; that it is another one is what people need to know.
        security.seccomp()
                .ifPresent(value -> map.put(
                        "seccomp",
                        value.equals(SecurityOptions.UNCONFINED)
                                ? value
                                : "profile "
                                        + BlobStore.digest(value.getBytes(StandardCharsets.UTF_8))
                                                .abbreviated()));
        security.apparmor().ifPresent(value -> map.put("apparmor", value));
        if (!security.labels().isEmpty()) {
            map.put("label", String.join(",", security.labels()));
        }
        if (security.openSystemPaths()) {
            map.put("systempaths", SecurityOptions.UNCONFINED);
        }
        return map;
    }

    private static String device(DeviceOptions.Mapping device) {
        return device.source() + " at " + device.target() + " " + device.permissions();
    }

    private static String volumesFrom(StorageOptions.VolumesFrom from) {
        return from.container() + from.readOnly().map(ro -> ro ? ":ro" : "").orElse("");
    }

    private static Map<String, String> hooks(List<Hooks.Hook> hooks) {
        var map = new LinkedHashMap<String, String>();
        for (var i = 0; i < hooks.size(); i++) {
            var hook = hooks.get(i);
            var text = words(hook.command())
                    + hook.user().map(user -> " as " + user).orElse("")
                    + hook.workingDir().map(path -> " in " + path).orElse("")
                    + (hook.privileged() ? " privileged" : "");
            map.put(String.valueOf(i), text);
            // Each on its own, as the container's: a secret among them is masked, and no digest tells of it.
            for (var variable : new TreeMap<>(hook.environment()).entrySet()) {
                map.put(i + HOOK_ENVIRONMENT + variable.getKey(), '"' + variable.getValue() + '"');
            }
        }
        return map;
    }

    private static String swap(long bytes) {
        return bytes < 0 ? "unlimited" : Sizes.show(bytes);
    }

    static Map<String, String> blockIo(BlockIo blockIo) {
        var map = new LinkedHashMap<String, String>();
        blockIo.weight().ifPresent(weight -> map.put("weight", String.valueOf(weight)));
        devices(map, "weight_device", blockIo.weights());
        devices(map, "device_read_bps", blockIo.readBytes());
        devices(map, "device_read_iops", blockIo.readOperations());
        devices(map, "device_write_bps", blockIo.writeBytes());
        devices(map, "device_write_iops", blockIo.writeOperations());
        return map;
    }

    private static void devices(Map<String, String> map, String key, Map<String, Long> values) {
        if (!values.isEmpty()) {
            map.put(
                    key,
                    new TreeMap<>(values)
                            .entrySet().stream()
                                    .map(e -> e.getKey() + " " + e.getValue())
                                    .collect(Collectors.joining(", ")));
        }
    }

    private static List<MountSpec> mounts(ContainerSpec spec) {
        return spec.mounts().stream()
                .filter(mount -> !(mount instanceof MountSpec.Content))
                .toList();
    }

    /** By name; one that is mounted twice has two lines. */
    private static Map<String, String> contents(ContainerSpec spec, String kind) {
        var map = new LinkedHashMap<String, String>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.Content content && content.name().startsWith(kind)) {
                map.merge(
                        content.name().substring(kind.length()),
                        place(content) + CONTENT_MARK + content.identity().substring(0, SHOWN_IDENTITY),
                        (a, b) -> a + ", " + b);
            }
        }
        return map;
    }

    private static String place(MountSpec.Content content) {
        return "at " + content.target() + " mode " + Integer.toOctalString(content.mode())
                + (content.uid().equals("0") && content.gid().equals("0")
                        ? ""
                        : " owner " + content.uid() + ":" + content.gid());
    }

    private static Map<String, String> environment(Map<String, Optional<String>> environment) {
        var map = new LinkedHashMap<String, String>();
        environment.forEach(
                (name, value) -> map.put(name, value.map(v -> "\"" + v + "\"").orElse("(unset)")));
        return map;
    }

    private static Map<String, String> userLabels(Map<String, String> labels) {
        var map = new LinkedHashMap<>(labels);
        map.keySet().removeIf(name -> name.startsWith(ComposeLabels.PREFIX) || name.equals(SensitiveLabel.KEY));
        return map;
    }

    /** What is kept of them for who starts and stops by hand; the usual condition goes without saying. */
    private static Optional<String> dependsOn(Map<String, String> labels) {
        var gates = ComposeLabels.gates(labels);
        return Optional.of(ComposeLabels.dependencies(labels).stream()
                        .map(service -> service
                                + Optional.ofNullable(gates.get(service))
                                        .map(ContainerFields::condition)
                                        .orElse(""))
                        .collect(Collectors.joining(", ")))
                .filter(text -> !text.isEmpty());
    }

    private static String condition(Dependency dependency) {
        return (dependency.condition() == Dependency.Condition.STARTED
                        ? ""
                        : " " + dependency.condition().word())
                + (dependency.restart() ? " restart" : "");
    }

    private static <T> Map<String, String> byKey(
            Collection<T> values, Function<T, String> key, Function<T, String> shown) {
        return values.stream().collect(Collectors.toMap(key, shown, (a, b) -> a + ", " + b, LinkedHashMap::new));
    }

    /** As one would type it; JSON's quotes where a word has blanks or quotes, so that other words never read alike. */
    private static String words(List<String> words) {
        return words.stream()
                .map(w -> w.isEmpty() || w.chars().anyMatch(c -> c == '"' || Character.isWhitespace(c)) ? quoted(w) : w)
                .collect(Collectors.joining(" ", "[", "]"));
    }

    private static String quoted(String word) {
        return '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String mount(MountSpec mount) {
        var mode = " at " + mount.target();
        return switch (mount) {
            case MountSpec.Bind b ->
                b.identity() + mode + (b.readOnly() ? " read-only" : "") + bindOptions(b.options());
            case MountSpec.Volume v ->
                "volume " + v.name() + v.subpath().map(path -> "/" + path).orElse("") + mode
                        + (v.readOnly() ? " read-only" : "") + (v.noCopy() ? " nocopy" : "");
            case MountSpec.OfImage image ->
                "image " + image.image().familiar() + " (" + image.digest().abbreviated() + ")"
                        + image.subpath().map(path -> " path " + path).orElse("") + mode;
            case MountSpec.Content content -> content.name() + mode;
            case MountSpec.Anonymous a ->
                "volume of its own" + mode + (a.readOnly() ? " read-only" : "") + (a.noCopy() ? " nocopy" : "")
                        + (a.labels().isEmpty()
                                ? ""
                                : new TreeMap<>(a.labels())
                                        .entrySet().stream()
                                                .map(label -> label.getKey() + "=" + label.getValue())
                                                .collect(Collectors.joining(", ", " labelled ", "")));
            case MountSpec.Tmpfs t ->
                "tmpfs" + mode + t.size().map(s -> " size " + Sizes.show(s)).orElse("")
                        + t.mode().map(m -> " mode " + Integer.toOctalString(m)).orElse("")
                        + (t.readOnly() ? " read-only" : "")
                        + (t.options().isEmpty() ? "" : " " + String.join(",", t.options()));
        };
    }

    private static String bindOptions(MountSpec.BindOptions options) {
        return (options.propagation().equals("rprivate") ? "" : " " + options.propagation())
                + (options.recursion() == MountSpec.Recursion.ENABLED
                        ? ""
                        : " recursive " + options.recursion().name().toLowerCase(Locale.ROOT))
                + options.selinux().map(label -> " selinux " + label).orElse("");
    }

    private static String attachment(AttachmentSpec attachment) {
        return attachment.network()
                + (attachment.aliases().isEmpty() ? "" : " aliases " + String.join(",", attachment.aliases()))
                + attachment.addresses().stream()
                        .map(address -> " address " + address)
                        .collect(Collectors.joining())
                + (attachment.priority() == 0 ? "" : " priority " + attachment.priority())
                + endpoint(attachment.options());
    }

    private static String endpoint(EndpointOptions options) {
        return options.macAddress().map(mac -> " mac " + mac).orElse("")
                + (options.gatewayPriority() == 0 ? "" : " gw_priority " + options.gatewayPriority())
                + options.interfaceName().map(name -> " interface " + name).orElse("")
                + (options.linkLocal().isEmpty() ? "" : " link-local " + String.join(",", options.linkLocal()))
                + (options.sysctls().isEmpty() ? "" : " sysctls " + new TreeMap<>(options.sysctls()))
                + (options.links().isEmpty()
                        ? ""
                        : " links "
                                + options.links().stream()
                                        .map(link -> link.target() + ":" + link.alias())
                                        .collect(Collectors.joining(",")));
    }

    private static String cpus(long nano) {
        return BigDecimal.valueOf(nano, 9).stripTrailingZeros().toPlainString();
    }

    private static String restart(RestartPolicy policy) {
        return policy.condition().name().toLowerCase(Locale.ROOT).replace('_', '-')
                + (policy.maxRetries() > 0 ? ":" + policy.maxRetries() : "")
                + policy.delay().map(d -> " delay " + Sizes.show(d)).orElse("")
                + policy.window().map(w -> " window " + Sizes.show(w)).orElse("");
    }

    private static Map<String, String> healthCheck(HealthCheck check) {
        var map = new LinkedHashMap<String, String>();
        check.test().ifPresent(test -> map.put("test", words(test)));
        put(map, "interval", check.interval());
        put(map, "timeout", check.timeout());
        put(map, "start_period", check.startPeriod());
        put(map, "start_interval", check.startInterval());
        check.retries().ifPresent(n -> map.put("retries", String.valueOf(n)));
        return map;
    }

    private static void put(Map<String, String> map, String name, Optional<Duration> duration) {
        duration.ifPresent(d -> map.put(name, Sizes.show(d)));
    }
}
