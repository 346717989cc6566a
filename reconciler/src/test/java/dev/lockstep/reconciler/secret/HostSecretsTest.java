package dev.lockstep.reconciler.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostSecretsTest {
    @TempDir
    Path directory;

    private HostSecrets secrets() {
        return new HostSecrets(directory.resolve("stacks"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Path file() {
        return directory.resolve("stacks/shop/secrets/db");
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    @Test
    void what_is_set_is_found_byte_for_byte_and_only_roots() throws IOException {
        assertThat(secrets().find("shop", "db")).isEmpty();
        assertThat(secrets().list(Optional.empty())).isEmpty();
        secrets().set("shop", "db", bytes("hunter2\n"));
        assertThat(secrets().find("shop", "db").orElseThrow()).isEqualTo(bytes("hunter2\n"));
        assertThat(Files.getPosixFilePermissions(file())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        for (var above : new String[] {"stacks/shop", "stacks/shop/secrets"}) {
            assertThat(Files.getPosixFilePermissions(directory.resolve(above)))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        }
        secrets().set("shop", "db", bytes("other"));
        secrets().set("blog", "key", bytes("k"));
        assertThat(secrets().find("shop", "db").orElseThrow()).isEqualTo(bytes("other"));
        assertThat(secrets().list(Optional.empty()))
                .extracting(kept -> kept.stack() + "/" + kept.name())
                .containsExactly("blog/key", "shop/db");
        assertThat(secrets().list(Optional.of("shop"))).hasSize(1);
        assertThat(secrets().remove("shop", "db")).isTrue();
        assertThat(secrets().remove("shop", "db")).isFalse();
        assertThat(secrets().find("shop", "db")).isEmpty();
    }

    @Test
    void those_of_builds_are_no_stacks() throws IOException {
        secrets().ofBuilds().set(HostSecrets.BUILDS, "npm", bytes("token"));
        assertThat(directory.resolve("builds/secrets/npm")).hasContent("token");
        assertThat(secrets().find(HostSecrets.BUILDS, "npm")).isEmpty();
        assertThat(secrets().list(Optional.empty())).isEmpty();
        assertThat(secrets().ofBuilds().list(Optional.of(HostSecrets.BUILDS))).hasSize(1);
    }

    @Test
    void another_file_of_the_same_age_and_another_mode_are_seen() throws IOException {
        secrets().set("shop", "db", bytes("old"));
        var before = secrets().list(Optional.of("shop"));
        assertThat(secrets().list(Optional.of("shop"))).isEqualTo(before);
        var age = Files.getLastModifiedTime(file());
        secrets().set("shop", "db", bytes("new"));
        Files.setLastModifiedTime(file(), age);
        var replaced = secrets().list(Optional.of("shop"));
        assertThat(replaced).isNotEqualTo(before);
        mode(file(), "rw-r--r--");
        assertThat(secrets().list(Optional.of("shop"))).isNotEqualTo(replaced);
    }

    @Test
    void what_others_may_read_or_replace_is_not_believed() throws IOException {
        secrets().set("shop", "db", bytes("x"));
        mode(file(), "rw-r-----");
        assertThatThrownBy(() -> secrets().find("shop", "db"))
                .hasMessage(file() + " is open to others than root, so its value is not believed; run chown root:root "
                        + file() + " && chmod 600 " + file() + ".");
        mode(file(), "rw-------");
        for (var above : new String[] {"stacks", "stacks/shop", "stacks/shop/secrets"}) {
            var path = directory.resolve(above);
            var before = Files.getPosixFilePermissions(path);
            mode(path, "rwxrwxr-x");
            assertThatThrownBy(() -> secrets().find("shop", "db"))
                    .as(above)
                    .hasMessage("others than root may write to " + path + ", so no secret below is believed; run chown"
                            + " root:root " + path + " && chmod go-w " + path + ".");
            assertThatThrownBy(() -> secrets().set("shop", "db", bytes("y"))).isInstanceOf(IOException.class);
            Files.setPosixFilePermissions(path, before);
        }
        Files.setAttribute(file(), "unix:uid", 1000);
        assertThatThrownBy(() -> secrets().find("shop", "db")).hasMessageContaining("open to others than root");
        Files.delete(file());
        Files.writeString(directory.resolve("elsewhere"), "x");
        Files.createSymbolicLink(file(), directory.resolve("elsewhere"));
        assertThatThrownBy(() -> secrets().find("shop", "db"))
                .hasMessage(file() + " is a link, which is not followed.");
        Files.delete(file());
        Files.createDirectory(file());
        assertThatThrownBy(() -> secrets().find("shop", "db")).isInstanceOf(IOException.class);
    }

    @Test
    void names_lead_nowhere_else_and_values_have_an_end() {
        for (var name : new String[] {"..", "a/b", "", ".hidden", "a b", "a\nb"}) {
            assertThatThrownBy(() -> secrets().set("shop", name, bytes("x")))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> secrets().find(name, "db")).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> secrets().set("shop", "db", new byte[0]))
                .hasMessage("a secret has 1 to 1048576 bytes, this one has none");
        assertThatThrownBy(() -> secrets().set("shop", "db", new byte[HostSecrets.LARGEST + 1]))
                .hasMessageEndingWith("this one has more");
    }
}
