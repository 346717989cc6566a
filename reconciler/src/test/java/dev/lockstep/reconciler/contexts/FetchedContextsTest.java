package dev.lockstep.reconciler.contexts;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.reconciler.git.CredentialSource;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FetchedContextsTest {
    @Test
    void each_archive_of_a_build_has_a_directory_of_its_own(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody()
                        .write(new TarBuilder()
                                .file(exchange.getRequestURI().getPath().substring(1), "")
                                .build());
            }
        });
        server.start();
        try (var fetched = FetchedContexts.below(root, CredentialSource.none())) {
            var address = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
            var one = fetched.web((ContextAddress.Web) ContextAddress.parse(address + "one"));
            var two = fetched.web((ContextAddress.Web) ContextAddress.parse(address + "two"));
            assertThat(names(one)).containsExactly("one");
            assertThat(names(two)).containsExactly("two");
        } finally {
            server.stop(0);
        }
    }

    private static List<String> names(FetchedContexts.Fetched fetched) throws IOException {
        return switch (fetched) {
            case FetchedContexts.Fetched.Files files -> {
                try (var tree = files.opener().open()) {
                    yield tree.names().stream().map(RawPath::toString).toList();
                }
            }
            case FetchedContexts.Fetched.Text _ -> throw new AssertionError("no archive");
        };
    }
}
