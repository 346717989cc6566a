package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.volume.LocalMount;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Logging;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Restart;
import dev.lockstep.spec.model.RestartPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.UpdateConfig;
import dev.lockstep.spec.model.Volume;
import dev.lockstep.spec.model.VolumeExtension;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Attributes that a project sets and the engine does not honour yet. They are refused, never passed over in silence.
 *
 * <p>What one host has no use for is not among them: {@code develop}, {@code attach}, {@code expose},
 * {@code deploy.labels}, {@code deploy.placement}, {@code deploy.endpoint_mode}, CPUs and generic resources to reserve,
 * {@code attachable}, {@code consistency} of a mount, {@code selinux} where there is none, a {@code platform} that is
 * the host's own.
 */
final class EngineLimits {
    private final Project project;
    private final List<Problem> problems = new ArrayList<>();

    private EngineLimits(Project project) {
        this.project = project;
    }

    /** One problem for each such attribute, with its place; empty if the engine honours everything. */
    static List<Problem> of(Project project) {
        var limits = new EngineLimits(project);
        project.services().values().forEach(limits::service);
        project.networks().values().stream().filter(n -> !n.external()).forEach(limits::network);
        project.volumes().values().stream().filter(v -> !v.external()).forEach(limits::volume);
        return limits.problems.stream().sorted().toList();
    }

    private void refuse(String path, boolean unsupported) {
        if (unsupported) {
            problems.add(new Problem(project.sources().at(path), path, "the engine cannot do this yet. Remove it"));
        }
    }

    private void refuse(String path, Optional<?> value, String why) {
        if (value.isPresent()) {
            problems.add(new Problem(project.sources().at(path), path, why));
        }
    }

    private void refuse(String path, Optional<?> value) {
        refuse(path, value.isPresent());
    }

    private void refuse(String path, Map<?, ?> values) {
        refuse(path, !values.isEmpty());
    }

    private void service(Service service) {
        var path = "services." + service.name() + ".";
        refuse(
                path + "build",
                service.image().build(),
                "no build of lockstep.yaml makes this image on this host. Add one there, or take its builds: out, and"
                        + " every build section is built; 'lockstep up --build' builds by hand");
        var here = Platform.current();
        refuse(
                path + "platform",
                service.image()
                        .platform()
                        .flatMap(Written::value)
                        .filter(wanted -> !here.runs(Platform.parse(wanted.toString()))),
                "this host runs " + here + " and nothing else. Place the service on another host, or take this line"
                        + " out");
        if (service.image().build().isEmpty()
                && service.image().pullPolicy().equals(Optional.of(PullPolicy.Plain.BUILD))) {
            problems.add(new Problem(
                    project.sources().at(path + "pull_policy"),
                    path + "pull_policy",
                    "nothing is built here. Write build: as well, or take this line out"));
        }
        isolation(path, service);
        limits(path, service);
        networking(path, service);
        storage(path, service);
        lifecycle(path, service);
        service.logging().ifPresent(logging -> logging(path + "logging.", logging));
        refuse(path + "models", service.models());
        refuse(path + "provider", service.provider());
        service.extension().flatMap(ServiceExtension::schedule).ifPresent(_ -> scheduled(path, service));
    }

    /** What runs at times is one container that ends and that nobody waits for. */
    private void scheduled(String path, Service service) {
        var lifecycle = service.lifecycle();
        refuse(
                path + "restart",
                lifecycle.restart().flatMap(Written::value).filter(r -> r.policy() != Restart.Policy.NO),
                "a service with a schedule starts at its next time and not before. Remove it");
        refuse(
                path + "deploy.restart_policy",
                lifecycle.deploy().flatMap(Deploy::restartPolicy),
                "a service with a schedule starts at its next time and not before. Remove it");
        if (service.replicas() != 1) {
            problem(path + "deploy.replicas", "a service with a schedule is one container. Write 1, or nothing");
        }
        project.services().values().stream()
                .filter(other -> other.lifecycle().dependsOn().containsKey(service.name()))
                .forEach(other -> problem(
                        "services." + other.name() + ".depends_on." + service.name(),
                        "a service with a schedule runs at times, so nothing can depend on it. Remove it"));
    }

    private void logging(String path, Logging logging) {
        var missing = LogDrivers.missing(logging);
        if (missing.isPresent()) {
            problem(path + "driver", missing.get());
            return;
        }
        logging.options()
                .forEach((option, value) ->
                        LogDrivers.refused(option, value).ifPresent(why -> problem(path + "options." + option, why)));
    }

    private void problem(String path, String why) {
        problems.add(new Problem(project.sources().at(path), path, why));
    }

    private void isolation(String path, Service service) {
        var isolation = service.isolation();
        refuse(
                path + "isolation",
                isolation.technology().filter(technology -> !technology.equals("default")),
                "is of Windows; there is one kind on Linux. Remove it");
        refuse(path + "credential_spec", isolation.credentialSpec(), "is of Windows. Remove it");
        if (isolation.useApiSocket()) {
            refuse(path + "use_api_socket", Optional.of(true), "there is no engine with a socket here. Remove it");
        }
    }

    private void limits(String path, Service service) {
        var limits = service.limits();
        refuse(path + "cpu_count", limits.cpu().count(), "is of Windows. Write cpus, or cpuset");
        refuse(path + "cpu_percent", limits.cpu().percent(), "is of Windows. Write cpus");
    }

    private void networking(String path, Service service) {
        var networking = service.networking();
        refuse(
                path + "network_mode",
                networking.mode().filter(mode -> mode.value().isEmpty()));
    }

