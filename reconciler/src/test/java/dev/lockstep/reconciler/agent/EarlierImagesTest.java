package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.testing.PlainSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EarlierImagesTest {
    private static Digest digest(String letter) {
        return new Digest(letter.repeat(64));
    }

    private static BuildRecord built(long number, String inputs, String digest, boolean pushed) {
        return BuildRecord.queued(
                        number,
                        "https://git.example/shop",
                        "app",
                        "shop",
                        new Occasion(Occasion.Kind.TAG, "refs/tags/v1", "c".repeat(40)),
                        "",
                        inputs,
                        Instant.EPOCH)
                .succeeded(digest(digest), pushed, Instant.EPOCH);
    }

    private static EarlierImages of(Set<Digest> here, BuildRecord... newestFirst) {
        return EarlierImages.of(
                Map.of("docker.io/library/shop:1", digest("a").toString()), List.of(newestFirst), here::contains);
    }

    private static final Map<String, String> AS_IT_WAS =
            Map.of("docker.io/library/shop:1", digest("a").toString());

    @Test
    void what_is_here_was_pushed_or_was_never_built_here_is_what_it_was() {
        var made = built(4, "same", "a", false);
        assertThat(of(Set.of(digest("a")), made).digests()).isEqualTo(AS_IT_WAS);
        assertThat(of(Set.of(), built(4, "same", "a", true)).digests()).isEqualTo(AS_IT_WAS);
        assertThat(of(Set.of()).digests()).isEqualTo(AS_IT_WAS);
        assertThat(of(Set.of()).gone()).isEmpty();
    }

    @Test
    void what_is_gone_is_what_was_built_again_of_the_same() {
        var images = of(
                Set.of(digest("b"), digest("d")),
                built(7, "other", "d", false),
                built(6, "same", "b", false),
                built(4, "same", "a", false));
        assertThat(images.digests())
                .containsExactly(
                        Map.entry("docker.io/library/shop:1", digest("b").toString()));
        assertThat(images.gone()).isEmpty();
    }

    @Test
    void what_is_gone_for_good_says_how_it_is_built_again() {
        var images = of(Set.of(digest("d")), built(7, "other", "d", false), built(4, "same", "a", false));
        assertThat(images.digests()).isEmpty();
        assertThat(images.gone())
                .containsExactly(Map.entry(
                        ImageReference.parse("shop:1"),
                        "shop:1 was " + digest("a").abbreviated()
                                + " of build 4, which is not on this host any more and was never pushed."
                                + " 'lockstep builds retry 4' builds it again from the same commit"));
    }

    @Test
    void a_revision_takes_what_was_built_again_also_where_it_mounts_it() {
        var shop = ImageReference.parse("shop:1");
        var other = ImageReference.parse("other:1");
        var spec = PlainSpec.of(
                "app",
                "shop:1",
                digest("a"),
                Map.of(),
                List.of(
                        new MountSpec.OfImage(shop, digest("a"), "/shop", Optional.empty()),
                        new MountSpec.OfImage(other, digest("c"), "/other", Optional.empty())));
        var service =
                new StackRevision.Service("app", List.of(spec), Map.of(), Rollout.DEFAULT, Rollout.DEFAULT, false);
        var revision = new StackRevision(
                Optional.empty(), spec.owner(), List.of(), List.of(), List.of(service), Optional.empty());
        var then = revision.images();
        var made = built(4, "same", "a", false);

        var again = EarlierImages.of(
                then, List.of(built(6, "same", "b", false), made), Set.of(digest("b"), digest("c"))::contains);
        assertThat(again.in(revision, then).images())
                .containsExactly(
                        Map.entry(other.toString(), digest("c").toString()),
                        Map.entry(shop.toString(), digest("b").toString()));
        var container =
                again.in(revision, then).services().getFirst().containers().getFirst();
        assertThat(container.images()).containsExactlyInAnyOrder(digest("b"), digest("c"));

        var gone = EarlierImages.of(then, List.of(made), Set.of(digest("c"))::contains);
        assertThat(gone.in(revision, then)).isEqualTo(revision);
        assertThat(gone.gone()).containsOnlyKeys(shop);
    }
}
