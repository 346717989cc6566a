package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code plan} and {@code apply} of files with {@code build} sections: what is missing is built before anything stops.
 */
class ApplyBuildsIT {
    @TempDir
    Path directory;

    private Host host;
    private Path shop;

    @BeforeEach
    void aHostAndAStack() throws IOException {
        host = new Host(directory);
        shop = Files.createDirectory(directory.resolve("shop"));
        write("page one", "");
        compose("1.0");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private void write(String page, String more) throws IOException {
        Files.writeString(shop.resolve("page"), page);
        Files.writeString(shop.resolve("Dockerfile"), "FROM web:1\nCOPY page /page\nCMD sleep 1000\n" + more);
    }

    private void compose(String version) throws IOException {
        Files.writeString(shop.resolve("compose.yaml"), """
                services:
                  app: {image: 'shop:%s', build: ., init: true}
                  other: {image: 'web:1', command: sleep 1000, init: true}
                """.formatted(version));
    }

    private Host.Said lockstep(String... words) throws IOException {
        return host.lockstepIn(shop, words);
    }

    private String page() throws IOException {
        return lockstep("exec", "-T", "app", "cat", "/page").out();
    }

    @Test
    void what_is_missing_is_planned_built_and_run_and_what_is_here_is_built_when_asked() throws IOException {
        var plan = lockstep("plan", "--detailed-exitcode");
        assertThat(plan.out())
                .contains(
                        "+ image shop:1.0  (build: it is not on this host)",
                        "+ container shop-app-1  (shop:1.0, digest known after the build)",
                        "1 image to build");
        assertThat(plan.code()).isEqualTo(2);
        assertThat(host.lockstep("image", "ls").out()).doesNotContain("shop");

        var file = directory.resolve("shop.plan").toString();
        assertThat(lockstep("plan", "--out", file).code()).isZero();
        assertThat(host.lockstep("image", "ls").out()).doesNotContain("shop");

        assertThat(lockstep("apply", "-y", "--no-build").all()).contains("it is not on this host");
        assertThat(host.pids()).isEmpty();

        var applied = host.lockstep("apply", file);
        assertThat(applied.code()).as(applied.all()).isZero();
        assertThat(applied.out()).contains("+ container shop-app-1  (shop:1.0, sha256:");
        assertThat(page()).isEqualTo("page one");
        var before = host.pids();

        // As with up: files that have changed are no reason to build; --build is one.
        write("page two", "");
        assertThat(lockstep("plan").out()).contains("No changes.");
        assertThat(lockstep("apply", "-y").code()).isZero();
        assertThat(host.pids()).isEqualTo(before);
        assertThat(lockstep("plan", "--build").out())
                .contains("+ image shop:1.0  (build: --build asks for it)", "-/+ container shop-app-1");
        assertThat(lockstep("apply", "-y", "--build").code()).isZero();
        assertThat(page()).isEqualTo("page two");
        assertThat(host.pids().get("shop-other-1")).isEqualTo(before.get("shop-other-1"));
    }

    @Test
    void what_does_not_build_stops_nothing() throws IOException {
        assertThat(lockstep("apply", "-y").code()).isZero();
        var before = host.pids();

        write("page two", "RUN false\n");
        compose("1.1");
        var applied = lockstep("apply", "-y");

        assertThat(applied.code()).isEqualTo(1);
        assertThat(applied.err()).contains("Dockerfile:4");
        assertThat(host.pids()).isEqualTo(before);
        assertThat(page()).isEqualTo("page one");
    }

    @Test
    void a_dry_run_says_what_would_be_built_and_builds_nothing() throws IOException {
        for (var command : new String[] {"apply", "up"}) {
            var said = lockstep(command, "--dry-run");
            assertThat(said.code()).as(said.all()).isZero();
            assertThat(said.all()).contains("shop:1.0");
        }
        assertThat(host.lockstep("image", "ls").out()).doesNotContain("shop");
        assertThat(host.pids()).isEmpty();
    }
}
