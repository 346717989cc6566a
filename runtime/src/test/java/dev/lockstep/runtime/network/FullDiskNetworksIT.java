package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.lockstep.runtime.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Not one byte is free where records of networks are kept. The run root, as on any host, is elsewhere. */
class FullDiskNetworksIT extends OnPrivateHost {
    private Path disk;

    @Override
    @BeforeEach
    void makeHost() throws IOException {
        disk = Files.createDirectory(directory.resolve("state"));
        Mounts.tmpfs(disk, 1 << 20, 0700, List.of());
        super.makeHost();
    }

    @Override
    @AfterEach
    void nothingIsLeft() throws IOException {
        try {
            Files.deleteIfExists(disk.resolve("rest"));
            super.nothingIsLeft();
        } finally {
            Mounts.unmount(disk);
        }
    }

    /** Or no container on a network could be stopped, and no agent begin. */
    @Test
    void containers_come_and_go_all_the_same_and_their_addresses_last_when_there_is_room_again() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        networks.settle();
        var record =
                disk.resolve("networks/" + networks.find("front").orElseThrow().id() + "/record.json");
        assertThat(record).content().contains("\"web\"");
        fill();

        var app = attach("c2", "app", "front");
        networks.detach("c1");
        try (var another = host.networks()) {
            assertThat(another.find("front").orElseThrow().leases()).hasSize(2);
            assertThat(another.cleanUp(_ -> true)).isZero();
        }
        assertThatCode(() -> host.networks().close()).doesNotThrowAnyException();
        assertThat(record).content().doesNotContain(address(app));

        Files.delete(disk.resolve("rest"));
        networks.settle();
        assertThat(record).content().contains(address(app), "\"web\"");
    }

    private void fill() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("rest"))) {
            var piece = new byte[4096];
            while (true) {
                out.write(piece);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }
}
