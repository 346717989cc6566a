package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.dockerfile.Mount;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What our agent signs is what OpenSSH's own programs believe. */
class SshKeyTest {
    @TempDir
    Path directory;

    private void keygen(String... arguments) throws Exception {
        var command = new ArrayList<>(List.of("ssh-keygen"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    @ParameterizedTest
    @CsvSource({"ed25519,256,0", "rsa,2048,2", "rsa,2048,4", "ecdsa,256,0", "ecdsa,384,0", "ecdsa,521,0"})
    void an_agent_with_the_key_signs_as_ssh_keygen_verifies(String type, String bits, int flags) throws Exception {
        var file = directory.resolve("key");
        keygen("-q", "-t", type, "-b", bits, "-N", "", "-C", "who", "-f", file.toString());
        var key = SshKey.read(file);
        assertThat(key.comment()).isEqualTo("who");
        assertThat(key.toString()).isEqualTo("***");

        // ssh-keygen verifies signatures in an envelope of its own (openssh-portable, PROTOCOL.sshsig).
        var message = "hello".getBytes(StandardCharsets.UTF_8);
        var hash = MessageDigest.getInstance("SHA-512").digest(message);
        var magic = "SSHSIG".getBytes(StandardCharsets.US_ASCII);
        var named = SshKey.joined(
                "file".getBytes(StandardCharsets.UTF_8), new byte[0], "sha512".getBytes(StandardCharsets.UTF_8), hash);
        var signed = ByteBuffer.allocate(magic.length + named.length)
                .put(magic)
                .put(named)
                .array();
        var answer = ask(key, 13, SshKey.joined(key.blob(), signed), flags);
        assertThat(answer[4]).isEqualTo((byte) 14);
        var signature = new byte[ByteBuffer.wrap(answer, 5, 4).getInt()];
        System.arraycopy(answer, 9, signature, 0, signature.length);
        var rest = SshKey.joined(
                key.blob(),
                "file".getBytes(StandardCharsets.UTF_8),
                new byte[0],
                "sha512".getBytes(StandardCharsets.UTF_8),
                signature);
        var envelope = ByteBuffer.allocate(magic.length + 4 + rest.length)
                .put(magic)
                .putInt(1)
                .put(rest)
                .array();
        Files.writeString(
                directory.resolve("sig"),
                "-----BEGIN SSH SIGNATURE-----\n" + Base64.getMimeEncoder().encodeToString(envelope)
                        + "\n-----END SSH SIGNATURE-----\n");
        Files.writeString(directory.resolve("signers"), "me " + Files.readString(Path.of(file + ".pub")));
        var verify = new ProcessBuilder(
                        "ssh-keygen",
                        "-Y",
                        "verify",
                        "-f",
                        directory.resolve("signers").toString(),
                        "-I",
                        "me",
                        "-n",
                        "file",
                        "-s",
                        directory.resolve("sig").toString())
                .redirectErrorStream(true)
                .start();
        try (var in = verify.getOutputStream()) {
            in.write(message);
        }
        var said = new String(verify.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(verify.waitFor()).as(said).isZero();
    }

    private static byte[] ask(SshKey key, int type, byte[] parts, int flags) throws IOException {
        var question = ByteBuffer.allocate(4 + 1 + parts.length + 4)
                .putInt(1 + parts.length + 4)
                .put((byte) type)
                .put(parts)
                .putInt(flags);
        var out = new ByteArrayOutputStream();
        new SshKeyAgent(List.of(key)).serve(new ByteArrayInputStream(question.array()), out);
        return out.toByteArray();
    }

    @Test
    void the_programs_of_openssh_sign_through_the_socket_of_a_step() throws Exception {
        var file = directory.resolve("key");
        keygen("-q", "-t", "ed25519", "-N", "", "-C", "who", "-f", file.toString());
        var key = SshKey.read(file);
        Files.move(file, directory.resolve("away")); // from now on there is the public one alone
        var socket = directory.resolve("agent");
        var access = new Mount.Access(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        try (var _ = AgentSocket.open(socket, new SshAgent.Keys(List.of(key)), access)) {
            assertThat(withAgent(socket, "ssh-add", "-L")).isEqualTo(Files.readString(Path.of(file + ".pub")));
            var text = Files.writeString(directory.resolve("text"), "hello");
            withAgent(socket, "ssh-keygen", "-Y", "sign", "-n", "file", "-f", file + ".pub", text.toString());
            assertThat(directory.resolve("text.sig")).content().startsWith("-----BEGIN SSH SIGNATURE-----");
            assertThat(withAgent(socket, "ssh-keygen", "-Y", "check-novalidate", "-n", "file", "-s", text + ".sig"))
                    .contains("Good \"file\" signature");
        }
    }

    private static String withAgent(Path socket, String... command) throws Exception {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SSH_AUTH_SOCK", socket.toString());
        builder.redirectInput(
                socket.resolveSibling("text").toFile().exists()
                        ? ProcessBuilder.Redirect.from(
                                socket.resolveSibling("text").toFile())
                        : ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void what_is_no_key_or_is_locked_says_what_to_do() throws Exception {
        var locked = directory.resolve("locked");
        keygen("-q", "-t", "ed25519", "-N", "secret", "-f", locked.toString());
        assertThatThrownBy(() -> SshKey.read(locked)).hasMessageContaining("has a passphrase; add it to an agent");
        var old = directory.resolve("old");
        keygen("-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", old.toString());
        assertThatThrownBy(() -> SshKey.read(old)).hasMessageContaining("ssh-keygen -p -f");
        assertThatThrownBy(() -> SshKey.read(Path.of(old + ".pub"))).hasMessageContaining("no private key");
    }

    @Test
    void an_agent_gives_nothing_but_names_and_signatures() throws Exception {
        var file = directory.resolve("key");
        keygen("-q", "-t", "ed25519", "-N", "", "-f", file.toString());
        var key = SshKey.read(file);
        assertThat(ask(key, 11, new byte[0], 0)[4]).isEqualTo((byte) 12);
        // To add a key, to remove all, to lock: not this one.
        for (var type : List.of(17, 19, 22)) {
            assertThat(ask(key, type, new byte[0], 0)).containsExactly(0, 0, 0, 1, 5);
        }
        assertThat(ask(key, 13, SshKey.joined("another".getBytes(StandardCharsets.UTF_8), new byte[3]), 0))
                .containsExactly(0, 0, 0, 1, 5);
    }
}
