package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.ProjectQuota;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Projects;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How much a container may write. A kernel without quotas can only refuse; with them, as in {@code .ci/vm suite}, file
 * systems that have them are made and mounted.
 */
class StorageLimitsIT {
    private static final long MIB = 1 << 20;

    /** File systems with quotas of projects, and how they are made and mounted. */
    enum Kind {
        EXT4("mkfs.ext4 -q -O project,quota -E quotatype=prjquota", "prjquota"),
        XFS("mkfs.xfs -q", "pquota");

        private final String make;
        private final String option;

        Kind(String make, String option) {
            this.make = make;
            this.option = option;
        }

        /** Mounts a new one there; where the kernel or a program for it is missing, the test does not run. */
        void mount(Path file, Path place) throws IOException, InterruptedException {
            try (var channel = Files.newByteChannel(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                channel.position(320 * MIB - 1).write(ByteBuffer.allocate(1));
            }
            var command = new ArrayList<>(List.of(make.split(" ", -1)));
            command.add(file.toString());
            assumeTrue(
                    Stream.of("/sbin", "/usr/sbin")
                            .anyMatch(bin -> Files.isExecutable(Path.of(bin, command.getFirst()))),
                    "there is no " + command.getFirst());
            assertThat(run(command)).isEmpty();
            Files.createDirectories(place);
            var said = run(List.of("mount", "-o", "loop," + option, file.toString(), place.toString()));
            assumeTrue(said.isEmpty(), "this kernel has no quotas of " + this + ": " + said);
        }
    }

    @TempDir
    private Path directory;

    @AfterEach
    void unmount() throws IOException {
        Mounts.unmount(directory.resolve("limited"));
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("PATH", "/usr/sbin:/sbin", (a, b) -> a + ":" + b);
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? "" : "exit " + process.exitValue() + " " + said;
    }

    private static Wish limited(Lab lab, String name, long bytes) {
        return lab.wish(name).with(new StorageOptions(Optional.empty(), List.of(), Optional.of(bytes)));
    }

    private static Path upper(Lab lab, String id) {
        return new ContainerFiles(lab.root, id).upper();
    }

    private static StorageUse use(Lab lab, String id) throws IOException {
        return lab.containers.observe(id).orElseThrow().storage().orElseThrow();
    }

    @Test
    void where_no_limit_would_hold_it_is_refused_with_what_to_do() throws IOException {
        try (var lab = new Lab(directory)) {
            assumeTrue(!ProjectQuota.isEnforced(directory), "this directory has quotas");
            assertThatThrownBy(() -> lab.created(limited(lab, "wide", MIB)))
                    .hasMessageStartingWith(
                            "container wide: what a container writes is limited by project quotas, and those of "
                                    + lab.root.state())
                    .hasMessageContaining("are not on. ");
            assertThat(lab.containers.observe()).isEmpty();
            // What is not there yet is judged by what it will be made in.
            assertThat(StorageLimits.missing(directory.resolve("a/b"))).isPresent();
        }
    }

