package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A revision fills the disk on which records are kept, too. The run root, as on any host, is elsewhere. */
class FullDiskWayBackIT {
    private static final String MONITOR = "deploy: {update_config: {monitor: 2s}}";

    @TempDir
    Path directory;

    private Path disk;
    private FollowedStack shop;
    private Reconciliation agent;

    @BeforeEach
    void open() throws IOException {
        disk = Files.createDirectory(directory.resolve("disk"));
        Mounts.tmpfs(disk, 48 << 20, 0700, List.of());
        Files.createSymbolicLink(directory.resolve("state"), Files.createDirectory(disk.resolve("state")));
        shop = new FollowedStack(directory);
        shop.engine().images().tag(shop.image("app"), ImageReference.parse("app:1"));
        agent = shop.reconciliation(WantedBuilds.NONE);
    }

    @AfterEach
    void close() throws IOException {
        try {
            shop.close();
        } finally {
            Mounts.unmount(disk);
        }
    }

    private CommitSource runs(String subject, String program) throws IOException {
        return shop.commit(subject, FollowedStack.app(program, MONITOR), StackBuilds.NONE);
    }

    private Outcome run(CommitSource wanted) throws IOException, InterruptedException {
        return FollowedStack.run(agent, wanted);
    }

    private void isBackAtTheFirst(CommitSource left) throws IOException, InterruptedException {
        assertThat(shop.container().isRunning()).isTrue();
        assertThat(shop.container().record().spec().command().orElseThrow()).endsWith("sleep 1001");
        assertThat(shop.status().outcome()).hasValue(Outcome.ROLLED_BACK);
        var before = shop.said().size();
        assertThat(run(left)).as("it is not tried again").isEqualTo(Outcome.ROLLED_BACK);
        assertThat(shop.said()).hasSize(before);
    }

    @Test
    void one_that_ends_when_nothing_is_free_is_left() throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        var fills = runs("Fills", "cat /dev/zero > /large; exit 3");

        assertThat(run(fills)).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(shop.said()).anyMatch(line -> line.contains("the disk is full, and what is not well is removed"));
        isBackAtTheFirst(fills);
    }

    @Test
    void one_that_has_filled_a_volume_is_left_when_a_person_has_made_room() throws Exception {
        var volumes = "volumes: {data: {}}\n";
        var mount = "volumes: [data:/data]";
        var first = FollowedStack.app("sleep 1001", MONITOR, mount) + volumes;
        assertThat(run(shop.commit("First", first, StackBuilds.NONE))).isEqualTo(Outcome.CONVERGED);
        var program = "cat /dev/zero > /data/large; exit 3";
        var fills = shop.commit("Fills", FollowedStack.app(program, MONITOR, mount) + volumes, StackBuilds.NONE);
        var large = shop.engine().volumes().path("shop_data").resolve("large");

        // There may be just room enough for the way back: the records of what was not well are gone.
        var outcome = Optional.<Outcome>empty();
        var told = "";
        try {
            outcome = Optional.of(run(fills));
        } catch (IOException e) {
            told = String.valueOf(e.getMessage());
        }
        if (!outcome.equals(Optional.of(Outcome.ROLLED_BACK))) {
            assertThat(told + shop.said())
                    .contains(
                            "the disk is full also without what is not well: volume shop_data holds ",
                            "what is in volumes is never removed by itself");
        }
        assertThat(large).exists();

        Files.delete(large);
        Files.createDirectory(large); // it cannot be filled once more
        assertThat(run(fills)).isEqualTo(Outcome.ROLLED_BACK);
        isBackAtTheFirst(fills);
    }

    @Test
    void one_that_leaves_no_room_for_the_rest_of_itself_is_left() throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        var check = "healthcheck: {test: [CMD, test, -e, /full], interval: 100ms}";
        var file = FollowedStack.app("cat /dev/zero > /large; touch /full; sleep 1002", MONITOR, check) + """
                  late:
                    image: app:1
                    command: sleep 1003
                    init: true
                    network_mode: none
                    depends_on: {app: {condition: service_healthy}}
                """;
        var fills = shop.commit("Fills", file, StackBuilds.NONE);

        assertThat(run(fills)).isEqualTo(Outcome.ROLLED_BACK);

        isBackAtTheFirst(fills);
    }
}
