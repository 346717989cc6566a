package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real OpenSSH server on loopback, with keys made for the test. */
class GitSshIT {
    private static final FollowedRef MAIN = new FollowedRef("main");

    @TempDir
    static Path directory;

    private static @org.jspecify.annotations.Nullable Process sshd;
    private static boolean madeRun;
    private static int port;
    private static String commit;
    private static Root root;
    private static TestRepository origin;

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/sbin/sshd")), "openssh-server is not installed");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git-upload-pack")), "git is not installed");
        madeRun = Files.notExists(Path.of("/run/sshd"));
        Files.createDirectories(Path.of("/run/sshd"));
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        commit = origin.put("a", "1").commit("one");
        keygen("host_ed25519", "ed25519");
        keygen("host_rsa", "rsa");
        keygen("id_ed25519", "ed25519");
        keygen("other", "ed25519");
        Files.copy(directory.resolve("id_ed25519.pub"), directory.resolve("authorized_keys"));
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.writeString(directory.resolve("sshd_config"), """
                Port %d
                ListenAddress 127.0.0.1
                HostKey %s/host_ed25519
                HostKey %s/host_rsa
                AuthorizedKeysFile %s/authorized_keys
                PidFile none
                StrictModes no
                UsePAM no
                PermitRootLogin prohibit-password
                PasswordAuthentication no
                """.formatted(port, directory, directory, directory));
        sshd = new ProcessBuilder(
                        "/usr/sbin/sshd",
                        "-D",
                        "-e",
                        "-f",
                        directory.resolve("sshd_config").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("sshd.log").toFile())
                .start();
        await().until(() -> {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (IOException e) {
                return false;
            }
        });
    }

    @AfterAll
    static void stop() throws Exception {
        if (sshd != null) {
            sshd.destroy();
            sshd.waitFor();
            origin.close();
            if (madeRun) {
                Files.delete(Path.of("/run/sshd"));
            }
        }
    }

    private static void keygen(String name, String type) throws Exception {
        var made = new ProcessBuilder(
                        "ssh-keygen",
                        "-q",
                        "-t",
                        type,
                        "-N",
                        "",
                        "-f",
                        directory.resolve(name).toString())
                .inheritIO()
                .start();
        assertThat(made.waitFor()).isZero();
    }

    private static Path sshDirectory(String name, String... knownKeys) throws IOException {
        var ssh = Files.createDirectory(directory.resolve(name));
        var lines = new StringBuilder();
        for (var key : knownKeys) {
            var parts = Files.readString(directory.resolve(key + ".pub")).split(" ", -1);
            lines.append("[127.0.0.1]:")
                    .append(port)
                    .append(' ')
                    .append(parts[0])
                    .append(' ')
                    .append(parts[1].strip())
                    .append('\n');
        }
        Files.writeString(ssh.resolve("known_hosts"), lines.toString());
        return ssh;
    }

    private static GitSource source(Path ssh, Optional<Path> key) throws IOException {
        return new GitRepositories(root, GitSettings.defaults().withSsh(ssh, key))
                .open(Remote.parse("ssh://root@127.0.0.1:" + port + origin.directory()));
    }

    @Test
    void a_named_key_and_a_known_host_are_enough() throws IOException {
        var ssh = sshDirectory("named", "host_ed25519");
        try (var source = source(ssh, Optional.of(directory.resolve("id_ed25519")))) {
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);
            assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
        }
        assertThat(ssh).isDirectoryNotContaining(p -> !p.endsWith("known_hosts"));
    }

    @Test
    void the_keys_of_the_directory_are_offered_and_any_known_type_of_the_host_counts() throws IOException {
        var ssh = sshDirectory("default", "host_rsa");
        Files.copy(directory.resolve("id_ed25519"), ssh.resolve("id_ed25519"));
        try (var source = source(ssh, Optional.empty())) {
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);
        }
    }

    @Test
    void an_unknown_host_is_refused_with_its_fingerprint_and_never_remembered() throws IOException {
        var ssh = sshDirectory("unknown");
        try (var source = source(ssh, Optional.of(directory.resolve("id_ed25519")))) {
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.AUTH);
            assertThat(failure).hasMessageContaining("the server's key SHA256:").hasMessageContaining("known_hosts");
        }
        assertThat(ssh.resolve("known_hosts")).isEmptyFile();
    }

    @Test
    void a_key_that_others_can_read_is_not_used_and_servers_may_be_known_by_another_file() throws IOException {
        var servers = sshDirectory("servers", "host_ed25519").resolve("known_hosts");
        var key = Files.copy(directory.resolve("id_ed25519"), directory.resolve("own"));
        var ssh = new GitSettings.Ssh(sshDirectory("empty"), Optional.of(key), Optional.of(servers));
        try (var source = new GitRepositories(root, GitSettings.defaults().withSsh(ssh))
                .open(Remote.parse("ssh://root@127.0.0.1:" + port + origin.directory()))) {
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.AUTH);
            assertThat(failure).hasMessageContaining("is not asked: " + key + " is open to others than root");

            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
            assertThat(source.tip(MAIN).commit()).isEqualTo(commit);
        }
    }

    @Test
    void another_key_than_the_known_one_is_refused() throws IOException {
        var ssh = sshDirectory("changed", "other");
        try (var source = source(ssh, Optional.of(directory.resolve("id_ed25519")))) {
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                            .kind())
                    .isEqualTo(Kind.AUTH);
        }
    }

    @Test
    void a_key_that_the_server_does_not_know_is_said() throws IOException {
        var ssh = sshDirectory("stranger", "host_ed25519");
        try (var source = source(ssh, Optional.of(directory.resolve("other")))) {
            var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
            assertThat(failure.kind()).isEqualTo(Kind.AUTH);
            assertThat(failure).hasMessageContaining("refused our SSH key");
        }
    }

    @Test
    void a_missing_repository_is_said() throws IOException {
        var ssh = sshDirectory("missing", "host_ed25519");
        var settings = GitSettings.defaults().withSsh(ssh, Optional.of(directory.resolve("id_ed25519")));
        try (var source = new GitRepositories(root, settings)
                .open(Remote.parse("ssh://root@127.0.0.1:" + port + directory + "/nope.git"))) {
            assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                            .kind())
                    .isEqualTo(Kind.NOT_A_REPOSITORY);
        }
    }

    @Test
    void a_server_that_is_not_there_is_unreachable() throws IOException {
        var ssh = sshDirectory("nobody", "host_ed25519");
        int free;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        for (var url : List.of("ssh://root@127.0.0.1:" + free + "/x", "ssh://root@name.invalid/x")) {
            try (var source = new GitRepositories(root, GitSettings.defaults().withSsh(ssh, Optional.empty()))
                    .open(Remote.parse(url))) {
                assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                                .kind())
                        .isEqualTo(Kind.UNREACHABLE);
            }
        }
    }
}
