package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that are full, commands, contexts and base images that mean no good; on 64 MiB. */
class HostileBuildIT {
    private static final long SIZE = 64 << 20;

    @TempDir
    Path directory;

    private Path small;
    private BuildLab lab;

    @BeforeEach
    void setUp() throws IOException {
        small = Files.createDirectory(directory.resolve("small"));
        Mounts.tmpfs(small, SIZE, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        lab = new BuildLab(Files.createDirectory(small.resolve("lab")));
    }

    @AfterEach
    void tearDown() throws IOException {
        try {
            lab.close();
        } finally {
            Mounts.unmount(small);
        }
    }

    private void assertNothingHasChanged(List<?> images) throws IOException {
        assertThat(lab.images.list()).isEqualTo(images);
        assertThat(lab.root.state().resolve("images/tmp")).isEmptyDirectory();
        assertThat(lab.images.verify().isGood()).isTrue();
        var image = lab.build("FROM busybox\nRUN echo fits > /o\n");
        assertThat(lab.tree(image).resolve("o")).hasContent("fits");
    }

    @Test
    void what_programs_of_one_repository_made_is_nothing_that_another_ones_builds_find() throws IOException {
        // The same step by its words, its files and its base; what it makes is chosen beside them.
        var words =
                "FROM busybox\nRUN --mount=type=cache,target=/c cat /c/a > /o 2>/dev/null; echo $HTTP_PROXY | tee -a /o > /c/a\n";
        assertThat(made(words, "http://mean", "https://git.example.com/mean")).isEqualTo("http://mean\n");
        assertThat(made(words, "http://good", "https://git.example.com/good")).isEqualTo("http://good\n");
        assertThat(made(words, "http://hand", "")).isEqualTo("http://hand\n");
        assertThat(made(words, "http://other", "https://git.example.com/mean"))
                .as("it is shared with later builds of the same one")
                .isEqualTo("http://mean\n");
    }

    private String made(String dockerfile, String proxy, String sharers) throws IOException {
        var request = lab.request(dockerfile).withArguments(Map.of("HTTP_PROXY", proxy));
        var builder = new Builder(lab.rooms).sharedBy(sharers);
        var image = builder.build(
                request, lab.events::add, new Cancellation(), Builder.Finish.named(lab.images, List.of()));
        return Files.readString(lab.tree(image).resolve("o"));
    }

    @Test
    void a_command_that_fills_the_disk_fails_and_leaves_room_for_the_next() throws IOException {
        var before = lab.images.list();
        assertThatThrownBy(() -> lab.build("FROM busybox\nRUN dd if=/dev/urandom of=/big bs=1M count=500 || exit 28\n"))
                .isInstanceOfSatisfying(StepFailedException.class, failure -> {
                    assertThat(failure.excerpt()).startsWith("Dockerfile:2\n");
                    assertThat(String.join("\n", failure.lastLines())).contains("No space left on device");
                })
                .hasMessageEndingWith("exit code: 28");
        assertNothingHasChanged(before);
    }

    @Test
    void a_layer_that_does_not_fit_is_told_with_its_line_and_leaves_nothing() throws IOException {
        var before = lab.images.list();
        // As it was written it fits, and once more, as a layer, it does not.
        assertThatThrownBy(() -> lab.build("FROM busybox\nENV A=1\nRUN head -c 40000000 /dev/urandom > /big\n"))
                .isInstanceOfSatisfying(StepFailedException.class, failure -> {
                    assertThat(failure.excerpt()).startsWith("Dockerfile:3\n");
                    assertThat(NoSpace.isWhy(failure)).isTrue();
                });
        assertNothingHasChanged(before);
    }

    @Test
    void a_download_without_end_stops_before_the_disk_is_full_and_leaves_nothing() throws IOException {
        var before = lab.images.list();
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/endless", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            // Until the other side hangs up, which is an exception.
            while (true) {
                exchange.getResponseBody().write(new byte[1 << 16]);
            }
        });
        server.start();
        try {
            var url = "http://127.0.0.1:" + server.getAddress().getPort() + "/endless";
            assertThatThrownBy(() -> lab.build("FROM busybox\nADD " + url + " /big\n"))
                    .isInstanceOfSatisfying(StepFailedException.class, failure -> {
                        assertThat(failure.excerpt()).startsWith("Dockerfile:2\n");
                        assertThat(NoSpace.isWhy(failure)).isFalse();
                    })
                    .hasMessageContaining("cannot get " + url + ": it did not end after ");
        } finally {
            server.stop(0);
        }
        assertThat(lab.root.state().resolve("build-steps")).isEmptyDirectory();
        assertNothingHasChanged(before);
    }

    @Test
    void output_without_end_is_clipped_where_docker_clips_it() throws IOException {
        assertThatThrownBy(() -> lab.build("FROM busybox\nRUN yes 0123456789 | head -c 33000000; echo why; exit 3\n"))
                .isInstanceOfSatisfying(
                        StepFailedException.class,
                        failure -> assertThat(failure.lastLines()).hasSize(20).endsWith("why"));
        assertThat(lab.output())
                .contains("[output clipped, log limit 2MiB reached")
                .hasSizeLessThan(2_200_000);
    }

    @Test
    void nodes_and_fifos_of_a_context_are_copied_unread_and_sockets_are_not() throws IOException {
        lab.file("a.txt", "a\n");
        try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var context = Directory.open(lab.context())) {
            socket.bind(UnixDomainSocketAddress.of(lab.context().resolve("socket")));
            context.makeNode(RawPath.of("fifo"), FileStatus.Type.FIFO, new DeviceNumber(0, 0));
            context.makeNode(RawPath.of("zero"), FileStatus.Type.CHARACTER_DEVICE, new DeviceNumber(1, 5));
            var image = lab.build("FROM busybox\nCOPY . /x\nRUN --mount=target=/m ls /m\n");
            assertThat(lab.output()).isEqualTo("a.txt\nfifo\nzero\n");
            try (var tree = Directory.open(lab.tree(image).resolve("x"))) {
                assertThat(tree.status(RawPath.of("fifo")).orElseThrow().type()).isEqualTo(FileStatus.Type.FIFO);
                assertThat(tree.status(RawPath.of("zero")).orElseThrow().device())
                        .isEqualTo(new DeviceNumber(1, 5));
                assertThat(tree.status(RawPath.of("socket"))).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"FROM other", "NOSUCH thing", "RUN --mount=type=no x", "RUN true\nRUN false"})
    void a_trigger_of_a_base_image_that_is_none_is_told_with_the_line_of_its_FROM(String trigger) throws IOException {
        lab.add(TestImage.busybox("bad")
                .changeConfig(document ->
                        document.withObject("/config").putArray("OnBuild").add(trigger)));
        assertThatThrownBy(() -> lab.build("# one\nFROM bad\nRUN true\n"))
                .isInstanceOfSatisfying(
                        StepFailedException.class,
                        failure -> assertThat(failure.excerpt()).startsWith("Dockerfile:2\n"))
                .hasMessageContaining(trigger);
    }

    @Test
    void an_image_for_another_platform_is_made_where_nothing_of_it_has_to_run() throws IOException {
        var other = Platform.parse(Platform.current().architecture().equals("s390x") ? "linux/ppc64le" : "linux/s390x");
        lab.file("a.txt", "a\n");
        var image = build(other, """
                FROM --platform=$BUILDPLATFORM busybox AS make
                ARG TARGETARCH
                RUN echo for $TARGETARCH > /made
                FROM scratch
                COPY --from=make /made /
                COPY a.txt /
                """);
        assertThat(image.config().platform()).isEqualTo(other);
        assertThat(lab.tree(image).resolve("made")).hasContent("for " + other.architecture());
        lab.add(TestImage.busybox("theirs").platform(other));
        assertThat(build(other, "FROM theirs\nCOPY a.txt /\n").config().platform())
                .isEqualTo(other);
        assertThatThrownBy(() -> build(other, "FROM theirs\nRUN true\n"))
                .isInstanceOfSatisfying(
                        StepFailedException.class,
                        failure -> assertThat(failure.excerpt()).startsWith("Dockerfile:2\n"))
                .hasMessageStartingWith("programs for " + other + " do not run on this host");
        assertThatThrownBy(() -> build(other, "FROM busybox\nCOPY a.txt /\n"))
                .hasMessageStartingWith(
                        "busybox:latest for " + other + " is not here, and base images are pulled for this");
    }

    private Image build(Platform platform, String dockerfile) throws IOException {
        var request = lab.request(dockerfile);
        return lab.build(new BuildRequest(
                request.dockerfile(),
                request.target(),
                request.context(),
                request.contexts(),
                request.arguments(),
                request.labels(),
                request.cache(),
                request.pull(),
                request.secrets(),
                request.agents(),
                request.steps(),
                platform,
                request.epoch()));
    }
}
