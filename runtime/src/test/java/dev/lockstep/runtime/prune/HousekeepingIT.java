package dev.lockstep.runtime.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.snapshot.Snapshots;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HousekeepingIT {
    @TempDir
    private Path directory;

    private final List<ImageUse> uses = new ArrayList<>();
    private ImageStore store;
    private Snapshots snapshots;
    private PruneRecords records;
    private Housekeeping housekeeping;

    @BeforeEach
    void open() throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        store = new ImageStore(root, Platform.current(), InstantSource.system());
        snapshots = new Snapshots(root, store.blobs(), UnpackLimits.DEFAULT, InstantSource.system());
        records = new PruneRecords(root);
        housekeeping = new Housekeeping(store, snapshots, () -> uses, InstantSource.system(), records);
    }

    /** An image of a layer that all have and one of its own, both unpacked. */
    private Digest image(String name) throws IOException {
        var image = (name.isEmpty() ? TestImage.unnamed() : TestImage.named(name))
                .file("shared", "all have it")
                .file("own", "of " + name);
        var digest = store.importArchive(image.ociArchive(directory.resolve("in.tar")), Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
        snapshots.unpack(store.find(digest).orElseThrow(), Progress.NONE);
        return digest;
    }

    private int layers() {
        return directory.resolve("state/snapshots").toFile().list().length;
    }

    private int blobs() {
        return directory.resolve("state/images/blobs/sha256").toFile().list().length;
    }

    private void assertWhole(Digest... digests) throws IOException {
        assertThat(store.verify().isGood()).isTrue();
        for (var digest : digests) {
            for (var layer : store.find(digest).orElseThrow().config().diffIds()) {
                assertThat(snapshots.has(layer)).isTrue();
            }
        }
    }

    @Test
    void prune_removes_what_has_no_name_and_says_why() throws IOException {
        var named = image("example.test/app:1");
        var dangling = image("");

        var report = housekeeping.prune(KeepRules.NAMED, PruneRecord.Trigger.HAND);

        assertThat(report.removed()).singleElement().satisfies(decision -> {
            assertThat(decision.image().digest()).isEqualTo(dangling);
            assertThat(decision.why()).isEqualTo("it has no name");
        });
        assertThat(report.blobs()).isEqualTo(3);
        assertThat(report.layers()).isEqualTo(1);
        assertThat(report.bytes())
                .isEqualTo(report.removed().getFirst().bytes())
                .isPositive();
        assertThat(report.held()).isEmpty();
        assertThat(store.find(dangling)).isEmpty();
        assertWhole(named);
        assertThat(records.all()).singleElement().satisfies(record -> {
            assertThat(record.trigger()).isEqualTo(PruneRecord.Trigger.HAND);
            assertThat(record.removed())
                    .containsExactly(new PruneRecord.Removed(dangling, List.of(), "it has no name", report.bytes()));
            assertThat(record.bytes()).isEqualTo(report.bytes());
        });
    }

    @Test
    void looking_removes_nothing_and_promises_what_is_kept() throws IOException {
        image("example.test/app:1");
        image("");

        var promised = housekeeping.look(KeepRules.NOTHING);
        assertThat(promised.removed()).hasSize(2);
        assertThat(blobs()).isEqualTo(7);
        var done = housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

        assertThat(done.bytes()).isEqualTo(promised.bytes());
        assertThat(blobs()).isZero();
        assertThat(layers()).isZero();
        assertThat(directory.resolve("state/snapshot-sizes")).isEmptyDirectory();
    }

    @Test
    void what_a_container_or_a_root_needs_stays_with_and_without_a_name() throws IOException {
        var used = image("example.test/app:1");
        var wanted = image("");
        var gone = image("example.test/gone:1");
        uses.add(new ImageUse("container web", used));
        store.roots().register("stack.shop", Set.of(wanted, new Digest("1".repeat(64))));

        var report = housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

        assertThat(report.images())
                .extracting(decision -> decision.image().digest() + " " + decision.why())
                .containsExactlyInAnyOrder(
                        gone + " no container and no stack needs it",
                        used + " container web needs it",
                        wanted + " stack.shop needs it");
        assertWhole(used, wanted);
        store.roots().remove("stack.shop");
        uses.clear();
        housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        assertThat(blobs()).isZero();
    }

    @Test
    void a_container_keeps_what_it_has_even_when_the_index_knows_nothing_of_it() throws IOException {
        var used = image("");
        uses.add(new ImageUse("container web", used));
        try (var change = store.change()) {
            change.drop(used);
            change.write();
        }

        housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

        assertWhole(used);
    }

    /** Makes what is here look as if it had come an hour ago. */
    private void age() throws IOException {
        try (var blobs = Files.list(store.blobs().directory())) {
            for (var blob : (Iterable<Path>) blobs::iterator) {
                Files.setLastModifiedTime(blob, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
            }
        }
    }

    @Test
    void a_pull_in_progress_keeps_what_came_since_it_began_and_nothing_else() throws IOException {
        var before = image("example.test/before:1");
        age();
        try (var _ = store.lease("pull of nginx:1")) {
            var since = image("example.test/since:1");

            var report = housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

            assertThat(report.images())
                    .extracting(decision -> decision.image().digest() + " " + decision.why())
                    .containsExactlyInAnyOrder(
                            before + " no container and no stack needs it", since + " pull of nginx:1 needs it");
            assertWhole(since);
            assertThat(store.find(before)).isEmpty();
        }
        housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        assertThat(blobs()).isZero();
    }

    @Test
    void a_name_that_is_removed_during_a_pull_leaves_the_content_that_may_be_needed() throws IOException {
        var digest = image("example.test/app:1");
        try (var _ = store.lease("pull of nginx:1")) {
            image("example.test/app:1");
            assertThat(housekeeping.remove("example.test/app:1", false))
                    .isInstanceOfSatisfying(
                            ImageRemoval.Removed.class,
                            removed -> assertThat(removed.kept())
                                    .hasValueSatisfying(
                                            why -> assertThat(why).endsWith(" bytes came during the pull of nginx:1")));
            assertThat(store.find(digest)).isPresent();
        }
    }

    @Test
    void a_container_in_the_making_keeps_its_image_and_its_layers_and_no_others() throws IOException {
        var used = image("example.test/app:1");
        image("example.test/app:2");
        try (var _ = store.lease("creation of container web", Set.of(used))) {
            assertThat(housekeeping.remove("example.test/app:1", true))
                    .isInstanceOfSatisfying(
                            ImageRemoval.Removed.class,
                            removed -> assertThat(removed.kept()).contains("creation of container web needs it"));
            var report = housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

            assertThat(report.held()).isEmpty();
            assertThat(report.removed()).hasSize(1);
            assertWhole(used);
            assertThat(layers()).isEqualTo(2);
        }
        housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);
        assertThat(layers()).isZero();
    }

    @Test
    void while_a_containers_image_is_damaged_nobody_knows_what_it_needs_and_all_stays() throws IOException {
        var used = image("example.test/app:1");
        image("");
        uses.add(new ImageUse("container web", used));
        Files.write(store.blobs().path(used), new byte[1]);

        var report = housekeeping.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND);

        assertThat(report.held()).hasValueSatisfying(why -> assertThat(why).contains("container web", "damaged"));
        assertThat(layers()).isEqualTo(3);
    }

    @Test
    void when_users_cannot_be_known_nothing_is_removed() throws IOException {
        image("");
        var blind = new Housekeeping(
                store,
                snapshots,
                () -> {
                    throw new IOException("record.json is damaged");
                },
                InstantSource.system(),
                records);

        assertThatThrownBy(() -> blind.prune(KeepRules.NOTHING, PruneRecord.Trigger.HAND))
                .hasMessage("record.json is damaged");
        assertThat(blobs()).isEqualTo(4);
    }

    @Test
    void the_last_name_takes_the_content_with_it() throws IOException {
        var digest = image("example.test/app:1");
        store.tag(digest, ImageReference.parse("example.test/app:2"));

        assertThat(housekeeping.remove("example.test/app:1", false))
                .isInstanceOfSatisfying(ImageRemoval.Removed.class, removed -> {
                    assertThat(removed.removed()).isFalse();
                    assertThat(removed.kept()).isEmpty();
                });
        assertWhole(digest);
        assertThat(housekeeping.remove("example.test/app:2", false))
                .isInstanceOfSatisfying(
                        ImageRemoval.Removed.class,
                        removed -> assertThat(removed.removed()).isTrue());
        assertThat(blobs()).isZero();
        assertThat(layers()).isZero();
        assertThat(store.list()).isEmpty();
        assertThat(housekeeping.remove("example.test/app:2", false)).isInstanceOf(ImageRemoval.NotHere.class);
    }

    @Test
    void an_image_that_a_container_uses_is_not_removed_and_forced_loses_its_name_only() throws IOException {
        var digest = image("example.test/app:1");
        uses.add(new ImageUse("container web", store.find(digest).orElseThrow().manifest()));

        assertThat(housekeeping.remove("example.test/app:1", false))
                .isEqualTo(new ImageRemoval.Refused(
                        "conflict: unable to remove repository reference \"example.test/app:1\" (must force) -"
                                + " container web is using its referenced image " + id(digest) + "; remove that first,"
                                + " or take only the name away with --force"));
        assertThat(store.list()).hasSize(1);

        assertThat(housekeeping.remove("example.test/app:1", true))
                .isInstanceOfSatisfying(
                        ImageRemoval.Removed.class,
                        removed -> assertThat(removed.kept()).contains("container web needs it"));
        assertWhole(digest);
        assertThat(store.catalog().images().getFirst().isDangling()).isTrue();
    }

    @Test
    void an_image_with_several_names_goes_by_its_id_only_with_force() throws IOException {
        var digest = image("example.test/app:1");
        store.tag(digest, ImageReference.parse("example.test/app:2"));
        var id = id(digest);

        assertThat(housekeeping.remove(id, false))
                .isInstanceOfSatisfying(
                        ImageRemoval.Refused.class,
                        refused -> assertThat(refused.why())
                                .isEqualTo("conflict: unable to delete " + id + " (must be forced) - image is"
                                        + " referenced in multiple repositories; remove its 2 names one by one, or all"
                                        + " with --force"));
        assertThat(housekeeping.remove(id, true))
                .isInstanceOfSatisfying(
                        ImageRemoval.Removed.class,
                        removed -> assertThat(removed.untagged()).hasSize(2));
        assertThat(blobs()).isZero();
    }

    private String id(Digest digest) throws IOException {
        return store.find(digest).orElseThrow().id().hex().substring(0, 12);
    }

    private String refusal(String text, boolean force) throws IOException {
        return housekeeping.remove(text, force) instanceof ImageRemoval.Refused(var why) ? why : "removed";
    }

    /** The beginning of each answer is what Docker 26.1.5 says; what follows the semicolon is ours. */
    @Test
    void an_image_that_runs_is_in_the_way_by_its_id_whatever_is_asked_and_one_that_stopped_can_be_forced()
            throws IOException {
        var digest = image("example.test/app:1");
        store.tag(digest, ImageReference.parse("example.test/other:1"));
        var id = id(digest);
        uses.add(new ImageUse("container stopped", digest));
        uses.add(new ImageUse("container web", digest, true));
        var running = "conflict: unable to delete " + id
                + " (cannot be forced) - image is being used by running container web; stop and remove that first";
        assertThat(refusal(id, false)).isEqualTo(running);
        assertThat(refusal(id, true)).isEqualTo(running);
        assertThat(refusal("example.test/other:1", false)).isEqualTo("removed");
        assertThat(refusal("example.test/app:1", false))
                .startsWith("conflict: unable to remove repository reference \"example.test/app:1\" (must force) -"
                        + " container web is using its referenced image " + id);
        assertThat(refusal("example.test/app:1", true)).isEqualTo("removed");
        assertThat(refusal(id, true)).isEqualTo(running);
        uses.removeLast();
        assertThat(refusal(id, false))
                .startsWith("conflict: unable to delete " + id + " (must be forced) - image is being used by stopped"
                        + " container stopped");
        // Docker lets a stopped container's image go; here the container can start again.
        assertThat(refusal(id, true)).isEqualTo("removed");
        assertWhole(digest);
        uses.clear();
        assertThat(refusal(id.substring(0, 3), false)).isEqualTo("removed");
        assertThat(blobs()).isZero();
    }

    static Stream<KeepRules> everyRule() {
        var disks = List.<Optional<DiskRule>>of(
                Optional.empty(),
                Optional.of(new DiskRule.Used(0)),
                Optional.of(new DiskRule.Used(100)),
                Optional.of(new DiskRule.Free(Long.MAX_VALUE)));
        return Stream.of(false, true)
                .flatMap(named -> Stream.of(Duration.ZERO, Duration.ofMinutes(30), Duration.ofDays(30))
                        .flatMap(age -> Stream.of(0, 1, 100)
                                .flatMap(count -> disks.stream().map(disk -> new KeepRules(named, age, count, disk)))));
    }

    /** What needs each of these images is another thing; each has a name, and one without is needed as well. */
    @ParameterizedTest
    @MethodSource("everyRule")
    void no_rule_takes_what_somebody_needs_and_each_removal_has_its_reason(KeepRules rules) throws IOException {
        var running = image("example.test/running:1");
        var stopped = image("example.test/stopped:1");
        var wanted = image("example.test/wanted:1");
        var healthy = image("");
        var making = image("example.test/making:1");
        image("example.test/spare:1");
        image("example.test/spare:2");
        uses.add(new ImageUse("container running", running, true));
        uses.add(new ImageUse("container stopped", stopped));
        store.roots().register("stack.shop.wanted", Set.of(wanted));
        store.roots().register("stack.shop.applied", Set.of(healthy));
        age();
        try (var _ = store.lease("creation of container making", Set.of(making));
                var _ = store.lease("pull of example.test/pulled:1")) {
            var pulled = image("example.test/pulled:1");
            var promised = housekeeping.look(rules);

            var report = housekeeping.prune(rules, PruneRecord.Trigger.SCHEDULE);

            assertWhole(running, stopped, wanted, healthy, making, pulled);
            assertThat(report.removed())
                    .extracting(d -> d.image().called())
                    .isSubsetOf("example.test/spare:1", "example.test/spare:2");
            assertThat(promised.removed())
                    .extracting(d -> d.image().digest())
                    .containsExactlyElementsOf(report.removed().stream()
                            .map(d -> d.image().digest())
                            .toList());
            assertThat(report.images())
                    .hasSize(8)
                    .allSatisfy(d -> assertThat(d.why()).isNotBlank());
            assertThat(report.images())
                    .extracting(d -> d.image().digest() + " " + d.why())
                    .contains(
                            running + " container running needs it",
                            stopped + " container stopped needs it",
                            wanted + " stack.shop.wanted needs it",
                            healthy + " stack.shop.applied needs it",
                            making + " creation of container making needs it",
                            pulled + " pull of example.test/pulled:1 needs it");
            // What went is in the record, with what it was called and why.
            assertThat(records.all().getLast().removed()).hasSameSizeAs(report.removed());
        }
        if (rules.equals(KeepRules.NOTHING)) {
            assertThat(store.catalog().images()).hasSize(6);
        }
    }

    @Test
    void usage_counts_what_is_shared_once() throws IOException {
        var one = image("example.test/a:1");
        var alone = housekeeping.usage();
        image("example.test/b:1");
        uses.add(new ImageUse("container web", one));

        var both = housekeeping.usage();

        assertThat(alone.reclaimable()).isEqualTo(alone.bytes());
        assertThat(both.images()).isEqualTo(2);
        assertThat(both.active()).isEqualTo(1);
        assertThat(both.bytes()).isLessThan(2 * alone.bytes());
        assertThat(both.reclaimable()).isEqualTo(both.bytes() - alone.bytes());
    }

    private Path file(Digest image) {
        return directory
                .resolve("state/snapshots")
                .resolve(layer(image, 1).hex())
                .resolve("own");
    }

    private Digest layer(Digest image, int index) {
        try {
            return store.find(image).orElseThrow().config().diffIds().get(index);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    interface Harm {
        void doTo(Path file) throws IOException;
    }

    private static Stream<Arguments> harms() {
        return Stream.of(
                harm("/own is missing", Files::delete),
                harm("/own has other content", file -> rewritten(file, "OF EXAMPLE.TEST/APP:1")),
                harm("/own has other content", file -> rewritten(file, "")),
                harm(
                        "/own has another owner or mode",
                        file -> Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"))),
                harm("/own has another owner or mode", file -> Files.setAttribute(file, "unix:uid", 4711)),
                harm("/own has another time", file -> Files.setLastModifiedTime(file, FileTime.fromMillis(1))),
                harm(
                        "/own has other attributes",
                        file -> Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
                                .write("x", ByteBuffer.wrap(new byte[1]))),
                harm("/own is something else", file -> {
                    Files.delete(file);
                    Files.createDirectory(file);
                }),
                harm("/own is something else", file -> {
                    Files.delete(file);
                    Files.createSymbolicLink(file, Path.of("/etc/passwd"));
                }),
                harm("/more is not in the layer", file -> Files.createFile(file.resolveSibling("more"))));
    }

    private static Arguments harm(String difference, Harm harm) {
        return Arguments.of(difference, harm);
    }

    /** Whoever writes on the raw disk changes no time. */
    private static void rewritten(Path file, String content) throws IOException {
        var time = Files.getLastModifiedTime(file);
        Files.writeString(file, content);
        Files.setLastModifiedTime(file, time);
    }

    @ParameterizedTest
    @MethodSource("harms")
    void a_layer_that_went_bad_is_found_and_unpacked_again(String difference, Harm harm) throws IOException {
        var digest = image("example.test/app:1");
        assertThat(housekeeping.verify().isGood()).isTrue();
        harm.doTo(file(digest));

        var found = housekeeping.verify();

        assertThat(found.damaged())
                .containsExactly(new Health.DamagedLayer(layer(digest, 1), difference, true, List.of()));
        assertThat(found.layers()).isEqualTo(2);
        assertThat(housekeeping.verify().isGood()).isTrue();
        assertThat(file(digest)).content().isEqualTo("of example.test/app:1");
        assertThat(layers()).isEqualTo(2);
    }

    @Test
    void a_bad_layer_that_is_mounted_stays_and_the_report_names_its_containers() throws IOException {
        var digest = image("example.test/app:1");
        uses.add(new ImageUse("container web", digest));
        var path = file(digest).getParent();
        var mount = directory.resolve("mount");
        Mounts.overlay(List.of(path), Optional.empty(), Files.createDirectory(mount));
        try {
            Files.writeString(file(digest), "bad");
            assertThat(housekeeping.verify().damaged()).singleElement().satisfies(damaged -> {
                assertThat(damaged.repaired()).isFalse();
                assertThat(damaged.users()).containsExactly("container web");
            });
            assertThat(mount.resolve("own")).content().isEqualTo("bad");
            assertThat(layers()).isEqualTo(2);
        } finally {
            Mounts.unmount(mount);
        }
        assertThat(housekeeping.verify().damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.repaired()).isTrue());
        assertThat(file(digest)).content().isEqualTo("of example.test/app:1");
    }

    @Test
    void a_layer_whose_blob_is_bad_cannot_be_judged_and_is_left_alone() throws IOException {
        var digest = image("example.test/app:1");
        uses.add(new ImageUse("container web", digest));
        var unpacked = file(digest);
        Files.write(store.blobs().path(layer(digest, 1)), new byte[3]);

        var found = housekeeping.verify();

        assertThat(found.isGood()).isFalse();
        assertThat(found.content().damaged()).hasSize(1);
        assertThat(found.damaged()).isEmpty();
        assertThat(unpacked).exists();
    }
}
