package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.linux.CLibrary;
import dev.lockstep.runtime.linux.Cgroups;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** What the host itself must have, root or not. Looks and changes nothing. */
final class HostChecks {
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final Pattern VERSION = Pattern.compile("\\d+(\\.\\d+)+\\S*");
    private static final Path SECCOMP = Path.of("/usr/share/containers/seccomp.json");
    private static final String NFTABLES = "libnftables.so.1";
    private static final Path IP_FORWARD = Path.of("/proc/sys/net/ipv4/ip_forward");

    private final HostTools tools;
    private final Optional<Distribution> distribution;

    HostChecks(HostTools tools, Optional<Distribution> distribution) {
        this.tools = tools;
        this.distribution = distribution;
    }

    List<HostCheck> all() throws IOException {
        var checks = new ArrayList<HostCheck>();
        checks.add(kernel(System.getProperty("os.version")));
        checks.add(architecture(System.getProperty("os.arch")));
        checks.add(libc(CLibrary.version()));
        checks.add(HostCheck.ok("java", Runtime.version() + " in " + System.getProperty("java.home")));
        checks.addAll(cgroups());
        checks.add(overlay());
        checks.add(runtime());
        checks.add(program("conmon", Packages.everywhere("conmon"), "supervises containers"));
        checks.add(program("aardvark-dns", Packages.everywhere("aardvark-dns"), "answers the names of containers"));
        checks.add(program(
                "flock",
                new Packages("util-linux", "util-linux-core", "util-linux", "util-linux"),
                "tells restarts without an agent of locks"));
        checks.add(library());
        checks.add(
                Files.isReadable(SECCOMP)
                        ? HostCheck.ok("seccomp profile", SECCOMP.toString())
                        : HostCheck.missing(
                                "seccomp profile",
                                SECCOMP + ", the distribution's default; "
                                        + install(new Packages(
                                                "golang-github-containers-common",
                                                "containers-common",
                                                "libcontainers-common",
                                                "containers-common"))));
        checks.addAll(new HostConfinement(Path.of("/")).all());
        checks.add(init());
        checks.add(forwarding());
        return checks;
    }

    static HostCheck kernel(String release) {
        if (!NUMBERS.matcher(release).matches()) {
            return HostCheck.note("kernel", release);
        }
        return isAtLeast(release, 5, 14)
                ? HostCheck.ok("kernel", release)
                : HostCheck.missing("kernel", "Linux 5.14 or newer; this is " + release);
    }

    /**
     * What each start of a program needs.
     *
     * @param glibc absent: another library
     */
    static HostCheck libc(Optional<String> glibc) {
        return glibc.filter(version -> isAtLeast(version, 2, 34))
                .map(version -> HostCheck.ok("C library", "glibc " + version))
                .orElseGet(() -> HostCheck.missing(
                        "C library", "glibc 2.34 or newer; this is " + glibc.orElse("another one, such as musl")));
    }

    private static boolean isAtLeast(String version, int major, int minor) {
        var numbers = NUMBERS.matcher(version);
        if (!numbers.matches()) {
            return false;
        }
        var first = Integer.parseInt(numbers.group(1));
        return first > major || first == major && Integer.parseInt(numbers.group(2)) >= minor;
    }

    static HostCheck architecture(String name) {
        return List.of("amd64", "aarch64").contains(name)
                ? HostCheck.ok("architecture", name)
                : HostCheck.missing("architecture", "x86-64 or arm64; this is " + name);
    }

    private static List<HostCheck> cgroups() {
        try {
            var cgroups = Cgroups.detect();
            return List.of(
                    cgroups.isUnified()
                            ? HostCheck.ok("cgroups", "version 2")
                            : HostCheck.note(
                                    "cgroups",
                                    cgroups.isHybrid() ? "hybrid: version 1 with a version 2 tree" : "version 1"),
                    memory(cgroups));
        } catch (IOException e) {
            return List.of(HostCheck.missing("cgroups", Sentences.of(e)));
        }
    }

    /** Raspberry Pi OS starts its kernel without it. */
    static HostCheck memory(Cgroups cgroups) throws IOException {
        return cgroups.has("memory")
                ? HostCheck.ok("memory limits", "kept by the cgroup controller memory")
                : HostCheck.note(
                        "memory limits",
                        "the kernel has no cgroup controller memory: services with mem_limit or the like are refused;"
                                + " put cgroup_enable=memory on its command line and reboot");
    }

    private static HostCheck overlay() throws IOException {
        return Files.readString(Path.of("/proc/filesystems")).contains("\toverlay\n")
                ? HostCheck.ok("overlayfs", "known to the kernel")
                : HostCheck.note("overlayfs", "not loaded now; the first container loads it (modprobe overlay)");
    }

    private HostCheck runtime() {
        var found = new ArrayList<String>();
        for (var name : List.of("crun", "runc")) {
            tools.find(name).ifPresent(path -> found.add(path + version(path)));
        }
        return found.isEmpty()
                ? HostCheck.missing(
                        "OCI runtime",
                        "crun or runc, which start containers; "
                                + install(new Packages("crun runc", "crun", "crun", "crun")))
                : HostCheck.ok("OCI runtime", String.join(", ", found));
    }

    private HostCheck program(String name, Packages packages, String purpose) {
        return tools.find(name)
                .map(path -> HostCheck.ok(name, path + version(path)))
                .orElseGet(() -> HostCheck.missing(name, "it " + purpose + "; " + install(packages)));
    }

    private HostCheck init() {
        for (var name : List.of("tini-static", "catatonit")) {
            var path = tools.find(name);
            if (path.isPresent()) {
                return HostCheck.ok("init", path.get() + version(path.get()));
            }
        }
        return HostCheck.note(
                "init",
                "no tini or catatonit, which init: true needs; "
                        + install(new Packages("tini", "catatonit", "catatonit", "catatonit")));
    }

    private HostCheck library() {
        for (var directory : libraryDirectories()) {
            var file = directory.resolve(NFTABLES);
            if (Files.exists(file)) {
                return HostCheck.ok("libnftables", file.toString());
            }
        }
        return HostCheck.missing(
                "libnftables",
                "it publishes ports; " + install(new Packages("libnftables1", "nftables", "libnftables1", "nftables")));
    }

    private static List<Path> libraryDirectories() {
        var directories = new ArrayList<Path>();
        for (var top : List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"), Path.of("/lib"), Path.of("/lib64"))) {
            directories.add(top);
            try (var below = Files.newDirectoryStream(top, "*-linux-gnu")) {
                below.forEach(directories::add);
            } catch (IOException e) {
                // Not every distribution has every one of these.
            }
        }
        return directories;
    }

    private static HostCheck forwarding() throws IOException {
        return Files.readString(IP_FORWARD).strip().equals("1")
                ? HostCheck.ok("ip_forward", "net.ipv4.ip_forward is 1")
                : HostCheck.note("ip_forward", "net.ipv4.ip_forward is 0; the first network switches it on");
    }

    private String install(Packages packages) {
        return packages.install(distribution);
    }

    /** {@code , version 1.2.3}, as far as the program says. */
    private static String version(Path program) {
        try {
            var process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .start();
            try {
                var text =
                        new String(process.getInputStream().readNBytes(1024), java.nio.charset.StandardCharsets.UTF_8);
                return Optional.of(VERSION.matcher(text))
                        .filter(m -> m.find())
                        .map(m -> ", version " + m.group())
                        .orElse("");
            } finally {
                if (!process.waitFor(1, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        } catch (IOException e) {
            return ", which does not run: " + Sentences.of(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
