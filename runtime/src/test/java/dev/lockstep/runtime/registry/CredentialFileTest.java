package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialFileTest {
    @TempDir
    Path directory;

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private Path file(String json) throws IOException {
        return Files.writeString(directory.resolve("config.json"), json.replace('\'', '"'));
    }

    private CredentialFile shared(String json) throws IOException {
        return CredentialFile.shared(file(json), Map.of("PATH", directory + ":/usr/bin:/bin"));
    }

    private Path helper(String name, String script) throws IOException {
        var program = Files.writeString(directory.resolve("docker-credential-" + name), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }

    private static Optional<Credential> account(String user, String password) {
        return Optional.of(new Credential.Account(user, password));
    }

    @ParameterizedTest
    @CsvSource({
        "r.example,                      r.example,      true",
        "https://r.example,              r.example,      true",
        "http://r.example/,              r.example,      true",
        "https://R.Example/v1/,          r.example,      true",
        "r.example/v2,                   r.example,      true",
        "r.example:5000,                 r.example:5000, true",
        "https://index.docker.io/v1/,    docker.io,      true",
        "index.docker.io,                docker.io,      true",
        "docker.io,                      docker.io,      true",
        "registry-1.docker.io,           docker.io,      true",
        "r.example,                      r.example:5000, false",
        "r.example:5000,                 r.example,      false",
        "r.example/team,                 r.example,      false",
        "a.r.example,                    r.example,      false",
        "r.example.evil,                 r.example,      false",
    })
    void an_entry_is_for_one_host_however_it_is_written(String key, String host, boolean found) throws IOException {
        var file = shared("{'auths':{'%s':{'auth':'%s'}}}".formatted(key, base64("me:pw")));

        assertThat(file.find(host)).isEqualTo(found ? account("me", "pw") : Optional.empty());
    }

    @Test
    void an_account_is_read_in_all_its_forms() throws IOException {
        var file = shared(
                "{'auths':{'a':{'auth':'%s'},'b':{'username':'u','password':'p'},'c':{},'d':{'auth':''}, 'e':{'auth':'%s','identitytoken':'it'},'f':{'registrytoken':'rt'},'g':{'auth':'%s'}},'unknown':[1]}"
                        .formatted(base64("me:with:colon"), base64("00000000-0000:"), base64("me:padded\0\0")));

        assertThat(file.find("a")).isEqualTo(account("me", "with:colon"));
        assertThat(file.find("b")).isEqualTo(account("u", "p"));
        assertThat(file.find("c")).isEmpty();
        assertThat(file.find("d")).isEmpty();
        assertThat(file.find("e")).contains(new Credential.IdentityToken("it"));
        assertThat(file.find("f")).contains(new Credential.RegistryToken("rt"));
        assertThat(file.find("g")).isEqualTo(account("me", "padded"));
        assertThat(file.find("h")).isEmpty();
    }

    @Test
    void the_entry_of_that_very_name_wins_over_one_that_means_it() throws IOException {
        var file = shared("{'auths':{'https://a/v1/':{'auth':'%s'},'a':{'auth':'%s'}}}"
                .formatted(base64("one:1"), base64("two:2")));

        assertThat(file.find("a")).isEqualTo(account("two", "2"));
    }

    @Test
    void the_helper_of_a_host_is_asked_before_the_store_and_the_store_before_the_file() throws IOException {
        helper("one", "read server; echo \"{\\\"Username\\\":\\\"helper\\\",\\\"Secret\\\":\\\"$1 $server\\\"}\"\n");
        helper(
                "two",
                "read server; case $server in s|https://index.docker.io/v1/) echo"
                        + " \"{\\\"Username\\\":\\\"<token>\\\",\\\"Secret\\\":\\\"$server\\\"}\";;"
                        + " *) echo credentials not found in native keychain; exit 1;; esac\n");
        var file = shared(
                "{'credHelpers':{'h':'one'},'credsStore':'two','auths':{'h':{'auth':'%1$s'},'s':{'auth':'%1$s'},'f':{'auth':'%1$s'}}}"
                        .formatted(base64("file:pw")));

        assertThat(file.find("h")).isEqualTo(account("helper", "get h"));
        assertThat(file.find("s")).contains(new Credential.IdentityToken("s"));
        assertThat(file.find("docker.io")).contains(new Credential.IdentityToken("https://index.docker.io/v1/"));
        assertThat(file.find("f")).isEqualTo(account("file", "pw"));
        assertThat(file.find("nobody")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo SECRET broken; exit 3 | ends with code 3",
                "echo SECRET                | answers what is no JSON",
                "echo '[\"SECRET\"]'        | answers what is no object with Username and Secret",
                "printf '\\0\\377SECRET'     | answers what is no JSON",
                "head -c 10000000 /dev/zero | answers more than 1 MiB",
                "yes SECRET                 | answers more than 1 MiB",
            })
    void a_helper_that_fails_is_named_and_not_quoted(String script, String why) throws IOException {
        helper("bad", script + "\n");
        var file = shared("{'credsStore':'bad'}");

        assertThatThrownBy(() -> file.find("h"))
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.MISCONFIGURED))
                .hasMessage("the credential helper docker-credential-bad " + why)
                .hasNoCause();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../bin/sh", "", "a b", "-x", "a/b"})
    void a_helper_is_only_ever_a_name(String name) throws IOException {
        var file = shared("{'credHelpers':{'h':'" + name + "'}}");

        if (name.isEmpty()) {
            assertThat(file.find("h")).isEmpty();
        } else {
            assertThatThrownBy(() -> file.find("h"))
                    .hasMessageContaining("\"" + name + "\" is not the name of a credential helper");
        }
    }

    @Test
    void a_helper_that_is_not_installed_or_never_ends_is_named() throws IOException {
        var file = shared("{'credHelpers':{'h':'absent'}}");
        assertThatThrownBy(() -> file.find("h"))
                .hasMessageStartingWith("the credential helper docker-credential-absent is not installed in ");

        helper("slow", "sleep 1000\n");
        var slow = new CredentialHelper(
                "slow", JsonMapper.builder().build(), Map.of("PATH", directory + ":/bin"), Duration.ofMillis(100));
        assertThatThrownBy(() -> slow.get("h")).hasMessageContaining("docker-credential-slow does not answer within");

        helper("mute", "exec >&- 2>&-; exec sleep 1000\n");
        var mute = new CredentialHelper(
                "mute", JsonMapper.builder().build(), Map.of("PATH", directory + ":/bin"), Duration.ofMillis(100));
        assertThatThrownBy(() -> mute.get("h")).hasMessageContaining("docker-credential-mute does not answer within");
    }

    @Test
    void a_helper_that_cannot_be_started_is_named_with_what_is_wrong() throws IOException {
        var file = shared("{'credHelpers':{'h':'bad'}}");
        var program = helper("bad", "exit 0\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-------"));
        misconfigured(
                file, "the credential helper docker-credential-bad is not executable: 'chmod a+x " + program + "'");

        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        Files.write(program, new byte[] {1, 2, 3});
        misconfigured(file, "the credential helper " + program + " cannot be started: posix_spawn");
        Files.writeString(program, "#!/none/such\n");
        misconfigured(file, "the credential helper " + program + " cannot be started: posix_spawn");
    }

    private static void misconfigured(CredentialFile file, String message) {
        assertThatThrownBy(() -> file.find("h"))
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.MISCONFIGURED))
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void a_file_of_another_kind_is_named() throws Exception {
        var path = directory.resolve("config.json");
        var file = CredentialFile.shared(path, Map.of());
        Files.createDirectory(path);
        misconfigured(file, path + " must be an ordinary file");
        Files.delete(path);
        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor())
                .isZero();
        misconfigured(file, path + " must be an ordinary file");
        Files.delete(path);
        Files.createSymbolicLink(path, directory.resolve("nowhere"));
        misconfigured(file, path + " is a link to a file that is not there");
        Files.delete(path);
        Files.createSymbolicLink(path, path);
        misconfigured(file, path + " cannot be read: ");
        Files.delete(path);
        // Not even root reads that memory.
        Files.createSymbolicLink(path, Path.of("/proc/self/mem"));
        misconfigured(file, path + " cannot be read: ");
        Files.delete(path);
        Files.write(path, new byte[(4 << 20) + 1]);
        misconfigured(file, path + " has more than 4 MiB");
        assertThatThrownBy(() -> CredentialFile.secret(directory, Map.of()).find("h"))
                .hasMessage(directory + " must be an ordinary file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'auths':{'h':{'auth':'SECRET!'}}}  | auths.h.auth is not USER:PASSWORD in base64",
                "{'auths':{'h':{'auth':'U0VDUkVU'}}} | auths.h.auth is not USER:PASSWORD in base64",
                "{'auths': SECRET}                   | is not JSON (line 1, column ",
                "[1]                                 | must hold an object",
                "{'auths':['SECRET']}                | must hold an object as auths",
                "{'credHelpers':'SECRET'}            | must hold an object as credHelpers",
                "{'auths':                           | is not JSON",
            })
    void what_cannot_be_read_is_named_and_not_quoted(String json, String why) throws IOException {
        var file = shared(json);

        assertThatThrownBy(() -> file.find("h"))
                .hasMessageContaining(directory.resolve("config.json") + " ")
                .hasMessageContaining(why.strip())
                .hasMessageNotContainingAny("SECRET", "U0VD")
                .hasNoCause();
    }

    @Test
    void a_file_that_is_not_there_or_empty_knows_nobody() throws IOException {
        assertThat(CredentialFile.shared(directory.resolve("none"), Map.of()).find("h"))
                .isEmpty();
        assertThat(CredentialFile.secret(directory.resolve("none"), Map.of()).find("h"))
                .isEmpty();
        assertThat(shared("").find("h")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "rw-------, true",
        "r--------, true",
        "rw-r-----, false",
        "rw----r--, false",
        "rw--w----, false",
        "rwx------, false"
    })
    void an_own_file_that_others_can_touch_is_refused(String mode, boolean accepted) throws IOException {
        var path = file("{'auths':{'h':{'auth':'%s'}}}".formatted(base64("me:pw")));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        var file = CredentialFile.secret(path, Map.of());

        if (accepted) {
            assertThat(file.find("h")).isEqualTo(account("me", "pw"));
        } else {
            assertThatThrownBy(() -> file.find("h")).hasMessageContaining("'chmod 600 " + path + "'");
        }
    }

    @Test
    void an_own_file_behind_a_link_is_refused() throws IOException {
        var link = Files.createSymbolicLink(directory.resolve("link"), file("{}"));

        assertThatThrownBy(() -> CredentialFile.secret(link, Map.of()).find("h"))
                .hasMessage(link + " must be an ordinary file");
    }

    @Test
    void the_first_source_that_knows_the_host_decides() throws IOException {
        Credentials first = host -> host.equals("a") ? account("first", "1") : Optional.empty();
        Credentials second = host -> account("second", "2");
        var both = Credentials.firstOf(List.of(first, second));

        assertThat(both.find("a")).isEqualTo(account("first", "1"));
        assertThat(both.find("b")).isEqualTo(account("second", "2"));
        assertThat(both.find("a").orElseThrow()).hasToString("first:***");
        assertThat(new Credential.IdentityToken("x").toString() + new Credential.RegistryToken("y"))
                .isEqualTo("identity token ***registry token ***");
    }

    @Test
    void an_account_is_kept_and_forgotten_and_the_rest_stays() throws IOException {
        var path = file("{'auths':{'https://a/v2/':{'auth':'%1$s'},'b':{'auth':'%1$s'}},'other':1}"
                .formatted(base64("old:pw")));
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        var file = CredentialFile.secret(path, Map.of());

        file.store("a", new Credential.Account("new", "p:w"));
        assertThat(file.find("a")).isEqualTo(account("new", "p:w"));
        assertThat(file.find("b")).isEqualTo(account("old", "pw"));
        assertThat(Files.readString(path)).contains("\"other\" : 1").doesNotContain("https://a/v2/");
        assertThat(file.forget("a")).isTrue();
        assertThat(file.forget("a")).isFalse();
        assertThat(file.find("a")).isEmpty();
        assertThat(file.find("b")).isEqualTo(account("old", "pw"));

        var fresh = directory.resolve("new/registries.json");
        CredentialFile.secret(fresh, Map.of()).store("docker.io", new Credential.Account("me", "pw"));
        assertThat(CredentialFile.secret(fresh, Map.of()).find("docker.io")).isEqualTo(account("me", "pw"));
    }

    @Test
    void an_own_file_that_others_can_read_is_not_written_either() throws IOException {
        var path = file("{}");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        var file = CredentialFile.secret(path, Map.of());

        assertThatThrownBy(() -> file.store("a", new Credential.Account("me", "SECRET")))
                .hasMessageContaining("chmod 600");
        assertThat(path).hasContent("{}");
    }
}
