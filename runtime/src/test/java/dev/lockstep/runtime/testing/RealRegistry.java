package dev.lockstep.runtime.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * The distribution project's registry (Debian package {@code docker-registry}) on a port of the loopback, with its
 * files in a directory of the test. Images are pushed with {@code skopeo}.
 */
public final class RealRegistry implements AutoCloseable {
    private final Path directory;
    private final Process process;
    private final int port;

    private RealRegistry(Path directory, Process process, int port) {
        this.directory = directory;
        this.process = process;
        this.port = port;
    }

    /** Starts it and waits until it answers. */
    public static RealRegistry start(Path directory) throws IOException {
        return start(directory, "", "");
    }

    /**
     * The same with more settings.
     *
     * @param http lines of its section {@code http}, such as {@code tls: {…}}
     * @param sections whole sections, such as {@code auth: {…}}
     */
    public static RealRegistry start(Path directory, String http, String sections) throws IOException {
        Files.createDirectories(directory);
        int free;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            free = socket.getLocalPort();
        }
        var port = free;
        var config = Files.writeString(
                directory.resolve("config.yml"), """
                version: 0.1
                log: {level: error, accesslog: {disabled: true}}
                storage:
                  filesystem: {rootdirectory: '%s'}
                  delete: {enabled: true}
                http:
                  addr: '127.0.0.1:%d'
                  secret: test
                  %s
                %s
                """.formatted(directory.resolve("data"), port, http, sections));
        var process = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        var registry = new RealRegistry(directory, process, port);
        try {
            // By TCP alone: whether it wants TLS or an account is the test's affair.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> {
                        try (var socket = new Socket()) {
                            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
                            return true;
                        }
                    });
        } catch (RuntimeException e) {
            registry.close();
            throw e;
        }
        return registry;
    }

    /** {@code 127.0.0.1:PORT}. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** Pushes an image as {@code repository:tag}; returns its reference. */
    public String push(TestImage image, String repositoryAndTag) throws IOException, InterruptedException {
        return push(image, repositoryAndTag, List.of());
    }

    /** The same with more options of {@code skopeo copy}. */
    public String push(TestImage image, String repositoryAndTag, List<String> options)
            throws IOException, InterruptedException {
        var reference = host() + "/" + repositoryAndTag;
        var archive = Files.createTempFile(directory, "push", ".tar");
        image.ociArchive(archive);
        var command =
                new ArrayList<>(List.of("skopeo", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false"));
        command.addAll(options);
        command.addAll(List.of("oci-archive:" + archive, "docker://" + reference));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        Files.delete(archive);
        if (process.waitFor() != 0) {
            throw new IOException("skopeo: " + said);
        }
        return reference;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
