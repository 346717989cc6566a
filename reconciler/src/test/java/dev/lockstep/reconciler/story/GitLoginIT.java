package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.git.GitHttpServer;
import dev.lockstep.reconciler.git.TestRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A repository that is not for everybody. */
class GitLoginIT {
    @TempDir
    Path directory;

    private Host host;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    @Test
    void an_agent_logs_in_with_the_password_of_a_file_and_shows_it_nowhere() throws IOException {
        var settings = directory.resolve("agent.yaml");
        var password = directory.resolve("password");
        try (var repository = TestRepository.create(directory.resolve("shop.git"));
                var server = GitHttpServer.start(repository.repository())) {
            repository.put("compose.yaml", "services: {}\n").commit("one");
            server.require("deploy:canary-4711");
            Files.writeString(password, "canary-4711\n");
            Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-r--r--"));
            Files.writeString(settings, """
                    repositories:
                      - url: %s
                        username: deploy
                        password-file: %s
                    """.formatted(server.url(), password));

            var open = host.lockstepIn(directory, "agent", "--once", "--config", settings.toString());
            assertThat(open.code()).as(open.all()).isEqualTo(1);
            assertThat(open.all())
                    .contains("and they cannot be read: " + password + " is open to others than root")
                    .doesNotContain("canary");

            Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
            var once = host.lockstepIn(directory, "agent", "--once", "--config", settings.toString());
            assertThat(once.code()).as(once.all()).isZero();
            server.require("deploy:rotated");
            var refused = host.lockstepIn(directory, "agent", "--once", "--config", settings.toString());
            assertThat(refused.all()).contains("refused the credentials").doesNotContain("canary");
            var status = host.lockstepIn(directory, "status", "-o", "json");
            assertThat(status.all()).contains("refused the credentials").doesNotContain("canary");
            try (var files = Files.walk(host.root())) {
                for (var file : files.filter(Files::isRegularFile).toList()) {
                    assertThat(Files.readAllBytes(file)).asString().doesNotContain("canary");
                }
            }
        }
    }
}