    @Test
    void each_file_system_has_its_own_way() {
        assertThat(Projects.remedy("xfs", "/dev/a")).contains("pquota", "rootflags=pquota");
        assertThat(Projects.remedy("ext4", "/dev/a")).contains("tune2fs -O project,quota -Q prjquota /dev/a");
        assertThat(Projects.remedy("btrfs", "/dev/a")).startsWith("Keep the root of Lockstep on xfs mounted");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_container_writes_as_much_as_it_may_and_others_are_not_concerned(Kind kind)
            throws IOException, InterruptedException {
        kind.mount(directory.resolve("disk"), directory.resolve("limited"));
        try (var lab = new Lab(directory.resolve("limited"))) {
            var small = lab.started(limited(lab, "small", 4 * MIB).run("sleep", "600"));
            var large = lab.started(limited(lab, "large", 64 * MIB).run("sleep", "600"));
            var free = lab.started(lab.wish("free").run("sleep", "600"));
            var fill = List.of("sh", "-c", "dd if=/dev/zero of=/big bs=64k count=128; ls -s /big");

            var refused = lab.exec(small, fill.toArray(new String[0]));
            assertThat(refused.err()).containsAnyOf("Disk quota exceeded", "No space left on device");
            assertThat(use(lab, small).limit()).isEqualTo(4 * MIB);
            assertThat(use(lab, small).used()).isBetween(3 * MIB, 4 * MIB);
            assertThat(lab.exec(large, fill.toArray(new String[0])).err()).doesNotContain("exceeded", "No space");
            assertThat(lab.exec(free, fill.toArray(new String[0])).err()).doesNotContain("exceeded", "No space");
            assertThat(use(lab, large).used()).isGreaterThanOrEqualTo(8 * MIB);
            assertThat(lab.containers.observe(free).orElseThrow().storage()).isEmpty();

            // Copies of the image's files, and renamed directories, pass from overlayfs's work directory to the upper
            // one.
            assertThat(lab.exec(large, "sh", "-c", "echo x >> /etc/passwd && mkdir /a && mv /a /b && rm /etc/group")
                            .exitCode())
                    .isZero();

            // Another limit holds at once, for the same process; one that somebody took away is to be seen.
            var pid = lab.pid(small);
            lab.containers.update(
                    small, limited(lab, "small", 16 * MIB).run("sleep", "600").spec());
            assertThat(lab.exec(small, fill.toArray(new String[0])).err()).doesNotContain("exceeded", "No space");
            assertThat(lab.pid(small)).isEqualTo(pid);
            assertThatThrownBy(() -> lab.containers.update(
                            small, lab.wish("small").run("sleep", "600").spec()))
                    .hasMessageContaining("must be replaced to change storage_opt");
            ProjectQuota.limit(upper(lab, small), ProjectQuota.project(upper(lab, small)), 0);
            assertThat(use(lab, small).limit()).isZero();

            // It stays over a stop, and its number is nobody's when it is gone.
            lab.containers.stop(large, Optional.of(Duration.ZERO));
            assertThat(use(lab, large).limit()).isEqualTo(64 * MIB);
            // Overlayfs's work directory deleted by hand: the new one is of the same project.
            var files = new ContainerFiles(lab.root, large);
            Teardown.removeTree(files.work());
            lab.containers.start(large);
            assertThat(ProjectQuota.project(files.work())).isEqualTo(ProjectQuota.project(files.upper()));
            assertThat(lab.exec(large, "sh", "-c", "echo x >> /etc/group && echo x >> /etc/shadow")
                            .err())
                    .isEmpty();
            assertThat(use(lab, large).used()).isGreaterThanOrEqualTo(8 * MIB);
            var numbers = List.of(ProjectQuota.project(upper(lab, small)), ProjectQuota.project(upper(lab, large)));
            assertThat(numbers).doesNotHaveDuplicates().doesNotContain(0);
            for (var id : List.of(small, large)) {
                lab.containers.remove(id, true, true);
            }
            for (var number : numbers) {
                awaitNobodys(lab, number);
            }
        }
    }

    /** XFS counts what is removed for a moment longer. */
    private static void awaitNobodys(Lab lab, int number) {
        await().untilAsserted(() -> assertThat(
                        ProjectQuota.use(lab.root.state(), number).orElseThrow().isNobodys())
                .isTrue());
    }

    /** The option {@code size} of a volume, through its whole life: filling, using, replacing, a kill, removing. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_volume_holds_as_much_as_it_may(Kind kind) throws IOException, InterruptedException {
        kind.mount(directory.resolve("disk"), directory.resolve("limited"));
        var owner = new Owner("test-host", "test", Optional.empty());
        try (var lab = new Lab(directory.resolve("limited"))) {
            lab.volumes.create(new VolumeSpec("small", owner, Map.of(), Map.of("size", "4m")));
            lab.volumes.create(new VolumeSpec("large", owner, Map.of(), Map.of("size", "64 MiB")));
            var data = lab.volumes.path("small");
            var first = ProjectQuota.project(data);
            assertThat(first).isNotZero().isNotEqualTo(ProjectQuota.project(lab.volumes.path("large")));
            var container = lab.started(lab.wish("user")
                    .mount(new MountSpec.Volume("small", "/etc", false, false))
                    .mount(new MountSpec.Volume("large", "/large", false, false))
                    .run("sleep", "600"));
            // The image's files came into it, and count against its limit.
            assertThat(data.resolve("passwd")).exists();
            var number = ProjectQuota.project(data);
            assertThat(number).isEqualTo(first);

            var fill = "dd if=/dev/zero of=%s/big bs=64k count=128";
            assertThat(lab.exec(container, "sh", "-c", fill.formatted("/etc")).err())
                    .containsAnyOf("Disk quota exceeded", "No space left on device");
            assertThat(lab.exec(container, "sh", "-c", fill.formatted("/large")).err())
                    .doesNotContain("exceeded", "No space");
            assertThat(ProjectQuota.use(data, number).orElseThrow())
                    .returns(4 * MIB, ProjectQuota.Use::limit)
                    .satisfies(use -> assertThat(use.used()).isBetween(3 * MIB, 4 * MIB));

            // A limit that somebody took away is set again with the next start, as docker does.
            ProjectQuota.limit(data, number, 0);
            lab.containers.stop(container, Optional.of(Duration.ZERO));
            lab.containers.start(container);
            assertThat(ProjectQuota.use(data, number).orElseThrow().limit()).isEqualTo(4 * MIB);
            lab.containers.remove(container, true, false);

            // Other content has a limit of its own, so that it need not share the room of the old one.
            lab.volumes.replace("small", () -> {}, to -> Files.write(to.resolve("new"), new byte[(int) (3 * MIB)]));
            var next = ProjectQuota.project(data);
            assertThat(next).isNotZero().isNotEqualTo(number);
            if (kind == Kind.XFS) { // ext4 lets the host's root write on (CAP_SYS_RESOURCE), which a container has not
                assertThatThrownBy(() -> lab.volumes.replace(
                                "small", () -> {}, to -> Files.write(to.resolve("new"), new byte[(int) (8 * MIB)])))
                        .isInstanceOf(IOException.class);
            }
            assertThat(data.resolve("new")).hasSize(3 * MIB);
            // As one that was killed leaves it.
            var half = data.resolveSibling("filling.tmp");
            Files.createDirectories(half.resolve("something"));
            lab.volumes.cleanUp();
            assertThat(half).doesNotExist();

            var large = ProjectQuota.project(lab.volumes.path("large"));
            lab.volumes.remove("small");
            lab.volumes.remove("large");
            for (var gone : List.of(number, next, large)) {
                awaitNobodys(lab, gone);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void a_kill_leaves_no_number_taken(Kind kind) throws IOException, InterruptedException {
        kind.mount(directory.resolve("disk"), directory.resolve("limited"));
        try (var lab = new Lab(directory.resolve("limited"))) {
            for (var step :
                    List.of(FailPoint.Step.CREATE_DONE, FailPoint.Step.REMOVE_RECORDED, FailPoint.Step.REMOVE_FILES)) {
                lab.killAt(step);
                assertThatThrownBy(() -> lab.containers.remove(lab.created(limited(lab, "passing", MIB)), true, true))
                        .isInstanceOf(Lab.Killed.class);
                lab.liveOn();
                var next = lab.anotherProcess();
                next.cleanUp();
                for (var left : next.observe()) {
                    next.remove(left.id(), true, true);
                }
                var id = lab.created(limited(lab, "passing", MIB));
                // The first of this root: none before it has kept one.
                assertThat(ProjectQuota.project(upper(lab, id)) & 31)
                        .as("%s", step)
                        .isZero();
                next.remove(id, true, true);
            }
        }
    }
}