    private void storage(String path, Service service) {
        var storage = service.storage();
        for (var i = 0; i < storage.mounts().size(); i++) {
            mount(path + "volumes[" + i + "]", storage.mounts().get(i));
        }
        storage.options().keySet().stream()
                .filter(key -> !key.equals("size"))
                .forEach(key -> problem(
                        path + "storage_opt." + key, "is no option of overlayfs, which has size alone. Remove it"));
    }

    /** Only the options of the mount's own type mean something. */
    private void mount(String path, Mount mount) {
        switch (mount) {
            // As Docker's daemon, which says "must not set Subpath when using anonymous volumes".
            case Mount.AnonymousVolume volume ->
                refuse(
                        path + ".volume.subpath",
                        volume.options().volume().flatMap(MountOptions.Volume::subpath),
                        "a volume without a name is made with its container, so there is no part of it that could be"
                                + " mounted. Give the volume a name, or remove this");
            // Translation honours all of the first and refuses the others with a sentence of their own.
            case Mount.NamedVolume _,
                    Mount.Bind _,
                    Mount.Tmpfs _,
                    Mount.Image _,
                    Mount.NamedPipe _,
                    Mount.ClusterVolume _ -> {}
        }
    }

    private void lifecycle(String path, Service service) {
        var lifecycle = service.lifecycle();
        if (!lifecycle.hooks().preStart().isEmpty()) {
            // Compose keeps such containers out of its model of a stack: nothing could be planned, resumed or undone.
            problems.add(new Problem(
                    project.sources().at(path + "pre_start"),
                    path + "pre_start",
                    "is not done. Write it as a service of its own, and depend on that with condition:"
                            + " service_completed_successfully: it runs before this one and whenever it changes"));
        }
        lifecycle.deploy().ifPresent(deploy -> deploy(path + "deploy.", service, deploy));
    }

    private void deploy(String path, Service service, Deploy deploy) {
        if (DesiredService.isJob(deploy)) {
            job(path, service, deploy);
        }
        startFirst(path + "update_config.order", service, deploy.update());
        startFirst(path + "rollback_config.order", service, deploy.rollback());
    }

    /** A job is over when it has ended with 0, and is not begun again. */
    private void job(String path, Service service, Deploy deploy) {
        var why = "starts a job that is done over and over again; write on-failure, or nothing";
        deploy.restartPolicy()
                .flatMap(RestartPolicy::condition)
                .flatMap(Written::value)
                .filter(condition ->
                        condition == RestartPolicy.Condition.ANY || condition == RestartPolicy.Condition.UNLESS_STOPPED)
                .ifPresent(_ -> problem(path + "restart_policy.condition", why));
        service.lifecycle()
                .restart()
                .flatMap(Written::value)
                .filter(restart ->
                        restart.policy() == Restart.Policy.ALWAYS || restart.policy() == Restart.Policy.UNLESS_STOPPED)
                .ifPresent(_ -> problem("services." + service.name() + ".restart", why));
    }

    /** For a while there are two: what only one of them can have rules that out. */
    private void startFirst(String path, Service service, Optional<UpdateConfig> config) {
        if (config.flatMap(UpdateConfig::order)
                .filter(UpdateConfig.Order.START_FIRST::equals)
                .isEmpty()) {
            return;
        }
        var single = new ArrayList<String>();
        service.identity().containerName().ifPresent(name -> single.add("the container_name " + name));
        service.networking().networks().forEach((network, attachment) -> {
            if (attachment.ipv4Address().isPresent() || attachment.ipv6Address().isPresent()) {
                single.add("a fixed address on network " + network);
            }
            if (attachment.macAddress().isPresent()) {
                single.add("a fixed mac_address on network " + network);
            }
        });
        service.networking().macAddress().ifPresent(_ -> single.add("a fixed mac_address"));
        service.networking()
                .mode()
                .flatMap(Written::value)
                .filter(NetworkMode.Host.class::isInstance)
                .ifPresent(_ -> single.add("the network of the host"));
        service.storage().mounts().forEach(mount -> {
            if (mount instanceof Mount.NamedVolume volume
                    && !volume.readOnly()
                    && Optional.ofNullable(project.volumes().get(volume.key()))
                            .flatMap(Volume::extension)
                            .filter(VolumeExtension::singleWriter)
                            .isPresent()) {
                single.add("volume " + volume.key() + ", which is single_writer");
            }
        });
        if (!single.isEmpty()) {
            problem(
                    path,
                    "the old container and the new one run side by side for a while, and only one of them can have "
                            + String.join(" and ", single) + ". Write stop-first, or take that out");
        }
    }

    private void network(Network network) {
        var path = "networks." + network.key() + ".";
        refuse(
                path + "ipam.driver",
                network.ipam().driver().filter(driver -> !driver.equals("default")),
                "addresses are given out by Lockstep itself. Write default, or nothing");
        network.ipam()
                .options()
                .keySet()
                .forEach(option -> problem(
                        path + "ipam.options." + option,
                        "addresses are given out by Lockstep itself, which has no options. Remove it"));
    }

    private void volume(Volume volume) {
        var path = "volumes." + volume.key() + ".";
        if (!volume.isLocal()) {
            // Its options are its own.
            problem(
                    path + "driver",
                    "there is no volume driver \"" + volume.driver().orElse("") + "\". Write local, which mounts by its"
                            + " driver_opts what the kernel can, such as nfs and cifs");
            return;
        }
        try {
            var options = new LinkedHashMap<>(volume.driverOptions());
            if (volume.bindsDirectory()) {
                options.put("device", "/"); // found as the source of a bind mount is, wherever that will be
            }
            LocalMount.of(options);
        } catch (IllegalArgumentException e) {
            problem(path + "driver_opts", String.valueOf(e.getMessage()));
        }
    }
}
