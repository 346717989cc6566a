package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a submodule is from, by what {@code .gitmodules} of another repository says. */
class SubmoduleAddressTest {
    @ParameterizedTest
    @CsvSource({
        "https://h/a/b.git, ../c.git, https://h/a/c.git",
        "https://h/a/b.git/, ../../c.git, https://h/c.git",
        "https://h/a/b.git, ./c, https://h/a/b.git/c",
        "https://h/a/b.git, https://other/x.git, https://other/x.git",
        "git@h:a/b.git, ../c.git, git@h:a/c.git",
        "git@h:b.git, ../c.git, git@h:c.git",
        "/srv/a.git, ../b.git, /srv/b.git",
        "/srv/a.git, /other/b.git, /other/b.git",
        "/a.git, ../b.git, /b.git",
    })
    void an_address_or_a_path_from_the_repository_that_names_it(String remote, String text, String address) {
        assertThat(Remote.parse(remote).submodule(text).url()).isEqualTo(address);
    }

    @Test
    void the_login_goes_to_the_same_host_alone() {
        var remote = Remote.parse("https://me:pw@h/a/b.git");
        assertThat(remote.submodule("../c.git").login()).isEqualTo(remote.login());
        assertThat(remote.submodule("https://other/c.git").login()).isEmpty();
    }

    @Test
    void neither_out_of_the_host_nor_to_the_files_of_this_one() {
        var remote = Remote.parse("https://h/a/b.git");
        assertThatThrownBy(() -> remote.submodule("../../../c")).hasMessageContaining("leads out of");
        assertThatThrownBy(() -> remote.submodule("/etc")).hasMessageContaining("is a path of this host");
        assertThatThrownBy(() -> remote.submodule("file:///etc")).hasMessageContaining("is a path of this host");
        assertThatThrownBy(() -> remote.submodule("ext::sh -c true")).hasMessageContaining("neither a URL");
    }
}
