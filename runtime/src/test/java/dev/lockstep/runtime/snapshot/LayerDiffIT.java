package dev.lockstep.runtime.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.archive.TarEntry;
import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes made by programs through real overlays, as layers. */
class LayerDiffIT {
    /** A line of a script that we do ourselves: few hosts have a program for it. */
    private static final String NOTE = ": note ";

    @TempDir
    Path directory;

    private Root root;
    private ImageStore images;
    private Snapshots snapshots;
    private Path steps;
    private int step;

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        images = new ImageStore(root, Platform.current(), InstantSource.system());
        snapshots = new Snapshots(root, images.blobs(), UnpackLimits.DEFAULT, InstantSource.system());
        steps = Files.createDirectories(directory.resolve("state/steps"));
    }

    @AfterEach
    void nothing_is_mounted() throws IOException {
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory.toString());
    }

    /** What a step made: its layer, what its last command saw, and the layers over which the next one goes. */
    private record Made(Layer layer, Map<String, String> seen, List<Path> layers) {}

    private Made make(List<Path> below, String script) throws Exception {
        return make(below, script, Set.of(), Optional.empty());
    }

    private Made make(List<Path> below, String script, Set<RawPath> mountPoints, Optional<Instant> newest)
            throws Exception {
        var own = Files.createDirectory(steps.resolve("s" + step++));
        var upper = Files.createDirectory(own.resolve("upper"));
        var work = Files.createDirectory(own.resolve("work"));
        var merged = Files.createDirectory(own.resolve("merged"));
        var nothing = Files.createDirectory(own.resolve("nothing"));
        var lowers = new ArrayList<>(below);
        lowers.add(nothing);
        Mounts.overlay(lowers, Optional.of(new Mounts.Upper(upper, work)), merged);
        Map<String, String> seen;
        try {
            var shell = new ProcessBuilder("sh", "-c", script)
                    .directory(merged.toFile())
                    .redirectErrorStream(true)
                    .start();
            var said = new String(shell.getInputStream().readAllBytes(), UTF_8);
            assertThat(shell.waitFor()).as(script + "\n" + said).isZero();
            note(merged, script);
            seen = TreeListing.of(merged);
        } finally {
            Mounts.unmount(merged);
        }
        var layer = snapshots.commit(new Snapshots.Change(upper, below, mountPoints, newest));
        var layers = new ArrayList<>(below);
        layers.addFirst(path(layer));
        return new Made(layer, seen, layers);
    }

    private static void note(Path merged, String script) throws IOException {
        for (var line : script.lines().filter(line -> line.contains(NOTE)).toList()) {
            var file = merged.resolve(line.replaceFirst(".*" + NOTE, "").replaceFirst(";.*", ""));
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.setAttribute(file, "user:note", script.getBytes(UTF_8), LinkOption.NOFOLLOW_LINKS);
            }
        }
    }

    private Path path(Layer layer) {
        return directory.resolve("state/snapshots/" + layer.diffId().hex());
    }

    private Map<String, String> shown(List<Path> layers) throws IOException {
        var merged = Files.createDirectories(directory.resolve("merged"));
        var all = new ArrayList<>(layers);
        all.add(Files.createDirectories(directory.resolve("nothing")));
        Mounts.overlay(all, Optional.empty(), merged);
        try {
            return TreeListing.of(merged);
        } finally {
            Mounts.unmount(merged);
        }
    }

    /** Members of the archive: name, and what kind. */
    private List<String> members(Layer layer) throws IOException {
        var members = new ArrayList<String>();
        try (var blob = images.blobs().open(layer.blob())) {
            var tar = new TarReader(blob);
            for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
                members.add(entry.get().name()
                        + (entry.get().type() == TarEntry.Type.HARD_LINK
                                ? " = " + entry.get().link()
                                : ""));
            }
        }
        return members;
    }

    private static Map<String, String> withoutRoot(Map<String, String> listing) {
        var rest = new LinkedHashMap<>(listing);
        rest.remove(".");
        rest.values().removeIf(line -> line.startsWith(FileStatus.Type.SOCKET.name()));
        return rest;
    }

    @Test
    void a_layer_has_what_changed_and_nothing_else() throws Exception {
        var base = make(List.of(), """
                mkdir -p etc/deep usr old/in && echo a > etc/a && echo b > etc/b && echo c > usr/c
                echo d > etc/deep/d && echo same > etc/same && echo gone > old/in/gone && echo h > usr/h
                ln -s a etc/link && touch -d @1000 etc/* etc/deep usr/* usr etc
                """);
        var next = make(base.layers(), """
                echo more >> etc/a                    # content
                chmod 600 etc/b                       # mode alone
                true >> usr/c                            # copied up, and as it was
                rm -r old && mkdir old && echo n > old/new
                rm etc/link && mkdir etc/link && echo x > etc/link/x
                echo t > usr/t && rm usr/t            # nothing, but for the time of usr
                touch -d @1000 usr
                ln usr/h usr/i                        # a second name of a file below
                mkdir -p made/for && echo y > made/for/y
                """);

        assertThat(members(next.layer()))
                .containsExactly(
                        "etc/",
                        "etc/a",
                        "etc/b",
                        "etc/link/",
                        "etc/link/x",
                        "made/",
                        "made/for/",
                        "made/for/y",
                        "old/",
                        "old/.wh..wh..opq",
                        "old/new",
                        "usr/",
                        "usr/h",
                        "usr/i = usr/h");
        assertThat(withoutRoot(shown(next.layers()))).isEqualTo(withoutRoot(next.seen()));
    }

    @Test
    void a_deletion_is_marked_where_there_is_something_to_delete() throws Exception {
        var base = make(List.of(), "mkdir a && echo 1 > a/x && echo 2 > a/y && echo 3 > z");
        var next = make(base.layers(), """
                rm a/x z && echo t > a/never && rm a/never
                mkdir n && echo 1 > n/1 && rm n/1
                """);

        assertThat(members(next.layer())).containsExactly("a/", "a/.wh.x", "n/", ".wh.z");
        assertThat(withoutRoot(shown(next.layers()))).isEqualTo(withoutRoot(next.seen()));
    }

    @Test
    void a_step_that_changes_nothing_is_an_empty_layer() throws Exception {
        var base = make(List.of(), "mkdir a && echo 1 > a/x && echo 2 > y");
        var next = make(base.layers(), "true >> a/x && chmod 700 a && chmod 755 a && touch -d @7 a/x");
        var again = make(base.layers(), "true");

        assertThat(members(again.layer())).isEmpty();
        assertThat(members(next.layer())).containsExactly("a/", "a/x");
        assertThat(again.layer().size()).isEqualTo(1024);
    }

    @Test
    void what_was_made_for_mounts_is_not_in_the_layer() throws Exception {
        var base = make(List.of(), "mkdir etc run && echo p > etc/passwd");
        var next = make(
                base.layers(),
                """
                mkdir proc dev run/secrets && touch run/secrets/key etc/hosts && mkdir -p cache/of/tool
                mkdir -p kept/mount && echo k > kept/k
                """,
                Set.of(
                        RawPath.of("proc"),
                        RawPath.of("dev"),
                        RawPath.of("run/secrets/key"),
                        RawPath.of("etc/hosts"),
                        RawPath.of("cache/of/tool"),
                        RawPath.of("kept/mount")),
                Optional.empty());

        assertThat(members(next.layer())).containsExactly("kept/", "kept/k");
        assertThat(shown(next.layers())).doesNotContainKeys("proc", "dev", "run/secrets", "cache", "kept/mount");
    }

    @Test
    void times_after_the_given_one_are_that_one() throws Exception {
        var at = Instant.ofEpochSecond(1_600_000_000);
        var script = "mkdir d && echo 1 > d/f && ln -s f d/l && echo old > d/o && touch -d @5.25 d/o";
        var one = make(List.of(), script, Set.of(), Optional.of(at));
        var other = make(List.of(), "sleep 0.01; " + script, Set.of(), Optional.of(at));

        assertThat(other.layer()).isEqualTo(one.layer());
        var listing = TreeListing.of(path(one.layer()));
        assertThat(listing.get("d/f")).contains(at.toString());
        assertThat(listing.get("d/l")).contains(at.toString());
        assertThat(listing.get("d")).contains(at.toString());
        assertThat(listing.get("d/o")).contains("1970-01-01T00:00:05.250Z");
    }

    @Test
    void a_file_with_the_name_of_a_mark_is_refused() {
        assertThatThrownBy(() -> make(List.of(), "mkdir a && echo 1 > a/.wh.x"))
                .isInstanceOf(UnpackException.class)
                .hasMessageContaining("/a/.wh.x");
        assertThat(steps.resolve("s0/upper")).doesNotExist();
    }

    @Test
    void the_root_directory_is_told_when_it_changed() throws Exception {
        var base = make(List.of(), "echo 1 > a");
        var next = make(base.layers(), "chmod 700 . && chown 5:6 .");

        assertThat(members(next.layer())).containsExactly("./");
        assertThat(shown(next.layers()).get(".")).startsWith("DIRECTORY 0700 5:6");
        assertThat(snapshots.verify(next.layer())).isEmpty();
    }

    /** Unpacking the archive gives what the upper directory became, and both over the rest what the programs saw. */
    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void any_changes_are_the_same_after_a_round_trip(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var count = Math.clamp(Integer.getInteger("lockstep.count", 100) / 20, 4, 200);
        var random = new Random(seed);
        var layers = List.<Path>of();
        for (var round = 0; round < count; round++) {
            var script = script(random);
            var made = make(layers, script);
            var what = "seed " + seed + " round " + round + "\n" + script;

            assertThat(snapshots.verify(made.layer())).as(what).isEmpty();
            assertThat(withoutRoot(shown(made.layers()))).as(what).isEqualTo(withoutRoot(made.seen()));
            checkNothingIsSame(made.layer(), layers, what);
            assertThat(again(made.layer(), layers)).as(what).isEqualTo(made.layer());
            // Not for ever deeper: the next one goes over none or up to three. Those at the bottom, for overlayfs lists
            // marks of deletion, which cannot be looked at, where what they delete is in no layer.
            var all = made.layers();
            layers = all.subList(all.size() - Math.min(all.size(), random.nextInt(4)), all.size());
        }
    }

    /** The unpacked layer taken for an upper directory, which it could have been. */
    private Layer again(Layer layer, List<Path> below) throws Exception {
        var copy = steps.resolve("again" + step++);
        assertThat(new ProcessBuilder("cp", "-a", path(layer).toString(), copy.toString())
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
        return snapshots.commit(new Snapshots.Change(copy, below, Set.of(), Optional.empty()));
    }

    private void checkNothingIsSame(Layer layer, List<Path> below, String what) throws IOException {
        if (below.isEmpty()) {
            return;
        }
        var before = shown(below);
        TreeListing.of(path(layer)).forEach((path, line) -> {
            if (!line.startsWith("DIRECTORY") && !line.contains(" is ")) {
                assertThat(before.get(path)).as(what + "\n" + path).isNotEqualTo(line);
            }
        });
    }

    private static String script(Random random) {
        var lines = new ArrayList<String>();
        for (var i = 4 + random.nextInt(20); i > 0; i--) {
            lines.add("{ " + line(random) + "; } 2>/dev/null || true");
        }
        return String.join("\n", lines);
    }

    private static String line(Random random) {
        var p = path(random);
        var q = path(random);
        return switch (random.nextInt(22)) {
            case 0, 1, 2 -> "mkdir -p " + p;
            // Whoever opens a pipe waits for somebody at its other end, and setcap opens what it is given.
            case 3, 4, 5, 6 ->
                "mkdir -p $(dirname " + p + "); [ -p " + p + " ] || echo " + random.nextInt(3) + " > " + p;
            case 7 -> "[ -p " + p + " ] || echo more >> " + p;
            case 8 -> "[ -p " + p + " ] || true >> " + p;
            case 9 -> "chmod " + List.of("4755", "600", "1777", "755").get(random.nextInt(4)) + " " + p;
            case 10 -> "chown " + random.nextInt(3) + ":3000000000 " + p;
            case 11 -> "touch -d @" + (random.nextInt(5) - 2) + "." + random.nextInt(3) + " " + p;
            case 12 -> "rm -rf " + p;
            case 13 -> "rm -rf " + p + "; mkdir -p " + p;
            case 14 -> "rm -rf " + p + "; echo file > " + p;
            case 15 -> "mv " + p + " " + q;
            case 16 -> "ln -f " + p + " " + q;
            case 17 -> "ln -sfn " + q + " " + p;
            case 18 -> NOTE + p;
            case 19 -> "[ -p " + p + " ] || setcap cap_net_raw+ep " + p;
            case 20 ->
                "rm -rf " + p + "; mknod " + p + " "
                        + List.of("c 1 3", "b 120 7", "p").get(random.nextInt(3));
            default -> "cp -a --remove-destination " + p + " " + q;
        };
    }

    private static String path(Random random) {
        var path = new StringBuilder();
        for (var depth = random.nextInt(3); depth > 0; depth--) {
            path.append("d").append(random.nextInt(3)).append('/');
        }
        return path.append(random.nextInt(4) == 0 ? "d" : "f")
                .append(random.nextInt(4))
                .toString();
    }
}
