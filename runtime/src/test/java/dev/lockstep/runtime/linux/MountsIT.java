package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountsIT {
    @TempDir
    Path directory;

    private final List<Path> mounted = new ArrayList<>();

    @AfterEach
    void unmount() throws IOException {
        for (var target : mounted.reversed()) {
            Mounts.unmount(target);
            assertThat(Mounts.isMountPoint(target)).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_mount_says_what_it_forbids(DetachedMount.Attribute attribute) throws IOException {
        Files.createDirectories(directory.resolve("source/below"));
        // A host's /tmp may forbid something itself.
        var expected = new HashSet<>(Mounts.forbidden(directory));
        Mounts.bind(directory.resolve("source"), target(), List.of(attribute));
        var link = Files.createSymbolicLink(directory.resolve("link"), target().resolve("below"));

        expected.add(attribute);
        assertThat(Mounts.forbidden(target())).isEqualTo(expected);
        assertThat(Mounts.forbidden(link)).isEqualTo(expected);
    }

    @Test
    void what_is_not_there_has_no_mount() {
        assertThatThrownBy(() -> Mounts.forbidden(directory.resolve("missing")))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("missing");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 150, 500})
    void an_overlay_shows_every_layer_and_keeps_what_is_written_above_them(int count) throws IOException {
        var layers = layers(count);
        var upper = upper();
        Mounts.overlay(layers, Optional.of(upper), target());

        IntStream.range(0, count)
                .forEach(i -> assertThat(target().resolve("from-" + i)).hasContent("" + i));
        assertThat(target().resolve("same")).hasContent("0");
        Files.writeString(target().resolve("same"), "written");
        assertThat(upper.content().resolve("same")).hasContent("written");
        assertThat(layers.getFirst().resolve("same")).hasContent("0");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 150})
    void an_old_kernel_gets_the_same_overlay_through_mount_options(int count) throws IOException {
        var fds = new ArrayList<Fd>();
        try {
            Mounts.overlayByOptions(layers(count), Optional.of(upper()), Optional.empty(), target(), fds);
        } finally {
            fds.forEach(Fd::close);
        }

        IntStream.range(0, count)
                .forEach(i -> assertThat(target().resolve("from-" + i)).hasContent("" + i));
        assertThat(target().resolve("same")).hasContent("0");
    }

    /** As overlayfs before Linux 6.5 does with all keys, ramfs takes those that it does not know. */
    @Test
    void a_kernel_that_looks_at_no_key_before_the_end_is_known_before_anything_is_mounted() throws IOException {
        var fds = new ArrayList<Fd>();

        assertThat(Mounts.overlayByContext("ramfs", layers(2), Optional.of(upper()), Optional.empty(), directory, fds))
                .isFalse();
        assertThat(fds).isEmpty();
        assertThat(Mounts.isMountPoint(directory)).isFalse();
        try (var overlay = MountCalls.fsopen("overlay")) {
            assertThat(MountCalls.looksAtKeys(overlay)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void an_overlay_without_upper_directory_is_read_only(int count) throws IOException {
        Mounts.overlay(layers(count), Optional.empty(), target());

        assertThat(target().resolve("from-0")).hasContent("0");
        assertThatThrownBy(() -> Files.writeString(target().resolve("same"), "x"))
                .hasMessageContaining("Read-only");
    }

    @Test
    void paths_may_hold_what_overlay_options_give_a_meaning_to_and_be_long() throws IOException {
        var layer = Files.createDirectories(directory.resolve("a:b,c\\d").resolve("x".repeat(200)));
        Files.writeString(layer.resolve("file"), "here");
        Mounts.overlay(List.of(layer, layers(1).getFirst()), Optional.of(upper()), target());

        assertThat(target().resolve("file")).hasContent("here");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_will_be_synced_as_a_whole_syncs_no_file_alone(boolean byContext) throws IOException {
        var upper = Optional.of(upper().unsynced());
        if (byContext) {
            Mounts.overlay(layers(1), upper, target());
        } else {
            var fds = new ArrayList<Fd>();
            Mounts.overlayByOptions(layers(1), upper, Optional.empty(), target(), fds);
            fds.forEach(Fd::close);
        }

        assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo")))
                .anySatisfy(line -> assertThat(line).contains(target().toString(), "volatile"));
    }

    @Test
    void too_many_layers_are_refused_in_the_words_of_the_kernel() {
        assertThatThrownBy(() -> Mounts.overlay(layers(501), Optional.empty(), target()))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("too many lower directories");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_layer_may_come_twice(boolean writable) throws IOException {
        var layers = layers(3);
        Mounts.overlay(
                List.of(layers.get(1), layers.get(0), layers.get(1), layers.get(2)),
                writable ? Optional.of(upper()) : Optional.empty(),
                target());

        assertThat(target().resolve("same")).hasContent("1");
        assertThat(target().resolve("from-0")).hasContent("0");
        assertThat(target().resolve("from-2")).hasContent("2");
    }

    @Test
    void a_missing_layer_is_named() {
        var missing = directory.resolve("missing");

        assertThatThrownBy(() -> Mounts.overlay(List.of(missing, missing), Optional.empty(), target()))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessageContaining(missing.toString());
    }

    @Test
    void a_read_only_bind_includes_what_is_mounted_below() throws IOException {
        var source = Files.createDirectory(directory.resolve("source"));
        var below = Files.createDirectory(source.resolve("below"));
        Mounts.tmpfs(below, 1 << 20, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        mounted.add(below);
        try (var from = Fd.openPath(source);
                var to = Fd.openPath(target());
                var mount = DetachedMount.bindRecursively(from)) {
            mount.propagate(DetachedMount.Propagation.PRIVATE);
            mount.forbid(List.of(DetachedMount.Attribute.READ_ONLY)).attach(to);
        }

        assertThatThrownBy(() -> Files.createFile(target().resolve("x"))).hasMessageContaining("Read-only");
        assertThatThrownBy(() -> Files.createFile(target().resolve("below/x"))).hasMessageContaining("Read-only");
        assertThat(Files.createFile(below.resolve("x"))).exists();
    }

    @Test
    void a_detached_mount_that_is_not_attached_leaves_nothing() throws IOException {
        try (var from = Fd.openPath(directory);
                var mount = DetachedMount.bind(from)) {
            mount.forbid(List.of());
        }

        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory.toString());
    }

    @Test
    void unmounting_what_is_not_mounted_or_not_there_is_no_error() throws IOException {
        Mounts.unmount(directory);
        Mounts.unmount(directory.resolve("missing"));
        assertThat(Mounts.isMountPoint(directory.resolve("missing"))).isFalse();
    }

    private List<Path> layers(int count) throws IOException {
        var layers = new ArrayList<Path>();
        for (var i = 0; i < count; i++) {
            var layer = Files.createDirectory(directory.resolve("layer-" + i));
            Files.writeString(layer.resolve("from-" + i), "" + i);
            Files.writeString(layer.resolve("same"), "" + i);
            layers.add(layer);
        }
        return layers;
    }

    private Mounts.Upper upper() throws IOException {
        return new Mounts.Upper(
                Files.createDirectory(directory.resolve("upper")), Files.createDirectory(directory.resolve("work")));
    }

    private Path target() {
        var target = directory.resolve("target");
        try {
            Files.createDirectories(target);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        if (!mounted.contains(target)) {
            mounted.add(target);
        }
        return target;
    }
}
