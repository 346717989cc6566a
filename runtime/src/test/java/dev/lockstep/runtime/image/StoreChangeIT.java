package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreChangeIT {
    @TempDir
    private Path directory;

    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = open(InstantSource.system());
    }

    private ImageStore open(InstantSource clock) throws IOException {
        return new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")), Platform.current(), clock);
    }

    /** The same store, when everything in it is old. */
    private ImageStore later() throws IOException {
        return open(() -> Instant.now().plus(Duration.ofHours(2)));
    }

    private Digest imported(TestImage image) throws IOException {
        return store.importArchive(image.ociArchive(directory.resolve("in.tar")), Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
    }

    private static ImageStore.Collected sweep(ImageStore store, Set<Digest> needed) throws IOException {
        try (var change = store.change()) {
            return change.sweep(needed, Set.of());
        }
    }

    @Test
    void content_that_nothing_leads_to_goes_when_it_is_old() throws IOException {
        var needed = imported(TestImage.unnamed().file("a", "needed"));
        var named = imported(TestImage.named("example.test/app:1").file("a", "named"));
        var gone = imported(TestImage.unnamed().file("a", "gone"));
        Files.write(directory.resolve("state/images/tmp/left.partial"), new byte[9]);
        try (var change = store.change()) {
            change.drop(needed);
            change.drop(gone);
            change.write();
        }

        assertThat(sweep(store, Set.of(needed)).blobs()).isZero();
        assertThat(sweep(later(), Set.of(needed)).blobs()).isEqualTo(4);

        assertThat(store.find(needed)).isPresent();
        assertThat(store.find(named)).isPresent();
        assertThat(store.find(gone)).isEmpty();
        assertThat(directory.resolve("state/images/tmp")).isEmptyDirectory();
    }

    @Test
    void what_is_dropped_on_purpose_goes_at_once_but_for_what_others_share() throws IOException {
        var kept = imported(
                TestImage.named("example.test/app:1").file("shared", "").file("a", ""));
        var gone = imported(
                TestImage.named("example.test/app:2").file("shared", "").file("b", ""));
        try (var change = store.change()) {
            var content = change.content(gone);
            change.drop(gone);
            change.write();
            assertThat(change.sweep(Set.of(), content).blobs()).isEqualTo(3);
        }

        assertThat(store.find(kept)).isPresent();
        assertThat(store.find(gone)).isEmpty();
        assertThat(store.verify().isGood()).isTrue();
    }

    /** Makes what is here look as if it had come an hour ago. */
    private void age() throws IOException {
        var before = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        for (var directory : List.of("blobs/sha256", "tmp")) {
            try (var files = Files.list(this.directory.resolve("state/images").resolve(directory))) {
                for (var file : (Iterable<Path>) files::iterator) {
                    Files.setLastModifiedTime(file, before);
                }
            }
        }
    }

    private void drop(Digest digest) throws IOException {
        try (var change = store.change()) {
            change.drop(digest);
            change.write();
        }
    }

    @Test
    void a_long_pull_keeps_what_came_since_it_began_and_nothing_older() throws IOException {
        var older = imported(TestImage.unnamed().file("a", "older"));
        drop(older);
        age();
        try (var _ = store.lease("pull of x");
                var _ = store.lease("import of y")) {
            var newer = imported(TestImage.unnamed().file("a", "newer"));
            drop(newer);
            try (var change = later().change()) {
                assertThat(change.leases()).extracting(Protection::why).containsExactly("import of y", "pull of x");
                var collected = change.sweep(Set.of(), Set.of(newer));
                assertThat(collected.blobs()).isEqualTo(3);
                assertThat(collected.held()).isPositive();
            }
            assertThat(store.find(newer)).isPresent();
            assertThat(store.find(older)).isEmpty();
        }

        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
    }

    @Test
    void what_a_pull_finds_here_stays_as_if_it_had_brought_it() throws IOException {
        var shared = imported(TestImage.named("example.test/app:1").file("shared", ""));
        var layer = store.find(shared).orElseThrow().layers().getFirst();
        age();
        try (var _ = store.lease("pull of example.test/app:2")) {
            try (var reception = store.blobs().receive(layer.blob(), layer.size())) {
                assertThat(reception.present()).isTrue();
            }
            try (var change = store.change()) {
                var content = change.content(shared);
                change.drop(shared);
                change.write();
                assertThat(change.sweep(Set.of(), content).blobs()).isEqualTo(2);
            }
            assertThat(store.blobs().has(layer.blob())).isTrue();
        }
    }

    @Test
    void a_lease_of_an_image_keeps_that_image_alone() throws IOException {
        var used = imported(TestImage.unnamed().file("a", "used"));
        var gone = imported(TestImage.unnamed().file("a", "gone"));
        drop(used);
        drop(gone);
        try (var _ = store.lease("creation of container web", Set.of(used))) {
            assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
            assertThat(store.find(used)).isPresent();
        }

        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
    }

    @Test
    void a_lease_keeps_what_its_holder_finds_here_later_on() throws IOException {
        var found = imported(TestImage.unnamed().file("a", "found"));
        var other = imported(TestImage.unnamed().file("a", "other"));
        age();
        drop(found);
        drop(other);
        try (var lease = store.lease("build")) {
            assertThat(lease.keep(found)).isEqualTo(store.find(found));
            assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
            assertThat(store.find(found)).isPresent();

            // What is not here whole is not kept: nobody would know what else has to stay.
            assertThat(lease.keep(other)).isEmpty();
            try (var change = store.change()) {
                assertThat(change.leases()).flatExtracting(Protection::images).containsExactly(found);
            }
        }

        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
    }

    @Test
    void a_lease_that_is_half_written_keeps_all() throws IOException {
        drop(imported(TestImage.unnamed().file("a", "")));
        var leases = Files.createDirectories(directory.resolve("run/locks/image-lease"));
        try (var _ = Flock.exclusive(Files.writeString(leases.resolve("alive"), "{\"why\":\"bui"))) {
            assertThat(sweep(later(), Set.of()).blobs()).isZero();
        }
    }

    @Test
    void a_clock_that_was_set_back_during_a_pull_loses_nothing() throws IOException {
        var ahead = open(() -> Instant.now().plus(Duration.ofDays(2)));
        try (var _ = ahead.lease("pull of x")) {
            // Whoever set the clock right made what comes now look two days older than the lease.
            var came = imported(TestImage.unnamed().file("a", ""));
            try (var change = store.change()) {
                var content = change.content(came);
                change.drop(came);
                change.write();
                assertThat(change.sweep(Set.of(), content).blobs()).isZero();
            }
        }
    }

    @Test
    void the_lease_of_a_dead_process_means_nothing_and_one_that_nobody_understands_keeps_all() throws IOException {
        drop(imported(TestImage.unnamed().file("a", "")));
        var leases = Files.createDirectories(directory.resolve("run/locks/image-lease"));
        Files.writeString(leases.resolve("dead"), "{\"why\":\"pull of x\"}");
        try (var _ = Flock.exclusive(Files.writeString(leases.resolve("alive"), "{\"why\":\"pull of y\"}"))) {
            try (var change = later().change()) {
                assertThat(change.leases()).extracting(Protection::why).containsExactly("pull of y");
                assertThat(change.sweep(Set.of(), Set.of()).blobs()).isZero();
            }
        }

        assertThat(leases.resolve("dead")).doesNotExist();
        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
    }

    @Test
    void a_part_that_somebody_receives_stays_however_old_it_is() throws IOException {
        var digest = new Digest("1".repeat(64));
        try (var _ = store.blobs().receive(digest, 5)) {
            age();
            assertThat(sweep(later(), Set.of()).blobs()).isZero();
        }
        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(1);
    }

    @Test
    void roots_are_kept_by_name_until_they_are_removed() throws IOException {
        var one = imported(TestImage.unnamed().file("a", "1"));
        var other = new Digest("1".repeat(64));
        store.roots().register("stack.shop", Set.of(one, other));
        store.roots().register("stack.blog", Set.of(one));
        store.roots().register("stack.blog", Set.of(other));

        assertThat(open(InstantSource.system()).roots().all())
                .containsExactly(Map.entry("stack.blog", Set.of(other)), Map.entry("stack.shop", Set.of(one, other)));
        store.roots().remove("stack.blog");
        store.roots().remove("stack.blog");
        assertThat(store.roots().all()).containsOnlyKeys("stack.shop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "../x", "a/b", "A", ".hidden"})
    void a_root_that_would_be_a_file_elsewhere_is_refused(String name) {
        assertThatThrownBy(() -> store.roots().register(name, Set.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void roots_that_cannot_be_read_are_an_error_and_not_empty() throws IOException {
        Files.writeString(directory.resolve("state/images/roots/stack"), "{");

        assertThatThrownBy(() -> store.roots().all()).hasMessageContaining("is damaged");
    }

    @Test
    void verify_sets_aside_what_is_bad_and_says_which_image_lacks_what() throws IOException {
        var good = imported(TestImage.named("example.test/app:1").file("a", "1"));
        var bad = imported(TestImage.named("example.test/app:2").file("a", "2"));
        var whole = store.find(bad).orElseThrow();
        var layer = whole.layers().getFirst().blob();
        var path = store.blobs().path(layer);
        var content = Files.readAllBytes(path);
        content[content.length / 2] ^= 1;
        Files.write(path, content);
        Files.write(store.blobs().path(whole.id()), new byte[0]);

        var found = store.verify();

        assertThat(found.isGood()).isFalse();
        assertThat(found.blobs()).isEqualTo(6);
        assertThat(found.damaged())
                .extracting(Verification.Damaged::digest)
                .containsExactlyInAnyOrder(layer, whole.id());
        assertThat(found.damaged()).allSatisfy(d -> assertThat(d.aside()).isRegularFile());
        assertThat(found.incomplete()).singleElement().satisfies(image -> {
            assertThat(image.image().called()).isEqualTo("example.test/app:2");
            assertThat(image.missing()).containsExactly(whole.id(), layer);
        });
        assertThat(store.find(good)).isPresent();
        assertThat(store.find(bad)).isEmpty();
        // The same image again: what is missing comes in, and nothing else is wrong.
        imported(TestImage.named("example.test/app:2").file("a", "2"));
        assertThat(store.verify().isGood()).isTrue();
        assertThat(sweep(later(), Set.of()).blobs()).isZero();
        assertThat(sweep(open(() -> Instant.now().plus(Duration.ofDays(8))), Set.of())
                        .blobs())
                .isEqualTo(2);
        assertThat(directory.resolve("state/images/damaged")).isEmptyDirectory();
    }

    @Test
    void what_was_set_aside_is_kept_a_week_from_then_on_however_old_it_was() throws IOException {
        var digest = imported(TestImage.named("example.test/app:1").file("a", "1"));
        var path = store.blobs().path(digest);
        Files.write(path, new byte[1]);
        Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(Duration.ofDays(100))));

        assertThat(store.verify().damaged()).hasSize(1);

        sweep(later(), Set.of());
        assertThat(directory.resolve("state/images/damaged")).isNotEmptyDirectory();
    }

    @Test
    void what_cannot_be_read_is_not_taken_for_damaged() throws IOException {
        var digest = imported(TestImage.named("example.test/app:1").file("a", "1"));
        var layer = store.find(digest).orElseThrow().layers().getFirst().blob();
        // Reading a directory is an error that says nothing about content, as a bad disk's is (EISDIR, EIO).
        Files.delete(store.blobs().path(layer));
        Files.createDirectory(store.blobs().path(layer));

        var found = store.verify();

        assertThat(found.isGood()).isFalse();
        assertThat(found.damaged()).isEmpty();
        assertThat(found.unreadable())
                .extracting(Verification.Unreadable::digest)
                .containsExactly(layer);
        assertThat(store.blobs().path(layer)).exists();
    }

    @Test
    void a_manifest_that_is_missing_is_missed() throws IOException {
        var digest = imported(TestImage.named("example.test/app:1").file("a", "1"));
        Files.delete(store.blobs().path(digest));

        assertThat(store.verify().incomplete())
                .singleElement()
                .satisfies(image -> assertThat(image.missing()).containsExactly(digest));
    }
}
