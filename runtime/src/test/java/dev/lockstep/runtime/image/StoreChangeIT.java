package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void nothing_goes_while_somebody_has_a_lease() throws IOException {
        var digest = imported(TestImage.unnamed().file("a", ""));
        try (var change = store.change()) {
            change.drop(digest);
            change.write();
        }
        try (var _ = store.lease("pull of x");
                var _ = store.lease("import of y")) {
            try (var change = later().change()) {
                assertThat(change.leases()).containsExactly("import of y", "pull of x");
                assertThat(change.sweep(Set.of(), Set.of(digest)).blobs()).isZero();
            }
        }

        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(3);
    }

    @Test
    void the_lease_of_a_dead_process_means_nothing_and_is_tidied_away() throws IOException {
        var leases = Files.createDirectories(directory.resolve("run/locks/image-lease"));
        Files.writeString(leases.resolve("dead"), "pull of x");
        try (var _ = Flock.exclusive(Files.writeString(leases.resolve("alive"), "pull of y"));
                var change = store.change()) {
            assertThat(change.leases()).containsExactly("pull of y");
        }

        assertThat(leases.resolve("dead")).doesNotExist();
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
        assertThat(sweep(later(), Set.of()).blobs()).isEqualTo(2);
        assertThat(List.of(directory.resolve("state/images/damaged").toFile().list()))
                .isEmpty();
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
