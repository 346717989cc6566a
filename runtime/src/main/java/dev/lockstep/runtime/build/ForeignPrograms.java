package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether a host starts programs of other platforms: by a handler that the kernel has opened when it was registered, so
 * that it is there in every container (flag F of binfmt_misc).
 *
 * @param host what runs without one
 * @param handlers where the kernel lists them
 */
record ForeignPrograms(Platform host, Path handlers) {
    private static final Path KERNEL = Path.of("/proc/sys/fs/binfmt_misc");

    static ForeignPrograms ofThisHost(Platform host) {
        return new ForeignPrograms(host, KERNEL);
    }

    /**
     * Makes sure that they start.
     *
     * @throws BuildException when they do not, with what to do
     */
    void check(Platform platform) throws BuildException {
        if (!host.runs(platform) && !isHandled(platform.architecture())) {
            throw new BuildException("programs for " + platform + " do not run on this host, which is " + host
                    + ": install a handler for them (qemu-user-static, or a newer qemu-user), or do this step in a stage"
                    + " FROM --platform=$BUILDPLATFORM and copy what it makes");
        }
    }

    private boolean isHandled(String architecture) {
        var handler = handlers.resolve("qemu-" + machine(architecture));
        try {
            var lines = Files.readAllLines(handler);
            return lines.contains("enabled")
                    && lines.stream().anyMatch(line -> line.startsWith("flags:") && line.contains("F"));
        } catch (IOException e) {
            return false; // none, or nobody may know
        }
    }

    /** The kernel's name of what Go calls so. */
    private static String machine(String architecture) {
        return switch (architecture) {
            case "amd64" -> "x86_64";
            case "386" -> "i386";
            case "arm64" -> "aarch64";
            case "loong64" -> "loongarch64";
            case "mips64le" -> "mips64el";
            default -> architecture;
        };
    }
}
