package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteTest {
    @ParameterizedTest
    @CsvSource({
        "/srv/git/shop.git, LOCAL, /srv/git/shop.git, shop",
        "/srv/shop/.git/, LOCAL, /srv/shop/.git, shop",
        "file:///srv/shop, LOCAL, file:///srv/shop, shop",
        "https://example.org/team/shop.git, HTTPS, https://example.org/team/shop.git, shop",
        "https://example.org:8443/shop/, HTTPS, https://example.org:8443/shop/, shop",
        "https://tok3n@example.org/shop, HTTPS, https://example.org/shop, shop",
        "https://bob:tok3n@example.org/shop, HTTPS, https://example.org/shop, shop",
        "http://127.0.0.1:80/shop, HTTP, http://127.0.0.1:80/shop, shop",
        "ssh://git@example.org:2222/~/shop.git, SSH, ssh://git@example.org:2222/~/shop.git, shop",
        "ssh://git:tok3n@example.org/shop, SSH, ssh://git@example.org/shop, shop",
        "git@example.org:team/shop.git, SSH, git@example.org:team/shop.git, shop",
        "example.org:shop, SSH, example.org:shop, shop",
        "git://example.org/shop, GIT, git://example.org/shop, shop",
    })
    void addresses_are_read_as_git_reads_them(String text, Remote.Transport transport, String url, String name) {
        var remote = Remote.parse(text);
        assertThat(remote.transport()).isEqualTo(transport);
        assertThat(remote.url()).isEqualTo(url);
        assertThat(remote).hasToString(url);
        assertThat(remote.name()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "shop",
                "./shop",
                "../shop",
                "-upload-pack=x:y",
                "ext::sh -c id",
                "ftp://x/y",
                "file://host/x",
                "https://",
                "https://example.org",
                "https://bob:tok3n@exa mple.org/x",
                "https://bob:tok3n@example.org/x?y",
                "ssh://-oProxyCommand=id/x",
                "-oProxyCommand=id:x",
                "javascript://bob:tok3n@x/y",
                "a\nb:c"
            })
    void what_cannot_be_followed_is_refused_without_repeating_a_password(String text) {
        var failure = catchThrowableOfType(IllegalArgumentException.class, () -> Remote.parse(text));
        assertThat(failure).isNotNull();
        assertThat(failure.getMessage())
                .doesNotContain("tok3n")
                .startsWith(text.isBlank() || text.contains("\n") ? "a repository" : "repository");
    }

    @Test
    void the_clone_is_the_same_whatever_the_password() {
        assertThat(Remote.parse("https://a:b@example.org/x").directoryName())
                .isEqualTo(Remote.parse("https://example.org/x").directoryName())
                .hasSize(32);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "main",
                "feature/x",
                "v1.0",
                "refs/pull/1/head",
                "0123456789012345678901234567890123456789",
                "häß"
            })
    void refs_that_git_allows(String text) {
        assertThat(new FollowedRef(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-x",
                "a..b",
                "a b",
                "a~1",
                "x^{tree}",
                "a:b",
                "/a",
                "a/",
                "a//b",
                ".a",
                "a/.b",
                "a.lock",
                "@",
                "a@{1}",
                "a\\b",
                "a*"
            })
    void refs_that_git_forbids(String text) {
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> new FollowedRef(text)))
                .hasMessageContaining("is no branch, tag, ref or full commit id");
    }

    @Test
    void a_login_shows_nothing() {
        assertThat(Login.parse("bob:tok3n")).hasToString("***").isEqualTo(new Login("bob", "tok3n"));
        assertThat(Login.parse("tok3n").password()).isEqualTo("tok3n");
    }
}
