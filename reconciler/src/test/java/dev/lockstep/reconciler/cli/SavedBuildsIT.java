package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saved plans that build images: of exactly what they were made for, or not at all. */
class SavedBuildsIT {
    @TempDir
    private Path directory;

    private Path shop;
    private String plan = "";
    private Console console = Console.in(Path.of("/"));

    @BeforeEach
    void aStackToBuild() throws IOException {
        var archive = TestImage.busybox("busybox:latest").dockerArchive(directory.resolve("in.tar"));
        assertThat(run("image", "load", "-q", "-i", archive.toString())).isZero();
        shop = Files.createDirectory(directory.resolve("shop"));
        plan = directory.resolve("shop.plan").toString();
        file("page", "page one");
        file("Dockerfile", "FROM busybox\nCOPY page /page\nCMD cat /page\n");
        file("compose.yaml", """
                services:
                  app: {image: 'shop:1', build: ., network_mode: none}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        run("-p", "shop", "down", "-v");
        assertThat(run("container", "ls", "-aq")).isZero();
        assertThat(console.out()).isEmpty();
    }

    private int run(String... words) {
        console = Console.in(shop == null ? directory : shop);
        var all = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString()));
        all.addAll(List.of(words));
        return console.run(all.toArray(String[]::new));
    }

    private void file(String name, String content) throws IOException {
        var file = shop.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private void save(String... more) {
        var all = new ArrayList<>(List.of("plan", "--out", plan));
        all.addAll(List.of(more));
        assertThat(run(all.toArray(String[]::new))).as(console.err()).isZero();
    }

    private void applied() {
        assertThat(run("apply", plan)).as(console.out() + console.err()).isZero();
    }

    private void stale(String why) {
        assertThat(run("apply", plan)).as(console.err()).isEqualTo(ExitCodes.REFUSED);
        assertThat(console.err()).contains("The plan is stale", why, "Nothing was changed. Plan again.");
    }

    private String inTheImage(String path) {
        assertThat(run("container", "run", "--rm", "--network", "none", "shop:1", "cat", path))
                .as(console.err())
                .isZero();
        return console.out();
    }

    private void nothingIsBuilt() {
        assertThat(run("image", "ls", "-q", "shop")).isZero();
        assertThat(console.out()).isEmpty();
    }

    @Test
    void it_builds_what_it_was_made_for_and_is_refused_when_that_has_changed() throws IOException {
        save();
        assertThat(console.out()).contains("+ image shop:1", "digest known after the build");
        nothingIsBuilt();

        file("page", "page two");
        stale("services.app.build.context has changed");
        assertThat(run("apply", "--dry-run", plan)).isEqualTo(ExitCodes.REFUSED);
        file("page", "page one");
        file("Dockerfile", "FROM busybox\nCOPY page /page\nCMD cat /page /page\n");
        stale("services.app.build.dockerfile has changed");
        Files.delete(shop.resolve("Dockerfile"));
        stale("Dockerfile does not exist");
        nothingIsBuilt();

        file("Dockerfile", "FROM busybox\nCOPY page /page\nCMD cat /page\n");
        applied();
        assertThat(inTheImage("/page")).isEqualTo("page one");
        stale("it was applied at ");
    }

    @Test
    void a_build_that_fails_changes_nothing_and_uses_no_plan_up() throws IOException {
        save();
        applied();
        // The step fails as long as something else than its inputs is missing.
        file("Dockerfile", "FROM busybox\nCOPY page /other\nRUN --mount=type=secret,id=key,required true\n");
        save("--build");
        assertThat(console.out()).contains("+ image shop:1  (build: --build asks for it)");
        for (var i = 0; i < 2; i++) {
            assertThat(run("apply", plan)).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("Dockerfile:3");
        }
        assertThat(inTheImage("/page")).isEqualTo("page one");
        file("Dockerfile", "FROM busybox\nCOPY page /other\n");
        save("--build");
        applied();
        assertThat(inTheImage("/other")).isEqualTo("page one");
    }

    @Test
    void what_its_images_begin_with_counts_and_its_own_file_is_none_of_what_is_built() throws IOException {
        assertThat(run("plan", "--out", "shop.plan")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("shop.plan would be one of the files that are built", ".dockerignore");
        assertThat(shop.resolve("shop.plan")).doesNotExist();
        file(".dockerignore", "*.plan\n");
        plan = "shop.plan";
        save();

        file("../other/Dockerfile", "FROM busybox\nLABEL a=b\n");
        assertThat(run("image", "tag", "busybox", "busybox:old")).isZero();
        assertThat(run("build", "-q", "-t", "busybox", "../other")).isZero();
        stale("services.app.build.from busybox has changed");
        assertThat(run("image", "tag", "busybox:old", "busybox")).isZero();
        applied();
        assertThat(inTheImage("/page")).isEqualTo("page one");
    }

    @Test
    void images_are_built_from_each_other_and_nothing_that_is_fetched_then() throws IOException {
        var base = "FROM busybox\nRUN --network=none echo base > /base\n";
        file("base/Dockerfile", base);
        file("compose.yaml", """
                services:
                  base: {image: 'shop-base:1', build: ./base, network_mode: none}
                  app:
                    image: 'shop:1'
                    network_mode: none
                    build: {context: ., additional_contexts: {base: 'service:base'}}
                """);
        file("Dockerfile", "FROM base\nCOPY --from=base /base /copy\nCMD cat /copy\n");
        save();
        file("base/Dockerfile", base.replace("base >", "other >"));
        stale("services.base.build.context has changed");
        file("base/Dockerfile", base);
        applied();
        assertThat(inTheImage("/copy")).isEqualTo("base\n");

        file("compose.yaml", """
                services:
                  app: {image: 'shop:2', build: 'https://git.example/shop.git#main'}
                """);
        assertThat(run("plan", "--out", plan)).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err())
                .contains("the plan was not written to ", "services.app.build.context is fetched when it is built");
    }

    @Test
    void what_is_built_may_be_mounted_by_another_service() throws IOException {
        file("compose.yaml", """
                services:
                  app: {image: 'shop:1', build: ., network_mode: none}
                  web:
                    image: busybox
                    network_mode: none
                    command: cat /www/page
                    volumes: [{type: image, source: 'shop:1', target: /www}]
                """);
        save();
        applied();
        assertThat(inTheImage("/page")).isEqualTo("page one");
        file("page", "page two");
        save("--build");
        applied();
        assertThat(inTheImage("/page")).isEqualTo("page two");
    }
}
