package dev.lockstep.runtime.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** nginx as owners of registries put it in front of them: TLS, and HTTP/2 for whoever wants it. */
public final class NginxFront implements AutoCloseable {
    private final Path directory;
    private final Process process;
    private final int port;

    private NginxFront(Path directory, Process process, int port) {
        this.directory = directory;
        this.process = process;
        this.port = port;
    }

    /** Starts it for 127.0.0.1, and waits until it listens. */
    public static NginxFront start(Path parent, TestAuthority authority, String upstream)
            throws IOException, InterruptedException {
        return start(parent, authority, "IP:127.0.0.1", upstream);
    }

    /**
     * The same with another name in its certificate.
     *
     * @param name {@code IP:…} or {@code DNS:…}
     */
    public static NginxFront start(Path parent, TestAuthority authority, String name, String upstream)
            throws IOException, InterruptedException {
        var directory = Files.createDirectories(parent.resolve("nginx"));
        var issued = authority.issue("front", "subjectAltName=" + name, "-newkey ec -pkeyopt ec_paramgen_curve:P-256");
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        var config = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid %1$s/pid;
                error_log %1$s/error.log warn;
                events {}
                http {
                  log_format test '$server_protocol $request_method $uri $status';
                  access_log %1$s/access.log test;
                  client_body_temp_path %1$s/body;
                  proxy_temp_path %1$s/proxy;
                  fastcgi_temp_path %1$s/fastcgi;
                  uwsgi_temp_path %1$s/uwsgi;
                  scgi_temp_path %1$s/scgi;
                  client_max_body_size 0;
                  server {
                    listen 127.0.0.1:%2$d ssl;
                    http2 on;
                    ssl_certificate %3$s;
                    ssl_certificate_key %4$s;
                    location / {
                      proxy_pass http://%5$s;
                      proxy_http_version 1.1;
                      proxy_set_header Host $http_host;
                      proxy_set_header X-Forwarded-Proto https;
                      proxy_buffering off;
                      proxy_request_buffering off;
                      proxy_read_timeout 600s;
                    }
                  }
                }
                """.formatted(
                        directory, port, issued.certificate(), issued.key(), upstream));
        var process = new ProcessBuilder("/usr/sbin/nginx", "-c", config.toString(), "-e", directory + "/error.log")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        var front = new NginxFront(directory, process, port);
        try {
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> listens(port));
        } catch (RuntimeException e) {
            front.close();
            throw e;
        }
        return front;
    }

    private static boolean listens(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    public int port() {
        return port;
    }

    /** {@code 127.0.0.1:PORT}. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** What was answered, one a line: protocol, method, path, status. */
    public String answered() throws IOException {
        return Files.readString(directory.resolve("access.log"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
