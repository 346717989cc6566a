package dev.lockstep.runtime;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.container.ContainerRooms;
import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.Bundle;
import dev.lockstep.runtime.oci.BundleConfig;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.ContainerUser;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.oci.ProcessSpec;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Picks the runtime of this host: the first that really starts a container. crun, for one, is faster and refuses hosts
 * with a hybrid cgroup layout. The answer is kept until the next boot.
 */
final class RuntimeChoice implements ContainerRooms.NamedRuntime {
    private static final String BUNDLE = "probe";
    private static final Path USR = Path.of("/usr");

    private record Chosen(String bootId, String program, long modified) {}

    private final Root root;
    private final HostTools tools;

    RuntimeChoice(Root root, HostTools tools) {
        this.root = root;
        this.tools = tools;
    }

    /**
     * The runtime that containers are started with.
     *
     * @throws IOException when none starts one, with what each of them said
     */
    OciRuntime choose() throws IOException {
        var file = root.stateFile(Chosen.class, 1);
        var kept = root.run().resolve("oci-runtime.json");
        var present = known(file, kept);
        if (present.isPresent()) {
            return present.get();
        }
        try (var _ = Flock.exclusive(root.lock("oci-runtime"))) {
            var meanwhile = known(file, kept);
            if (meanwhile.isPresent()) {
                return meanwhile.get();
            }
            var candidates = tools.find(HostTools.Tool.RUNTIME);
            if (candidates.isEmpty()) {
                throw new IOException(HostTools.Tool.RUNTIME.remedy());
            }
            var failures = new ArrayList<String>();
            for (var program : candidates) {
                var runtime = runtime(program);
                var failure = attempt(runtime);
                if (failure.isEmpty()) {
                    file.writeVolatile(
                            kept, new Chosen(ProcessIdentity.bootId(), program.toString(), modified(program)));
                    return runtime;
                }
                failures.add(runtime.name() + ": " + failure.get());
            }
            throw new IOException(
                    "No container runtime of this host starts a container. " + String.join("; ", failures));
        }
    }

    @Override
    public Optional<String> missing(String name) {
        return program(name).isPresent() ? Optional.empty() : Optional.of(absent(name));
    }

    private static String absent(String name) {
        return isName(name)
                ? "The container runtime " + name
                        + " is not on this host. Install it, or remove runtime from the service"
                : "\"" + name + "\" is no name of a container runtime, such as runc or crun";
    }

    private static boolean isName(String name) {
        return name.startsWith("/") || name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
    }

    private Optional<Path> program(String name) {
        if (name.startsWith("/")) {
            return Optional.of(Path.of(name)).filter(Files::isExecutable);
        }
        // Docker's own name for runc.
        return isName(name) ? tools.find(name.equals("io.containerd.runc.v2") ? "runc" : name) : Optional.empty();
    }

    /** Tried once a boot, as the others are. */
    @Override
    public OciRuntime get(String name) throws IOException {
        var program = program(name);
        if (program.isEmpty()) {
            throw new IOException(absent(name) + ".");
        }
        var file = root.stateFile(Chosen.class, 1);
        var kept = root.run()
                .resolve("oci-runtime-" + program.get().toString().substring(1).replace('/', '-') + ".json");
        var present = known(file, kept);
        if (present.isPresent()) {
            return present.get();
        }
        try (var _ = Flock.exclusive(root.lock("oci-runtime"))) {
            var runtime = runtime(program.get());
            var failure = attempt(runtime);
            if (failure.isPresent()) {
                throw new IOException(
                        runtime.name().equals("crun") && Cgroups.detect().isHybrid()
                                ? "crun starts no container on this host, where versions 1 and 2 of cgroups are mixed;"
                                        + " remove runtime from the service, or boot with one version."
                                : "The container runtime " + name + " starts no container on this host: "
                                        + failure.get());
            }
            file.writeVolatile(
                    kept, new Chosen(ProcessIdentity.bootId(), program.get().toString(), modified(program.get())));
            return runtime;
        }
    }

    private OciRuntime runtime(Path program) {
        return new OciRuntime(
                program.getFileName().toString(), program, root.run().resolve("runtime"));
    }

    /** Only remembered: what is damaged, or was left by a root that somebody has removed since, is found out again. */
    private Optional<OciRuntime> known(StateFile<Chosen> file, Path kept) throws IOException {
        try {
            return file.read(kept).flatMap(this::stillThere);
        } catch (StateException e) {
            return Optional.empty();
        }
    }

    private Optional<OciRuntime> stillThere(Chosen chosen) {
        try {
            var program = Path.of(chosen.program());
            return chosen.bootId().equals(ProcessIdentity.bootId()) && chosen.modified() == modified(program)
                    ? Optional.of(runtime(program))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static long modified(Path program) throws IOException {
        return Files.getLastModifiedTime(program).toMillis();
    }

    /** Runs {@code true} of the host in a container; what went wrong, or empty. */
    private Optional<String> attempt(OciRuntime runtime) throws IOException {
        var bundle = root.run().resolve(BUNDLE);
        removeBundle();
        var cgroups = Cgroups.detect();
        var cgroup = "/lockstep-" + root.shortId() + "/probe";
        try {
            var rootfs = Files.createDirectories(bundle.resolve("rootfs"));
            Files.createDirectory(rootfs.resolve("usr"));
            for (var name : List.of("bin", "sbin", "lib", "lib64")) {
                if (Files.exists(Path.of("/", name))) {
                    Files.createSymbolicLink(rootfs.resolve(name), Path.of("usr", name));
                }
            }
            var config = new BundleConfig(root.json()).of(bundle(rootfs, cgroup, cgroups.isUnified(), root.json()));
            Files.write(bundle.resolve("config.json"), root.json().writeValueAsBytes(config));
            var id = "probe-" + root.id();
            var result = runtime.run("run", "--bundle", bundle.toString(), id);
            if (!result.succeeded()) {
                runtime.run("delete", "--force", id);
                return Optional.of(result.output().isEmpty() ? "exit code " + result.exitCode() : result.output());
            }
            return Optional.empty();
        } finally {
            cgroups.at(cgroup).remove();
            cgroups.at("/lockstep-" + root.shortId()).remove();
            removeBundle();
        }
    }

    private static Bundle bundle(Path rootfs, String cgroup, boolean unified, JsonMapper json) throws IOException {
        return Bundle.plain(
                new ProcessSpec(
                        false,
                        new ContainerUser(0, 0, List.of(0), "/"),
                        List.of("/usr/bin/true"),
                        Map.of("PATH", "/usr/bin"),
                        "/",
                        Capabilities.DEFAULT),
                rootfs,
                "probe",
                cgroup,
                List.of(BundleMount.bind(USR.toString(), USR.toString(), true)),
                json.createObjectNode(),
                SeccompProfile.read(SeccompProfile.DISTRIBUTION, json).forContainer(Capabilities.DEFAULT),
                unified);
    }

    private void removeBundle() throws IOException {
        try (var run = Directory.open(root.run())) {
            run.removeTree(RawPath.of(BUNDLE));
        }
    }
}
