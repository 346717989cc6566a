package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * User namespaces, pinned by a mount. No thread of a process with several can enter one (setns(2), EINVAL), so a
 * program of util-linux does it and stands still until the namespace is pinned. Platform threads only.
 */
public final class UserNamespaces {
    private static final List<String> ENVIRONMENT = List.of("PATH=/usr/sbin:/usr/bin:/sbin:/bin");

    private UserNamespaces() {}

    /**
     * Makes one in which ids from 0 on are those of the host from {@code first} on, and pins it at {@code pin}.
     *
     * @param count how many; all others are nobody's inside
     */
    public static void create(Path pin, long first, long count) throws IOException {
        standing(List.of(tool("unshare").toString(), "--user", tool("cat").toString()), pid -> {
            var map = "0 " + first + " " + count + "\n";
            for (var file : List.of("uid_map", "gid_map")) {
                // One write(2): the kernel takes a map as a whole.
                Files.write(Path.of("/proc/" + pid, file), map.getBytes(StandardCharsets.US_ASCII));
            }
            pin(pid, "user", pin);
        });
    }

    /**
     * Makes a network namespace that belongs to a user namespace, and pins it at {@code pin}; its {@code lo} is down.
     */
    static void createNetwork(Path userNamespace, Path pin) throws IOException {
        standing(
                List.of(
                        tool("nsenter").toString(),
                        "--user=" + userNamespace,
                        tool("unshare").toString(),
                        "--net",
                        tool("cat").toString()),
                pid -> pin(pid, "net", pin));
    }

    /** Writes a parameter of the UTS namespace of a process, with the rights of this one. */
    public static void writeSysctl(int pid, String name, String value) throws IOException {
        var file = "/proc/sys/" + name.replace('.', '/');
        try (var in = Pipe.open();
                var out = Pipe.open()) {
            var nothing = new ProcessSpawner.Stream.Nothing();
            var child = ProcessSpawner.spawn(new ProcessSpawner.Command(
                    List.of(
                            tool("nsenter").toString(),
                            "--target=" + pid,
                            "--uts",
                            tool("tee").toString(),
                            file),
                    ENVIRONMENT,
                    new ProcessSpawner.Stream.Descriptor(in.readEnd()),
                    nothing,
                    new ProcessSpawner.Stream.Descriptor(out.writeEnd()),
                    List.of()));
            in.readEnd().close();
            out.writeEnd().close();
            in.writeEnd().outputStream().write(value.getBytes(StandardCharsets.UTF_8));
            in.writeEnd().close();
            var said = new String(out.readEnd().inputStream().readNBytes(4096), StandardCharsets.UTF_8);
            if (ProcessSpawner.reap(child) != 0) {
                throw new IOException("the sysctl " + name + " cannot be set to " + value + ": " + said.strip());
            }
        }
    }

    private interface Use {
        void of(int pid) throws IOException;
    }

    /** Starts it, waits until it has come to its end, a cat, and lets it go when it has been used. */
    private static void standing(List<String> argv, Use use) throws IOException {
        try (var in = Pipe.open();
                var out = Pipe.open()) {
            var pid = ProcessSpawner.spawn(new ProcessSpawner.Command(
                    argv,
                    ENVIRONMENT,
                    new ProcessSpawner.Stream.Descriptor(in.readEnd()),
                    new ProcessSpawner.Stream.Descriptor(out.writeEnd()),
                    new ProcessSpawner.Stream.Descriptor(out.writeEnd()),
                    List.of()));
            try {
                in.readEnd().close();
                out.writeEnd().close();
                in.writeEnd().outputStream().write('\n');
                var first = out.readEnd().inputStream().read();
                if (first != '\n') {
                    var said = new String(out.readEnd().inputStream().readNBytes(4096), StandardCharsets.UTF_8);
                    throw new IOException("This host makes no user namespace: "
                            + (first < 0 ? "" : (char) first) + said.strip()
                            + ". See sysctl user.max_user_namespaces, or write userns_mode: host.");
                }
                use.of(pid);
            } finally {
                in.writeEnd().close();
                ProcessSpawner.reap(pid);
            }
        }
    }

    private static void pin(int pid, String type, Path pin) throws IOException {
        if (Files.notExists(pin)) {
            Files.createFile(pin);
        }
        try (var namespace = Fd.openPath(Path.of("/proc/" + pid + "/ns/" + type));
                var mount = DetachedMount.bind(namespace);
                var place = Fd.openPath(pin)) {
            mount.attach(place);
        }
    }

    private static Path tool(String name) throws IOException {
        return Stream.of("/usr/bin", "/bin")
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException("User namespaces need the program " + name
                        + ", which is not in /usr/bin. Install util-linux and coreutils."));
    }
}
