package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageReferenceTest {
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "nginx,                               docker.io/library/nginx:latest,          nginx:latest",
        "nginx:1.27,                          docker.io/library/nginx:1.27,            nginx:1.27",
        "bitnami/redis,                       docker.io/bitnami/redis:latest,          bitnami/redis:latest",
        "docker.io/nginx,                     docker.io/library/nginx:latest,          nginx:latest",
        "index.docker.io/library/nginx,       docker.io/library/nginx:latest,          nginx:latest",
        "registry-1.docker.io/a/b:c,          docker.io/a/b:c,                         a/b:c",
        "localhost/app,                       localhost/app:latest,                    localhost/app:latest",
        "localhost:5000/app,                  localhost:5000/app:latest,               localhost:5000/app:latest",
        "local/app,                           docker.io/local/app:latest,              local/app:latest",
        "registry.example/app:v1,             registry.example/app:v1,                 registry.example/app:v1",
        "registry.example:443/a/b/c:v1,       registry.example:443/a/b/c:v1,           registry.example:443/a/b/c:v1",
        "127.0.0.1:5000/app,                  127.0.0.1:5000/app:latest,               127.0.0.1:5000/app:latest",
        "[::1]:5000/app,                      [::1]:5000/app:latest,                   [::1]:5000/app:latest",
        "UPPER/app,                           UPPER/app:latest,                        UPPER/app:latest",
        "a__b/c-d--e.f:_x,                    docker.io/a__b/c-d--e.f:_x,              a__b/c-d--e.f:_x",
        "app:5000,                            docker.io/library/app:5000,              app:5000"
    })
    void a_reference_is_read_in_full_and_shown_in_short(String text, String full, String familiar) {
        var reference = ImageReference.parse(text);

        assertThat(reference).hasToString(full);
        assertThat(reference.familiar()).isEqualTo(familiar);
        assertThat(ImageReference.parse(full)).isEqualTo(reference);
        assertThat(ImageReference.parse(familiar)).isEqualTo(reference);
    }

    @Test
    void a_digest_stands_alone_or_beside_a_tag() {
        var alone = ImageReference.parse("nginx@" + DIGEST);
        var both = ImageReference.parse("nginx:1@" + DIGEST);

        assertThat(alone.tag()).isEmpty();
        assertThat(alone).hasToString("docker.io/library/nginx@" + DIGEST);
        assertThat(both.tag()).contains("1");
        assertThat(both.withDigest(Digest.parse(DIGEST))).isEqualTo(alone);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "'',                         expected [HOST",
        "' ',                        expected [HOST",
        "'nginx ',                   expected [HOST",
        "'nginx\n',                  expected [HOST",
        "Nginx,                      must be lowercase",
        "library/Foo,                must be lowercase",
        "nginx:,                     tag",
        "nginx:a b,                  tag",
        "nginx:-x,                   tag",
        "a//b,                       expected [HOST",
        "/a,                         expected [HOST",
        "a/,                         expected [HOST",
        "a/../b,                     expected [HOST",
        "a..b/c,                     host name",
        "a.-b/c,                     host name",
        "a___b,                      expected [HOST",
        "host.example:99999999/a,    host name",
        "https://host.example/a,     host name",
        "nginx@sha256:12,            digest",
        "nginx@latest,               digest",
        "@,                          digest",
        "scratch,                    reserved",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, image id"
    })
    void what_is_no_reference_is_quoted_with_what_is_wrong(String text, String why) {
        assertThatThrownBy(() -> ImageReference.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("invalid image reference \"" + text + "\"")
                .hasMessageContaining(why);
    }

    @Test
    void tags_and_names_have_a_greatest_length() {
        assertThat(ImageReference.parse("a:" + "t".repeat(128)).tag()).hasValue("t".repeat(128));
        assertThatThrownBy(() -> ImageReference.parse("a:" + "t".repeat(129))).hasMessageContaining("tag");
        assertThatThrownBy(() -> ImageReference.parse("a".repeat(256))).hasMessageContaining("expected");
    }
}
