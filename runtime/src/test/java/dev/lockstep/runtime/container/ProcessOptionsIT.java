package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Terminal;
import dev.lockstep.runtime.oci.Rlimit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How processes run: groups, limits, terminal, init, and what is set up around them. */
class ProcessOptionsIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private static ProcessOptions options(boolean tty, boolean stdin, boolean init) {
        return new ProcessOptions(List.of(), tty, stdin, init, Map.of(), Optional.empty());
    }

    @Test
    void groups_limits_and_the_score_are_the_kernels() throws IOException {
        var id = lab.started(lab.wish("c")
                .user("1000:1000")
                .with(new ProcessOptions(
                        List.of("4321", "nobody"),
                        false,
                        false,
                        false,
                        Map.of("nofile", new Rlimit(1234, 2345), "core", new Rlimit(-1, -1)),
                        Optional.of(321)))
                .run("sleep", "600"));
        var pid = lab.pid(id);
        assertThat(Lab.read("/proc/" + pid + "/status").lines().filter(l -> l.startsWith("Groups:")))
                .containsExactly("Groups:\t1000 4321 65534 ");
        assertThat(Lab.read("/proc/" + pid + "/limits"))
                .containsPattern("Max open files +1234 +2345 ")
                .containsPattern("Max core file size +unlimited +unlimited ");
        assertThat(Lab.read("/proc/" + pid + "/oom_score_adj")).isEqualTo("321");
        // Who joins has no more and no less.
        assertThat(lab.exec(id, "id", "-G").out()).isEqualTo("1000 4321 65534\n");
        assertThat(lab.exec(id, "sh", "-c", "ulimit -n").out()).isEqualTo("1234\n");
        assertThat(lab.exec(id, "cat", "/proc/self/oom_score_adj").out()).isEqualTo("321\n");
    }

    @Test
    void a_group_that_the_image_does_not_know_is_refused() {
        assertThatThrownBy(() -> lab.started(lab.wish("c")
                        .with(new ProcessOptions(List.of("nobodys"), false, false, false, Map.of(), Optional.empty()))
                        .run("true")))
                .hasMessageContaining("there is no group \"nobodys\" in the container's /etc/group");
    }

    @Test
    void a_terminal_has_the_size_of_the_persons_before_the_program_runs() throws IOException {
        var id = lab.created(lab.wish("c").with(options(true, true, false)).run("stty", "size"));
        var out = new ByteArrayOutputStream();
        var streams = new ExecStreams(
                InputStream.nullInputStream(),
                out,
                out,
                Optional.of(new Terminal.Size(11, 22)),
                resize -> {},
                DetachKeys.DEFAULT);
        assertThat(lab.containers.startAttached(id, true, streams)).contains(0);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("11 22\r\n");
    }

    @Test
    void who_comes_back_to_a_terminal_sees_it_drawn_anew() throws Exception {
        var id = drawing();
        for (var time = 0; time < 2; time++) {
            var out = attached(id, resize -> {});
            await().untilAsserted(() ->
                    assertThat(out.toString(StandardCharsets.UTF_8)).contains("11 22\r\n"));
        }
    }

    @Test
    void of_sizes_that_follow_each_other_quickly_the_last_one_counts() throws Exception {
        var id = drawing();
        for (var round = 0; round < 20; round++) {
            var columns = 100 + round;
            var out = attached(id, resize -> {
                try {
                    resize.to(30, 40);
                    resize.to(50, columns);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            await().untilAsserted(() ->
                    assertThat(out.toString(StandardCharsets.UTF_8)).contains("50 " + columns + "\r\n"));
        }
    }

    /** A program that says the size of its terminal whenever that changes. */
    private String drawing() throws IOException {
        var id = lab.started(lab.wish("c")
                .with(options(true, true, false))
                .shell("trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done"));
        lab.awaitLog(id, "ready");
        return id;
    }

    /** What somebody sees who is there until the container's end. */
    private ByteArrayOutputStream attached(String id, Consumer<ExecStreams.Resize> sizes) {
        var out = new ByteArrayOutputStream();
        var size = Optional.of(new Terminal.Size(11, 22));
        Thread.ofPlatform().daemon().start(() -> {
            try {
                lab.containers.attach(
                        id,
                        false,
                        new ExecStreams(InputStream.nullInputStream(), out, out, size, sizes, DetachKeys.DEFAULT));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return out;
    }

    @Test
    void a_terminal_is_one_also_for_its_variable() throws IOException {
        var output = lab.output(
                lab.wish("c").with(options(true, false, false)).shell("test -t 0 && test -t 1 && echo $TERM"));
        assertThat(output.strip()).isEqualTo("xterm");
        assertThat(lab.output(lab.wish("d").shell("test -t 1 || echo no ${TERM:-none}")))
                .isEqualTo("no none\n");
    }

    @Test
    void an_open_input_lets_a_reader_wait_and_a_closed_one_ends_it() throws IOException {
        var closed = lab.started(lab.wish("c").run("cat"));
        assertThat(lab.containers.await(closed)).isZero();
        var open = lab.started(lab.wish("d").with(options(false, true, false)).run("cat"));
        var pid = lab.pid(open, "cat");
        await().untilAsserted(
                        () -> assertThat(Lab.read("/proc/" + pid + "/stat")).contains("(cat) S"));
        assertThat(Files.readSymbolicLink(Path.of("/proc/" + pid + "/fd/0")).toString())
                .startsWith("pipe:");
    }

    @Test
    void an_init_is_process_one_and_reaps_and_forwards() throws IOException {
        var id = lab.started(
                lab.wish("c").with(options(false, false, true)).shell("sleep 600 & echo ready; wait; true"));
        lab.awaitLog(id, "ready");
        var pid = lab.pid(id);
        assertThat(Lab.read("/proc/" + pid + "/cmdline").replace('\0', ' ')).startsWith("/sbin/docker-init -- sh -c");
        // An orphan is adopted and reaped by it: no zombie stays.
        assertThat(lab.exec(id, "sh", "-c", "(sleep 0 &) ; true").exitCode()).isZero();
        // It has a handler, so it ends with the signal and not with the end of the grace.
        var stopped = (StopResult.Stopped) lab.containers.stop(id, Optional.of(java.time.Duration.ofSeconds(30)));
        assertThat(stopped.killed()).isFalse();
        assertThat(stopped.outcome().exitCode()).isEqualTo(143);
        assertThat(lab.exec(
                                lab.started(lab.wish("d")
                                        .with(options(false, false, true))
                                        .run("sleep", "600")),
                                "sh",
                                "-c",
                                "echo x > /sbin/docker-init")
                        .exitCode())
                .isNotZero();
    }

    @Test
    void a_working_directory_is_made_also_where_nothing_can_be_written() throws IOException {
        assertThat(lab.output(lab.wish("c").readOnly().workingDir("/a/b").shell("pwd; stat -c '%u %a' .")))
                .isEqualTo("/a/b\n0 755\n");
    }

    @Test
    void a_working_directory_that_is_a_way_out_is_refused() throws IOException {
        for (var way : List.of("/proc/self/fd/7", "/proc/self/fd/8", "/proc/1/root")) {
            var id = lab.created(lab.wish("c").workingDir(way).run("pwd"));
            try {
                lab.containers.start(id);
                lab.containers.await(id);
                assertThat(lab.log(id)).as(way).doesNotContain("/run/").doesNotContain(directory.toString());
            } catch (ContainerException e) {
                assertThat(e).as(way).isNotNull();
            }
            lab.containers.remove(id, true, true);
        }
    }

    @Test
    void nothing_but_three_streams_is_open() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        try (var open = Files.list(Path.of("/proc/" + lab.pid(id, "sleep") + "/fd"))) {
            assertThat(open.map(p -> p.getFileName().toString()).sorted()).containsExactly("0", "1", "2");
        }
    }
}
