package dev.lockstep.runtime;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The programs and files of the host that the engine needs, and the packages that bring them.
 *
 * @param path directories that are searched, in this order
 */
public record HostTools(List<Path> path) {
    /** Where distributions put programs that people do not call themselves. */
    private static final List<Path> PRIVATE =
            List.of(Path.of("/usr/libexec/podman"), Path.of("/usr/lib/podman"), Path.of("/usr/local/libexec/podman"));

    public HostTools {
        path = List.copyOf(path);
    }

    /** Searches PATH, then the usual places, then those of Podman. */
    public static HostTools ofThisProcess() {
        var fromEnvironment = Arrays.stream(
                        Optional.ofNullable(System.getenv("PATH")).orElse("").split(":"))
                .filter(entry -> entry.startsWith("/"))
                .map(Path::of);
        var usual = Stream.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
                .map(Path::of);
        return new HostTools(Stream.of(fromEnvironment, usual, PRIVATE.stream())
                .flatMap(s -> s)
                .distinct()
                .toList());
    }

    /** What is needed. */
    public enum Tool {
        CONMON("conmon", "conmon", "conmon", "supervises each container"),
        RUNTIME("crun runc", "crun (or runc)", "crun", "starts containers"),
        DNS("aardvark-dns", "aardvark-dns", "aardvark-dns", "answers the names of containers"),
        FLOCK("flock", "util-linux", "util-linux-core", "lets restarts without an agent see locks"),
        /** Static ones: in a container there is no library of the host. */
        INIT("tini-static catatonit", "tini", "catatonit", "is process 1 for init: true");

        private final String programs;
        private final String debian;
        private final String redHat;
        private final String purpose;

        Tool(String programs, String debian, String redHat, String purpose) {
            this.programs = programs;
            this.debian = debian;
            this.redHat = redHat;
            this.purpose = purpose;
        }

        /** What it is for, to stand behind its name. */
        public String purpose() {
            return purpose;
        }

        /** A sentence that says how to get it. */
        public String remedy() {
            return programs.replace(" ", " or ") + " is missing; it " + purpose + ". On Debian and Ubuntu: apt install "
                    + debian.replaceAll(" .*", "") + "; on RHEL: dnf install " + redHat + ".";
        }
    }

    /** The program of that name. */
    public Optional<Path> find(String program) {
        return path.stream()
                .map(directory -> directory.resolve(program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** All programs that serve the purpose, best first. */
    public List<Path> find(Tool tool) {
        return Arrays.stream(tool.programs.split(" "))
                .map(this::find)
                .flatMap(Optional::stream)
                .toList();
    }
}
