package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Bool;
import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.canonical.Value.Null;
import dev.lockstep.spec.canonical.Value.Numeral;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Decimal;
import dev.lockstep.spec.model.Dependency;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.HealthCheck;
import dev.lockstep.spec.model.Identity;
import dev.lockstep.spec.model.Isolation;
import dev.lockstep.spec.model.Lifecycle;
import dev.lockstep.spec.model.Limits;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.Networking;
import dev.lockstep.spec.model.Program;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceImage;
import dev.lockstep.spec.model.Storage;
import dev.lockstep.spec.model.VariableFiles.EnvFile;
import dev.lockstep.spec.model.Written;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A service with all that it has, its keys sorted. Numbers that are zero say nothing and are left out. */
final class ServiceForm {
    private final Presentation presentation;
    private final boolean explicit;
    private final BuildForm builds;
    private final DeployForm deploys;
    private final HookForm hooks;
    private final MountForm mounts;

    /** @param explicit whether absent commands and empty blocks are written out, as docker compose does in JSON */
    ServiceForm(Presentation presentation, boolean explicit) {
        this.presentation = presentation;
        this.explicit = explicit;
        this.builds = new BuildForm(presentation);
        this.deploys = new DeployForm(explicit);
        this.hooks = new HookForm(presentation, explicit);
        this.mounts = new MountForm(presentation);
    }

    Fields of(Service service) {
        var out = new Fields(new TreeMap<>());
        image(out, service.image());
        identity(out, service.identity());
        program(out, service.program());
        isolation(out, service.isolation());
        out.putItems("devices", service.devices().mappings(), DeviceForm::device)
                .putItems("device_cgroup_rules", service.devices().cgroupRules(), rule -> new Text(rule.text()))
                .putItems("gpus", service.devices().gpus(), DeviceForm::request);
        cpu(out, service.limits().cpu());
        memory(out, service.limits().memory());
        number(out, "pids_limit", service.limits().pids());
        service.limits().blockIo().ifPresent(blockIo -> out.put("blkio_config", LimitForm.blockIo(blockIo)));
        out.putMap("ulimits", service.limits().ulimits(), LimitForm::ulimit);
        networking(out, service.networking());
        storage(out, service.storage());
        lifecycle(out, service.lifecycle());
        service.logging().ifPresent(logging -> out.put("logging", SettingsForm.logging(logging)));
        service.develop().ifPresent(develop -> out.put("develop", hooks.of(develop)));
        out.putMap("models", service.models(), SettingsForm::modelBinding);
        service.provider().ifPresent(provider -> out.put("provider", SettingsForm.provider(provider)));
        service.extension().ifPresent(extension -> out.put(ExtensionForm.KEY, ExtensionForm.of(extension)));
        return out;
    }

    private void image(Fields out, ServiceImage image) {
        written(out, "image", image.reference());
        image.build().ifPresent(build -> out.put("build", builds.of(build)));
        written(out, "platform", image.platform());
        out.putText("pull_policy", image.pullPolicy().map(PullPolicy::word))
                .putText("pull_refresh_after", image.pullRefreshAfter());
    }

    private static void identity(Fields out, Identity identity) {
        out.putText("container_name", identity.containerName());
        written(out, "hostname", identity.hostname());
        written(out, "domainname", identity.domainname());
        out.putMap("labels", identity.labels()).putMap("annotations", identity.annotations());
    }

    private void program(Fields out, Program program) {
        words(out, "command", program.command());
        words(out, "entrypoint", program.entrypoint());
        out.putMap(
                        "environment",
                        program.environment(),
                        value -> value.<Value>map(Text::new).orElseGet(Null::new))
                .putItems("env_file", program.variableFiles().environment(), this::envFile)
                .putItems("label_file", program.variableFiles().labels(), file -> new Text(absolute(file)))
                .putText("user", program.user())
                .putTexts("group_add", program.groups())
                .putText("working_dir", program.workingDirectory())
                .putIf("tty", program.tty())
                .putIf("stdin_open", program.stdinOpen())
                .putFlag("init", program.init());
    }

    private void words(Fields out, String key, Optional<List<String>> words) {
        if (words.isPresent()) {
            out.put(key, new Items(words.get().stream().map(Text::new).toList()));
        } else if (explicit) {
            out.put(key, new Null());
        }
    }

    private Value envFile(EnvFile file) {
        if (file.required() && !file.raw()) {
            return new Text(absolute(file.path()));
        }
        return new Fields()
                .put("path", absolute(file.path()))
                .put("required", new Bool(file.required()))
                .putText("format", file.raw() ? Optional.of("raw") : Optional.empty());
    }

    private String absolute(String path) {
        return presentation.path(path);
    }

    private static void isolation(Fields out, Isolation isolation) {
        out.putIf("privileged", isolation.privileged())
                .putIf("read_only", isolation.readOnly())
                .putTexts("cap_add", isolation.capAdd())
                .putTexts("cap_drop", isolation.capDrop())
                .putTexts("security_opt", isolation.securityOptions())
                .putText("cgroup_parent", isolation.cgroupParent())
                .putText("runtime", isolation.runtime())
                .putText("isolation", isolation.technology())
                .putMap("sysctls", isolation.sysctls())
                .putIf("use_api_socket", isolation.useApiSocket());
        isolation.credentialSpec().ifPresent(spec -> out.put("credential_spec", SettingsForm.credentialSpec(spec)));
        var namespaces = isolation.namespaces();
        written(out, "pid", namespaces.pid());
        written(out, "ipc", namespaces.ipc());
        written(out, "uts", namespaces.uts());
        written(out, "userns_mode", namespaces.user());
        namespaces.cgroup().ifPresent(mode -> {
            out.put("cgroup", mode instanceof NamespaceMode.Host ? "host" : "private");
        });
    }

