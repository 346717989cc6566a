package dev.lockstep.runtime.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an empty volume begins with, whoever has it mounted and whoever is killed. */
class FirstContentIT {
    @TempDir
    Path directory;

    private Root root;
    private Volumes volumes;
    private Path data;

    @BeforeEach
    void anEmptyVolume() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        volumes = new Volumes(root, Clock.systemUTC());
        volumes.create(new VolumeSpec("data", new Owner("h", "shop", Optional.empty()), Map.of()));
        data = volumes.path("data");
    }

    private static void write(Path target) throws IOException {
        Files.writeString(Files.createDirectory(target.resolve("sub")).resolve("file"), "sub");
        Files.writeString(target.resolve("file"), "image");
        Files.setAttribute(target, "unix:uid", 33);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxrwx---"));
    }

    private boolean populated() throws IOException {
        return volumes.find("data").orElseThrow().populated();
    }

    @Test
    void it_comes_into_the_directory_that_somebody_may_have_mounted() throws IOException {
        var before = Files.getAttribute(data, "unix:ino");

        volumes.populate("data", FirstContentIT::write);

        assertThat(Files.getAttribute(data, "unix:ino")).isEqualTo(before);
        assertThat(Files.getAttribute(data, "unix:uid")).isEqualTo(33);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwxrwx---");
        assertThat(data.resolve("file")).hasContent("image");
        assertThat(data.resolve("sub/file")).hasContent("sub");
        assertThat(data.resolveSibling("arriving")).doesNotExist();
        assertThat(populated()).isTrue();
    }

    @Test
    void what_somebody_writes_there_meanwhile_is_his() throws IOException {
        volumes.populate("data", target -> {
            write(target);
            Files.writeString(data.resolve("file"), "his");
        });
        assertThat(data.resolve("file")).hasContent("his");
        assertThat(data.resolve("sub/file")).hasContent("sub");
    }

    @Test
    void what_was_whole_when_its_maker_was_killed_is_moved_in_by_who_comes_next() throws IOException {
        for (var next : new Volumes.Check[] {
            () -> volumes.cleanUp(),
            () -> volumes.populate("data", target -> {
                throw new IOException("nobody needs it again");
            })
        }) {
            anEmptyVolume();
            var arriving = Files.createDirectory(data.resolveSibling("arriving"));
            write(arriving);
            Files.move(arriving.resolve("file"), data.resolve("file"));

            next.run();

            assertThat(data.resolve("file")).hasContent("image");
            assertThat(data.resolve("sub/file")).hasContent("sub");
            assertThat(arriving).doesNotExist();
            assertThat(populated()).isTrue();
            volumes.remove("data");
        }
    }

    @Test
    void what_was_half_made_is_made_anew() throws IOException {
        assertThatThrownBy(() -> volumes.populate("data", target -> {
                    Files.writeString(target.resolve("half"), "");
                    throw new IOException("killed");
                }))
                .hasMessage("killed");
        assertThat(data).isEmptyDirectory();
        assertThat(populated()).isFalse();

        volumes.populate("data", FirstContentIT::write);

        assertThat(data.resolve("half")).doesNotExist();
        assertThat(data.resolve("file")).hasContent("image");
    }

    /** As with root_squash, or where the file system knows no owners. */
    @Test
    void what_could_not_be_made_in_what_is_mounted_is_taken_away_again_and_what_others_wrote_there_stays()
            throws IOException {
        var host = mountShared();
        try {
            assertThatThrownBy(() -> volumes.populate("shared", target -> {
                        write(target);
                        throw new IOException("no owner can be set");
                    }))
                    .hasMessage("no owner can be set");
            assertThat(host).isEmptyDirectory();
            assertThat(volumes.find("shared").orElseThrow().populated()).isFalse();

            volumes.populate("shared", target -> {
                write(target);
                Files.writeString(host.resolve("file"), "another host's");
            });
            assertThat(host.resolve("file")).hasContent("another host's");
            assertThat(host.resolve("sub/file")).hasContent("sub");
            assertThat(host.toFile().list()).containsExactlyInAnyOrder("file", "sub");
            assertThat(Files.getAttribute(host, "unix:uid")).isEqualTo(33);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(host)))
                    .isEqualTo("rwxrwx---");
            assertThat(volumes.find("shared").orElseThrow().populated()).isTrue();
        } finally {
            volumes.release("a container");
        }
    }

    private Path mountShared() throws IOException {
        var host = Files.createDirectory(directory.resolve("host"));
        volumes.create(new VolumeSpec(
                "shared",
                new Owner("h", "shop", Optional.empty()),
                Map.of(),
                Map.of("type", "none", "o", "bind", "device", host.toString())));
        volumes.mount("shared", "a container");
        return host;
    }

    @Test
    void of_what_is_mounted_the_next_one_finishes_what_a_killed_one_began_and_leaves_others_theirs()
            throws IOException {
        var host = mountShared();
        try {
            var ours = ".lockstep-first-" + root.id();
            Files.writeString(
                    Files.createDirectory(host.resolve(ours + "-filling")).resolve("half"), "");
            var others = Files.createDirectory(host.resolve(".lockstep-first-another-filling"));

            volumes.populate("shared", target -> {});

            assertThat(host.toFile().list())
                    .containsExactly(others.getFileName().toString());
            assertThat(volumes.find("shared").orElseThrow().populated()).isFalse();

            write(Files.createDirectory(host.resolve(ours + "-arriving")));
            volumes.populate("shared", target -> {
                throw new IOException("nobody needs it again");
            });

            assertThat(host.resolve("file")).hasContent("image");
            assertThat(host.toFile().list())
                    .containsExactlyInAnyOrder(
                            "file", "sub", others.getFileName().toString());
            assertThat(Files.getAttribute(host, "unix:uid")).isEqualTo(33);
            assertThat(volumes.find("shared").orElseThrow().populated()).isTrue();
        } finally {
            volumes.release("a container");
        }
    }

    /** A container of the host that has it mounted may be anybody's. */
    @Test
    void who_has_it_mounted_cannot_send_it_elsewhere() throws IOException {
        var host = mountShared();
        var elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        var filling = host.resolve(".lockstep-first-" + root.id() + "-filling");
        try {
            assertThatThrownBy(() -> volumes.populate("shared", target -> {
                        Files.move(filling, host.resolve("moved"));
                        Files.createSymbolicLink(filling, elsewhere);
                        write(target);
                    }))
                    .isInstanceOf(IOException.class);
            assertThat(elsewhere).isEmptyDirectory();

            Volumes.deleteTree(host.resolve("moved"));
            Files.createSymbolicLink(filling, elsewhere);
            volumes.populate("shared", FirstContentIT::write);

            assertThat(elsewhere).isEmptyDirectory();
            assertThat(host.toFile().list()).containsExactlyInAnyOrder("file", "sub");
        } finally {
            volumes.release("a container");
        }
    }

    @Test
    void it_does_not_come_into_what_took_its_place() throws IOException {
        write(Files.createDirectory(data.resolveSibling("arriving")));

        volumes.replace("data", () -> {}, target -> Files.writeString(target.resolve("other"), ""));
        volumes.cleanUp();

        assertThat(data.toFile().list()).containsExactly("other");
    }
}
