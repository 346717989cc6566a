package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageCatalogTest {
    private static final Digest FIRST = new Digest("aaaa1111" + "0".repeat(56));
    private static final Digest SECOND = new Digest("aaaa2222" + "0".repeat(56));
    private static final Digest NAMELIKE = new Digest("beef" + "0".repeat(60));

    private final ImageCatalog catalog = new ImageCatalog(List.of(
            image(FIRST, "shop/web:1", "shop/web:latest", "registry.test:5000/web@" + FIRST),
            image(SECOND),
            image(NAMELIKE, "beef")));

    private static StoredImage image(Digest digest, String... names) {
        return new StoredImage(
                digest, Stream.of(names).map(ImageReference::parse).toList(), Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"shop/web:1", "shop/web", "docker.io/shop/web:latest"})
    void a_name_finds_its_image_and_says_by_which_name(String text) throws Exception {
        var match = catalog.find(text).orElseThrow();

        assertThat(match.image().digest()).isEqualTo(FIRST);
        assertThat(match.name()).contains(ImageReference.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"aaaa2", "aaaa2222", "sha256:aaaa2"})
    void the_beginning_of_an_id_finds_its_image(String text) throws Exception {
        assertThat(catalog.find(text))
                .contains(new ImageCatalog.Match(catalog.images().get(1), Optional.empty()));
    }

    @Test
    void any_repository_with_the_digest_finds_the_image() throws Exception {
        assertThat(catalog.find("other@" + SECOND).orElseThrow().image().digest())
                .isEqualTo(SECOND);
        assertThat(catalog.find("registry.test:5000/web@" + FIRST).orElseThrow().name())
                .isPresent();
    }

    @Test
    void a_name_goes_before_an_id() throws Exception {
        assertThat(catalog.find("beef").orElseThrow().name()).isPresent();
    }

    @Test
    void the_beginning_of_two_ids_is_refused_with_both() {
        assertThatThrownBy(() -> catalog.find("aaaa"))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("\"aaaa\" is the beginning of several ids: " + FIRST + ", " + SECOND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", "0", "0123456789ab", "shop/web:2"})
    void what_is_not_here_is_not_found(String text) throws Exception {
        assertThat(catalog.find(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "UPPER/Case", "a b", "x@sha256:12"})
    void what_is_no_name_is_refused(String text) {
        assertThatThrownBy(() -> catalog.find(text))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("invalid image reference");
    }
}
