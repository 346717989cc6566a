package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Kernel parameters below {@code /proc/sys}. Those below {@code net} belong to the network namespace of the calling
 * thread.
 */
public final class Sysctls {
    private static final Path ROOT = Path.of("/proc/sys");

    private Sysctls() {}

    /**
     * Reads a parameter without its line end; empty when this kernel has none of that name.
     *
     * @param path with slashes, because names of links may contain dots: {@code net/ipv4/ip_forward}
     */
    public static Optional<String> read(String path) throws IOException {
        // Not Files.readString: it asks for the size, which is 0 here, reads one byte first, and a numeric parameter
        // has nothing more to say at offset 1.
        try (var in = Files.newInputStream(file(path))) {
            var buffer = new byte[4096];
            var n = in.read(buffer);
            return Optional.of(new String(buffer, 0, Math.max(n, 0), StandardCharsets.UTF_8).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Writes a parameter. */
    public static void write(String path, String value) throws IOException {
        Files.writeString(file(path), value);
    }

    private static Path file(String path) {
        var file = ROOT.resolve(path).normalize();
        if (!file.startsWith(ROOT) || path.startsWith("/")) {
            throw new IllegalArgumentException("\"" + path + "\" is no kernel parameter");
        }
        return file;
    }
}
