package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets and configs: in memory, with owner and mode, gone with the last container that wants them. */
class ContentsIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private static final byte[] CANARY = "canary-4711-of-the-test".getBytes(StandardCharsets.UTF_8);

    private Contents contents() {
        return new Contents(lab.root);
    }

    private MountSpec.Content content(String target, String uid, String gid, int mode) throws IOException {
        return new MountSpec.Content("secret s", contents().identity(CANARY), target, uid, gid, mode);
    }

    @Test
    void a_content_is_a_file_with_owner_and_mode_and_nowhere_on_a_disk() throws IOException {
        var id = lab.created(lab.wish("c")
                .mount(content("/run/secrets/s", "0", "0", 0444))
                .mount(content("/own", "nobody", "4321", 0400))
                .run("sleep", "600"));
        contents().put(contents().identity(CANARY), CANARY);
        lab.containers.start(id);
        assertThat(lab.exec(id, "cat", "/run/secrets/s").out()).isEqualTo("canary-4711-of-the-test");
        assertThat(lab.exec(id, "stat", "-c", "%u:%g %a", "/run/secrets/s", "/own")
                        .out())
                .isEqualTo("0:0 444\n65534:4321 400\n");
        assertThat(lab.exec(id, "sh", "-c", "echo x > /run/secrets/s").err()).contains("Read-only file system");
        assertThat(Mounts.isMountPoint(lab.root.run().resolve("contents"))).isTrue();
        assertThat(found(lab.root.state())).isEmpty();
        assertThat(found(lab.root.run().resolve("containers"))).isEmpty();
        // It starts again without anybody who brings it.
        lab.containers.restart(id, java.util.Optional.of(java.time.Duration.ZERO));
        assertThat(lab.exec(id, "cat", "/own").exitCode()).isZero();
        lab.containers.remove(id, true, true);
        assertThat(lab.root.run().resolve("contents")).doesNotExist();
    }

    @Test
    void a_config_may_be_the_program_and_a_secret_is_none() throws IOException {
        var script = "#!/bin/sh\necho ran\n".getBytes(StandardCharsets.UTF_8);
        var identity = contents().identity(script);
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Content("config c", identity, "/entry", "0", "0", 0555))
                .mount(new MountSpec.Content("secret s", identity, "/run/secrets/s", "0", "0", 0555))
                .run("sleep", "600"));
        contents().put(identity, script);
        lab.containers.start(id);
        assertThat(lab.exec(id, "/entry").out()).isEqualTo("ran\n");
        assertThat(lab.exec(id, "sh", "-c", "/run/secrets/s").err()).contains("Permission denied");
        assertThat(lab.exec(id, "sh", "-c", "cut -d' ' -f2,4 /proc/mounts | grep -E '^/(entry|run)'")
                        .out()
                        .lines()
                        .map(line -> line.replaceAll(",relatime.*", "")))
                .containsExactly("/entry ro,nosuid,nodev", "/run/secrets/s ro,nosuid,nodev,noexec");
    }

    /** Whoever upgrades does not restart the host. */
    @Test
    void a_config_may_be_the_program_where_an_earlier_lockstep_mounted_the_place() throws IOException {
        var script = "#!/bin/sh\necho ran\n".getBytes(StandardCharsets.UTF_8);
        var identity = contents().identity(script);
        var id = lab.created(lab.wish("c")
                .mount(new MountSpec.Content("config c", identity, "/entry", "0", "0", 0555))
                .run("sleep", "600"));
        contents().put(identity, script);
        var place = lab.root.run().resolve("contents");
        Mounts.unmount(place);
        Mounts.tmpfs(
                place,
                1 << 20,
                0700,
                List.of(
                        DetachedMount.Attribute.NO_SUID,
                        DetachedMount.Attribute.NO_DEVICES,
                        DetachedMount.Attribute.NO_EXEC));
        contents().put(identity, script);
        lab.containers.start(id);
        assertThat(lab.exec(id, "/entry")).isEqualTo(new Lab.Said(0, "ran\n", ""));
        assertThat(Files.readString(Path.of("/proc/self/mounts"))
                        .lines()
                        .filter(line -> line.contains(" " + place + " "))
                        .toList())
                .singleElement()
                .asString()
                .contains("rw,nosuid,nodev,relatime");
    }

    /** Files that contain it. */
    private static java.util.List<Path> found(Path below) throws IOException {
        try (var files = Files.walk(below)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> {
                        try {
                            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                                    .contains("canary-4711");
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .toList();
        }
    }

    @Test
    void what_is_not_here_any_more_says_how_it_comes_again() throws IOException {
        var id = lab.created(lab.wish("c").mount(content("/s", "0", "0", 0444)).run("true"));
        assertThatThrownBy(() -> lab.containers.start(id))
                .hasMessageContaining("the secret s is not on this host any more")
                .hasMessageContaining("run lockstep apply");
        assertThatThrownBy(() -> {
                    var other = lab.created(lab.wish("d")
                            .mount(content("/s", "nobodys", "0", 0444))
                            .run("true"));
                    contents().put(contents().identity(CANARY), CANARY);
                    lab.containers.start(other);
                })
                .hasMessageContaining("the secret s: there is no user \"nobodys\"");
    }

    @Test
    void the_hash_is_keyed_and_the_same_for_the_same_content_alone() throws IOException {
        var other = contents().identity("other".getBytes(StandardCharsets.UTF_8));
        assertThat(contents().identity(CANARY))
                .isEqualTo(contents().identity(CANARY))
                .isNotEqualTo(other);
        assertThat(Files.getPosixFilePermissions(lab.root.state().resolve("contents.key")))
                .containsExactlyInAnyOrderElementsOf(
                        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> contents().put("../../etc/x", CANARY)).isInstanceOf(IllegalArgumentException.class);
    }
}
