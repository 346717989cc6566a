package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.oci.HostDevices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices of the host in a container: nodes, permissions, rules. */
class DevicesIT {
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

    private static DeviceOptions devices(List<DeviceOptions.Mapping> mappings, String... rules) {
        return new DeviceOptions(mappings, List.of(rules), List.of());
    }

    @Test
    void a_device_is_there_with_what_may_be_done_with_it() throws IOException {
        var id = lab.started(lab.wish("c")
                .with(devices(List.of(
                        new DeviceOptions.Mapping("/dev/kmsg", "/dev/log-of-kernel", "r"),
                        new DeviceOptions.Mapping("/dev/fuse", "/dev/fuse", "rwm"))))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "stat", "-c", "%F %t:%T", "/dev/log-of-kernel").out())
                .isEqualTo("character special file 1:b\n");
        // Reading may fail with EPERM of the log itself, but not of the cgroup: opening it to write does.
        assertThat(lab.exec(id, "sh", "-c", "echo x > /dev/log-of-kernel").err())
                .contains("Operation not permitted");
        assertThat(lab.exec(id, "sh", "-c", "exec 3<>/dev/fuse && echo open").out())
                .isEqualTo("open\n");
        var plain = lab.started(lab.wish("d").run("sleep", "600"));
        assertThat(lab.exec(plain, "sh", "-c", "mknod /tmp/fuse c 10 229; exec 3<>/tmp/fuse")
                        .err())
                .contains("Operation not permitted");
    }

    @Test
    void a_directory_of_devices_and_a_link_to_one() throws IOException {
        var directoryOfDevices = Files.createDirectories(directory.resolve("devs/sub"));
        try (var made = dev.lockstep.runtime.linux.Directory.open(directoryOfDevices)) {
            made.makeNode(
                    dev.lockstep.runtime.linux.RawPath.of("seven"),
                    dev.lockstep.runtime.linux.FileStatus.Type.BLOCK_DEVICE,
                    new DeviceNumber(7, 0));
        }
        Files.createSymbolicLink(directory.resolve("link"), Path.of("/dev/kmsg"));
        assertThat(HostDevices.at(directory.resolve("devs"), "/dev/all"))
                .extracting(HostDevices.Node::path, HostDevices.Node::number)
                .containsExactly(org.assertj.core.api.Assertions.tuple("/dev/all/sub/seven", new DeviceNumber(7, 0)));
        var id = lab.started(lab.wish("c")
                .with(devices(List.of(
                        new DeviceOptions.Mapping(directory.resolve("devs").toString(), "/dev/all", "rwm"),
                        new DeviceOptions.Mapping(directory.resolve("link").toString(), "/dev/linked", "rwm"))))
                .run("sleep", "600"));
        assertThat(lab.exec(id, "stat", "-c", "%F %t:%T", "/dev/all/sub/seven", "/dev/linked")
                        .out())
                .isEqualTo("block special file 7:0\ncharacter special file 1:b\n");
    }

    @Test
    void a_rule_lets_a_container_make_and_use_a_device_of_its_own() throws IOException {
        var id =
                lab.started(lab.wish("c").with(devices(List.of(), "c 1:11 rwm")).run("sleep", "600"));
        assertThat(lab.exec(id, "sh", "-c", "mknod /tmp/k c 1 11 && exec 3>/tmp/k && echo open")
                        .out())
                .isEqualTo("open\n");
        var without = lab.started(lab.wish("d").run("sleep", "600"));
        assertThat(lab.exec(without, "sh", "-c", "mknod /tmp/k c 1 11 && exec 3>/tmp/k")
                        .err())
                .contains("Operation not permitted");
    }

    @Test
    void what_is_no_device_is_refused_before_anything_is_made() {
        for (var path : List.of("/dev/nothing-here", "/etc/passwd", directory.toString())) {
            assertThatThrownBy(() -> lab.created(lab.wish("c")
                            .with(devices(List.of(new DeviceOptions.Mapping(path, "/dev/x", "rwm"))))
                            .run("true")))
                    .as(path)
                    .hasMessageContaining(path)
                    .isInstanceOf(ContainerException.class);
        }
    }

    private static DeviceOptions cdi(String... names) {
        return new DeviceOptions(List.of(), List.of(), List.of(names));
    }

    @Test
    void a_device_that_its_vendor_describes_brings_all_that_belongs_to_it() throws IOException {
        var cdi = Files.createDirectories(directory.resolve("cdi"));
        Files.writeString(directory.resolve("library"), "of the vendor");
        Files.writeString(cdi.resolve("acme.yaml"), """
                cdiVersion: 0.6.0
                kind: acme.com/card
                containerEdits:
                  env: ["ACME=all"]
                  mounts:
                    - {hostPath: %1$s/library, containerPath: /lib/acme, options: [ro, bind]}
                devices:
                  - name: "0"
                    containerEdits:
                      env: ["ACME_CARD=0"]
                      deviceNodes:
                        - {path: /dev/acme0, hostPath: /dev/kmsg, permissions: r, fileMode: 256}
                      hooks:
                        - {hookName: createRuntime, path: /bin/sh, args: [sh, -c, "echo ran > %1$s/hook"]}
                      additionalGids: [777]
                """.formatted(directory));
        var id = lab.started(lab.wish("c").with(cdi("acme.com/card=0")).run("sleep", "600"));
        assertThat(lab.exec(id, "sh", "-c", "tr '\\0' '\\n' < /proc/1/environ").out())
                .contains("ACME=all\n", "ACME_CARD=0\n");
        assertThat(lab.exec(id, "cat", "/lib/acme").out()).isEqualTo("of the vendor");
        assertThat(lab.exec(id, "stat", "-c", "%F %t:%T %a", "/dev/acme0").out())
                .isEqualTo("character special file 1:b 400\n");
        assertThat(directory.resolve("hook")).hasContent("ran");
        assertThat(Lab.read("/proc/" + lab.pid(id) + "/status")).contains("777");
        assertThatThrownBy(() ->
                        lab.created(lab.wish("d").with(cdi("acme.com/card=7")).run("true")))
                .hasMessageContaining("this host has no device acme.com/card=7. There is acme.com/card=0");
    }

    @Test
    void a_card_that_nothing_describes_says_what_to_install() {
        assertThatThrownBy(() -> lab.created(
                        lab.wish("c").with(cdi("nvidia.com/gpu=all")).run("true")))
                .hasMessageContaining("nothing on this host describes devices of nvidia.com/gpu")
                .hasMessageContaining("nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml");
    }
}