    private static void cpu(Fields out, Limits.Cpu cpu) {
        decimal(out, "cpus", cpu.cpus());
        number(out, "cpu_count", cpu.count());
        decimal(out, "cpu_percent", cpu.percent());
        number(out, "cpu_shares", cpu.shares());
        number(out, "cpu_period", cpu.period());
        number(out, "cpu_quota", cpu.quota());
        number(out, "cpu_rt_period", cpu.realtimePeriod());
        number(out, "cpu_rt_runtime", cpu.realtimeRuntime());
        written(out, "cpuset", cpu.set());
    }

    private static void memory(Fields out, Limits.Memory memory) {
        bytes(out, "mem_limit", memory.limit());
        bytes(out, "mem_reservation", memory.reservation());
        bytes(out, "memswap_limit", memory.swapLimit());
        bytes(out, "mem_swappiness", memory.swappiness());
        bytes(out, "shm_size", memory.shm());
        out.putIf("oom_kill_disable", memory.oomKillDisable());
        number(out, "oom_score_adj", memory.oomScoreAdjustment().map(Integer::longValue));
    }

    private static void networking(Fields out, Networking networking) {
        out.putMap("networks", networking.networks(), NetworkForm::attachment);
        written(out, "network_mode", networking.mode());
        out.putItems("ports", networking.ports(), NetworkForm::port)
                .putTexts("expose", networking.expose())
                .putTexts("dns", networking.dns())
                .putTexts("dns_search", networking.dnsSearch())
                .putTexts("dns_opt", networking.dnsOptions())
                .putTexts("extra_hosts", BuildForm.hosts(networking.extraHosts()))
                .putItems("links", networking.links(), link -> new Text(link.toString()))
                .putItems("external_links", networking.externalLinks(), link -> new Text(link.toString()));
        written(out, "mac_address", networking.macAddress());
    }

    private void storage(Fields out, Storage storage) {
        out.putItems("volumes", storage.mounts(), mounts::of)
                .putItems("tmpfs", storage.tmpfs(), tmpfs -> new Text(tmpfs.toString()))
                .putItems("volumes_from", storage.volumesFrom(), from -> new Text(from.toString()))
                .putItems("secrets", storage.secrets(), FileObjectForm::grant)
                .putItems("configs", storage.configs(), FileObjectForm::grant)
                .putMap("storage_opt", storage.options());
    }

    private void lifecycle(Fields out, Lifecycle lifecycle) {
        out.putMap("depends_on", lifecycle.dependsOn(), ServiceForm::dependency);
        written(out, "restart", lifecycle.restart());
        lifecycle.healthCheck().ifPresent(check -> out.put("healthcheck", healthCheck(check)));
        written(out, "stop_signal", lifecycle.stopSignal());
        out.putText("stop_grace_period", lifecycle.stopGracePeriod().map(Durations::text))
                .putNumber("scale", lifecycle.scale());
        lifecycle.deploy().ifPresent(deploy -> out.put("deploy", deploys.of(deploy)));
        out.putTexts("profiles", lifecycle.profiles())
                .putFlag("attach", lifecycle.attach())
                .putItems("pre_start", lifecycle.hooks().preStart(), hooks::of)
                .putItems("post_start", lifecycle.hooks().postStart(), hooks::of)
                .putItems("pre_stop", lifecycle.hooks().preStop(), hooks::of);
    }

    private static Value dependency(Dependency dependency) {
        return new Fields()
                .put("condition", dependency.condition().word())
                .putIf("restart", dependency.restart())
                .put("required", new Bool(dependency.required()));
    }

    private static Value healthCheck(HealthCheck check) {
        var out = new Fields();
        check.test()
                .ifPresent(test -> out.put(
                        "test", new Items(test.command().stream().map(Text::new).toList())));
        check.timeout().ifPresent(value -> out.put("timeout", Durations.text(value)));
        check.interval().ifPresent(value -> out.put("interval", Durations.text(value)));
        check.retries().ifPresent(value -> out.put("retries", value));
        check.startPeriod().ifPresent(value -> out.put("start_period", Durations.text(value)));
        check.startInterval().ifPresent(value -> out.put("start_interval", Durations.text(value)));
        return out.putIf("disable", check.disabled());
    }

    private static <T> void written(Fields out, String key, Optional<Written<T>> value) {
        value.ifPresent(v -> out.put(key, v.text()));
    }

    private static void number(Fields out, String key, Optional<Long> number) {
        out.putNumber(key, number.filter(n -> n != 0));
    }

    private static void decimal(Fields out, String key, Optional<Decimal> number) {
        number.filter(n -> n.signum() != 0).ifPresent(n -> out.put(key, new Numeral(n.toString())));
    }

    private static void bytes(Fields out, String key, Optional<ByteSize> size) {
        out.putText(key, size.filter(s -> s.bytes() != 0).map(ByteSize::toString));
    }
}
