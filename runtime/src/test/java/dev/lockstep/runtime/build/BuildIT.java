package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.InlineDirectory;
import dev.lockstep.runtime.context.SourceContent;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.context.SourceEntry;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole builds: what comes of them, and what the cache makes of a second one. */
class BuildIT {
    @TempDir
    Path directory;

    private BuildLab lab;

    @BeforeEach
    void setUp() throws IOException {
        lab = new BuildLab(directory);
    }

    @AfterEach
    void tearDown() throws IOException {
        lab.close();
    }

    @Test
    void a_dockerfile_becomes_an_image() throws IOException {
        lab.file("a.txt", "hello\n");
        var image = lab.build("""
                FROM busybox
                WORKDIR /app
                COPY a.txt .
                ENV GREETING="good day"
                RUN cat a.txt > copy.txt && echo "$GREETING" >> copy.txt
                CMD ["cat", "copy.txt"]
                """);
        assertThat(lab.steps())
                .containsExactly(
                        "WORKDIR /app", "COPY a.txt .", "RUN cat a.txt > copy.txt && echo \"$GREETING\" >> copy.txt");
        assertThat(Files.readString(lab.tree(image).resolve("app/copy.txt"))).isEqualTo("hello\ngood day\n");
        assertThat(image.config().command()).containsExactly("cat", "copy.txt");
        assertThat(image.config().environment()).containsExactly("PATH=/bin", "GREETING=good day");
        assertThat(image.layers()).hasSize(lab.busybox.layers().size() + 3);
    }

    @Test
    void the_same_build_again_is_the_same_image_and_does_nothing() throws IOException {
        lab.file("a.txt", "hello\n");
        var text = "FROM busybox\nCOPY a.txt /\nRUN date > /when\nLABEL a=1\n";
        var first = lab.build(text);
        lab.looks.set(0);
        var second = lab.build(text);
        assertThat(lab.steps()).containsExactly("CACHED COPY a.txt /", "CACHED RUN date > /when");
        assertThat(lab.looks)
                .as("of the base alone: what is found needs no files")
                .hasValue(1);
        assertThat(second).isEqualTo(first);
    }

    @Test
    void a_file_that_changes_after_it_was_hashed_is_cached_as_what_was_copied() throws IOException {
        var text = "FROM busybox\nCOPY a.txt /\n";
        var others = new ArrayList<DoneStep>();
        var changing = lab.build(reading(text, "old", "new"), others);
        assertThat(lab.tree(changing).resolve("a.txt")).hasContent("new");

        var found = new ArrayList<DoneStep>();
        var old = lab.build(reading(text, "old"), found);
        // Other hosts must not find it as what was asked for either.
        assertThat(others).hasSize(1);
        assertThat(found)
                .singleElement()
                .satisfies(step ->
                        assertThat(step.key()).isNotEqualTo(others.getFirst().key()));
        assertThat(lab.steps()).containsExactly("COPY a.txt /");
        assertThat(lab.tree(old).resolve("a.txt")).hasContent("old");

        assertThat(lab.build(reading(text, "new")).layers()).isEqualTo(changing.layers());
        assertThat(lab.steps()).containsExactly("CACHED COPY a.txt /");
    }

    @Test
    void a_step_that_saw_other_files_than_were_hashed_is_done_again() throws IOException {
        var text = "FROM busybox\nRUN --mount=type=bind,source=a.txt,target=/m cat /m > /b\n";
        var others = new ArrayList<DoneStep>();
        var changing = lab.build(reading(text, "old", "new"), others);
        assertThat(lab.tree(changing).resolve("b")).hasContent("new");
        assertThat(others).isEmpty();

        var old = lab.build(reading(text, "old"));
        assertThat(lab.tree(old).resolve("b")).hasContent("old");
    }

    /** With a context of one file, a.txt, that holds one text after the other each time that it is read. */
    private BuildRequest reading(String dockerfile, String... texts) {
        var left = new ArrayDeque<>(List.of(texts));
        var name = RawPath.of("a.txt");
        var tree = new SourceDirectory() {
            private SourceDirectory now() {
                var text = left.element().getBytes(StandardCharsets.UTF_8);
                return InlineDirectory.text(name, text, Instant.EPOCH);
            }

            @Override
            public List<RawPath> names() {
                return List.of(name);
            }

            @Override
            public Optional<SourceEntry> entry(RawPath asked) throws IOException {
                return now().entry(asked);
            }

            @Override
            public SourceEntry self() throws IOException {
                return now().self();
            }

            @Override
            public SourceDirectory directory(RawPath asked) {
                return this;
            }

            @Override
            public SourceContent open(RawPath asked) throws IOException {
                var content = now().open(asked);
                if (left.size() > 1) {
                    left.remove();
                }
                return content;
            }

            @Override
            public void close() {}
        };
        var request = lab.request(dockerfile);
        var context = new BuildRequest.Context(() -> tree, Ignore.NOTHING);
        return with(Optional.of(context), request.contexts(), request);
    }

    @Test
    void a_command_that_fails_says_where_and_leaves_no_image() throws IOException {
        var before = lab.images.list();
        assertThatThrownBy(() -> lab.build("FROM busybox\n# one\nRUN echo before; echo broken >&2; exit 7\nRUN true\n"))
                .isInstanceOfSatisfying(StepFailedException.class, failure -> {
                    assertThat(failure.at().line()).isEqualTo(3);
                    assertThat(failure.excerpt()).contains("Dockerfile:3", ">>> RUN echo before");
                    assertThat(failure.lastLines()).containsExactlyInAnyOrder("before", "broken");
                })
                .hasMessage("process \"/bin/sh -c echo before; echo broken >&2; exit 7\" did not complete successfully:"
                        + " exit code: 7");
        assertThat(lab.images.list()).isEqualTo(before);
        assertThat(new Builder(lab.rooms).cache().entries()).isEmpty();
    }

    @Test
    void a_default_that_says_what_is_missing_does_so_only_where_it_counts() throws IOException {
        var text = "FROM busybox\nARG VERSION=${WANTED:?which}\nRUN echo $VERSION\n";
        lab.build(lab.request(text).withArguments(Map.of("VERSION", "7")));
        assertThat(lab.output()).isEqualTo("7\n");
        assertThatThrownBy(() -> lab.build(text)).hasMessageContaining("WANTED: which");
    }

    @Test
    void what_an_image_has_for_who_builds_on_it_is_done_whatever_the_stage_calls_it() throws IOException {
        lab.file("a.txt", "hello\n");
        var base = lab.build("FROM busybox\nONBUILD COPY a.txt /triggered\n");
        var name = ImageReference.parse("base:1");
        lab.images.add(name, lab.images.describe(base.digest()));
        for (var context :
                List.of(new BuildRequest.NamedContext.Here(base.digest()), new BuildRequest.NamedContext.Named(name))) {
            var request = lab.request("FROM base\nRUN cat /triggered\n");
            var image = lab.build(with(request.context(), Map.of("base", context), request));
            assertThat(Files.readString(lab.tree(image).resolve("triggered"))).isEqualTo("hello\n");
            assertThat(lab.config(image).path("config").has("OnBuild")).isFalse();
        }
    }

    private static BuildRequest with(
            Optional<BuildRequest.Context> context,
            Map<String, BuildRequest.NamedContext> contexts,
            BuildRequest request) {
        return new BuildRequest(
                request.dockerfile(),
                request.target(),
                context,
                contexts,
                request.arguments(),
                request.labels(),
                request.cache(),
                request.pull(),
                request.secrets(),
                request.agents(),
                request.steps(),
                request.platform(),
                request.epoch());
    }

    @Test
    void steps_that_write_nothing_may_follow_each_other() throws IOException {
        var image = lab.build("FROM busybox\nRUN true\nRUN :\nRUN true; true\nRUN echo last > /last\n");
        assertThat(Files.readString(lab.tree(image).resolve("last"))).isEqualTo("last\n");
    }

    @Test
    void a_link_that_is_the_source_of_a_mount_never_leads_to_the_host() throws IOException {
        var host = Files.createDirectory(directory.resolve("host"));
        Files.writeString(host.resolve("f"), "the host's\n");
        lab.build("""
                FROM busybox AS from
                RUN mkdir -p /d/e /d/f /t && ln -s %1$s /d/e/evil && ln -s d/e /evil \\
                  && ln -s %1$s/f /d/f/file && ln -s d/f /file && echo stage > /real && ln -s real /link && touch /t/f
                FROM from
                RUN --mount=from=from,source=/evil,target=/t/d,rw touch /t/d/written && ls /t/d
                RUN --mount=from=from,source=/file,target=/t/g,rw ls /t/g && ! cat /t/g/file 2> /dev/null
                RUN --mount=from=from,source=/link,target=/t/f,rw cat /t/f
                """.formatted(host));
        assertThat(lab.output()).isEqualTo("evil\nwritten\nfile\nstage\n");
        assertThat(host.toFile().list()).containsExactly("f");
        assertThat(host.resolve("f")).hasContent("the host's");
    }

    @Test
    void a_mounted_directory_is_whose_it_is_where_it_comes_from() throws IOException {
        var text = """
                FROM busybox AS from
                RUN mkdir /w && chown 1000:1001 /w && chmod 2770 /w
                FROM busybox
                USER 1000:1001
                RUN --mount=from=from,source=/w,target=/m,rw touch /m/made && stat -c "%a %u:%g" /m
                """;
        lab.build(text);
        assertThat(lab.output()).isEqualTo("2770 1000:1001\n");
        lab.build(text.replace("2770", "0707"));
        assertThat(lab.output()).as("another one is another step").isEqualTo("707 1000:1001\n");
        lab.file("d/a.txt", "");
        var context = PosixFilePermissions.fromString("rwxrwxr-x");
        Files.setPosixFilePermissions(lab.context().resolve("d"), context);
        lab.build("FROM busybox\nRUN --mount=source=d,target=/m --mount=target=/c stat -c '%a %u:%g' /m /c\n");
        assertThat(lab.output()).isEqualTo("775 0:0\n755 0:0\n");
    }

    @Test
    void only_the_stages_that_the_target_needs_are_built() throws IOException {
        var image = lab.build("""
                FROM nowhere.example/none AS unneeded
                RUN false
                FROM busybox AS build
                RUN echo made > /made
                FROM scratch
                COPY --from=build /made /result
                """);
        assertThat(lab.steps()).containsExactly("RUN echo made > /made", "COPY --from=build /made /result");
        assertThat(files(image)).containsExactly("result");
    }

    @Test
    void a_changed_file_is_seen_whatever_its_size_and_time_say() throws IOException {
        lab.file("a.txt", "one\n");
        lab.file("unused.txt", "x\n");
        var text = "FROM busybox\nCOPY a.txt /\nRUN cat /a.txt > /o\n";
        lab.build(text);
        var file = lab.context().resolve("a.txt");
        var time = Files.getLastModifiedTime(file);
        Files.writeString(file, "two\n");
        Files.setLastModifiedTime(file, time);
        var image = lab.build(text);
        assertThat(lab.steps()).containsExactly("COPY a.txt /", "RUN cat /a.txt > /o");
        assertThat(Files.readString(lab.tree(image).resolve("o"))).isEqualTo("two\n");

        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        lab.file("unused.txt", "y\n");
        lab.build(text);
        assertThat(lab.steps()).containsExactly("CACHED COPY a.txt /", "CACHED RUN cat /a.txt > /o");
    }

    @Test
    void what_a_command_sees_is_in_its_key_and_how_it_is_written_is_not() throws IOException {
        lab.build("FROM busybox\nARG V=1\nRUN echo a  b > /x\n");
        lab.build("FROM busybox\nLABEL l=1\nARG V=1\nRUN \\\n# why\n  echo a  b > /x\n".replace("\\\n# why\n ", ""));
        assertThat(lab.steps()).allMatch(step -> step.startsWith("CACHED"));
        lab.build("FROM busybox\nARG V=2\nRUN echo a  b > /x\n");
        assertThat(lab.steps()).noneMatch(step -> step.startsWith("CACHED"));
        lab.build("FROM busybox\nARG V=1\nENV E=1\nRUN echo a  b > /x\n");
        assertThat(lab.steps()).noneMatch(step -> step.startsWith("CACHED"));
        lab.build("FROM busybox\nARG V=1\nUSER 5\nRUN id > /tmp/x\n");
        lab.build("FROM busybox\nARG V=1\nUSER 6\nRUN id > /tmp/x\n");
        assertThat(lab.steps()).noneMatch(step -> step.startsWith("CACHED"));
    }

    @Test
    void a_build_is_called_off_while_it_makes_the_layer_of_a_huge_file() throws Exception {
        var cancellation = new Cancellation();
        var build = cancelled("FROM busybox\nRUN busybox truncate -s 1099511627776 /huge\n", cancellation);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> build.isDone() || hasFiles(lab.root.state().resolve("images/tmp")));

        cancellation.cancel();

        build.get(60, TimeUnit.SECONDS);
        assertThat(lab.root.state().resolve("images/tmp")).isEmptyDirectory();
    }

    @Test
    void a_build_is_called_off_while_it_reads_a_huge_file() throws Exception {
        lab.file("huge", "");
        try (var file = FileChannel.open(lab.context().resolve("huge"), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(1), 1L << 40);
        }
        var cancellation = new Cancellation();
        var build = cancelled("FROM busybox\nCOPY huge /\n", cancellation);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .anyMatch(thread -> thread.getName().startsWith("hash-")));

        cancellation.cancel();

        build.get(60, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FROM elsewhere\n",
                "FROM busybox\nCOPY --from=elsewhere / /\n",
                "FROM busybox\nADD https://git.example/shop.git /\n"
            })
    void a_build_is_called_off_while_it_waits_for_what_is_elsewhere(String dockerfile) throws Exception {
        var waiting = new CountDownLatch(1);
        callOff(
                dockerfile,
                waiting,
                lab.reaching(
                        (_, _) -> {
                            throw interrupted(waiting);
                        },
                        _ -> {
                            throw interrupted(waiting);
                        },
                        lab.rooms.unpack()));
    }

    @Test
    void a_build_is_called_off_while_its_base_is_unpacked() throws Exception {
        var waiting = new CountDownLatch(1);
        callOff("FROM busybox\n", waiting, lab.reaching(lab.rooms.pull(), lab.rooms.repositories(), (_, _) -> {
            throw interrupted(waiting);
        }));
    }

    /** @param waiting counted down when the build waits */
    private void callOff(String dockerfile, CountDownLatch waiting, BuildRooms rooms) throws Exception {
        var cancellation = new Cancellation();
        var build = cancelled(
                () -> new Builder(rooms).build(lab.request(dockerfile), lab.events::add, cancellation, _ -> {}));
        assertThat(waiting.await(60, TimeUnit.SECONDS)).isTrue();

        cancellation.cancel();

        build.get(60, TimeUnit.SECONDS);
        assertThat(lab.events)
                .anyMatch(BuildEvent.Cancelled.class::isInstance)
                .noneMatch(BuildEvent.Failed.class::isInstance);
    }

    /** Waits for an interrupt, as what waits for another host does. */
    private static InterruptedIOException interrupted(CountDownLatch waiting) {
        waiting.countDown();
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new InterruptedIOException("interrupted");
    }

    /** A build that ends because it is called off. */
    private CompletableFuture<Void> cancelled(String dockerfile, Cancellation cancellation) {
        return cancelled(() -> lab.build(lab.request(dockerfile), cancellation));
    }

    private static CompletableFuture<Void> cancelled(ThrowingCallable build) {
        return CompletableFuture.runAsync(() -> assertThatThrownBy(build).isInstanceOf(BuildCancelledException.class));
    }

    private static boolean hasFiles(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.findAny().isPresent();
        }
    }

    @Test
    void a_damaged_record_is_no_record() throws IOException {
        var text = "FROM busybox\nRUN echo made > /made\n";
        lab.build(text);
        try (var records = Files.list(lab.root.state().resolve("images/roots"))) {
            for (var record : records.filter(
                            file -> file.getFileName().toString().startsWith("build."))
                    .toList()) {
                Files.write(record, new byte[] {(byte) 0xad});
            }
        }

        lab.build(text);
        assertThat(lab.steps()).containsExactly("RUN echo made > /made");
        lab.build(text);
        assertThat(lab.steps()).containsExactly("CACHED RUN echo made > /made");
    }

    @Test
    void a_stage_that_comes_out_the_same_invalidates_nothing_that_copies_from_it() throws IOException {
        var text = """
                FROM busybox AS build
                ARG V=1
                RUN echo same > /out && echo $V > /other
                FROM busybox
                COPY --from=build /out /out
                """;
        lab.build(text);
        lab.build(text.replace("V=1", "V=2"));
        assertThat(lab.steps())
                .containsExactly("RUN echo same > /out && echo $V > /other", "CACHED COPY --from=build /out /out");
    }

    @Test
    void without_cache_every_step_is_done_anew_and_of_one_stage_only_its_own() throws IOException {
        var text = "FROM busybox AS one\nRUN echo 1 > /1\nFROM one AS two\nRUN echo 2 > /2\n";
        lab.build(text);
        lab.build(with(lab.request(text), new BuildRequest.CacheUse(true, Set.of()), Map.of()));
        assertThat(lab.steps()).containsExactly("RUN echo 1 > /1", "RUN echo 2 > /2");
        lab.build(with(lab.request(text), new BuildRequest.CacheUse(false, Set.of("two")), Map.of()));
        assertThat(lab.steps()).containsSubsequence("RUN echo 2 > /2");
    }

    @Test
    void a_secret_is_in_no_layer_no_record_no_history_and_no_output() throws IOException {
        var secret = "correct-horse-battery";
        var text = "FROM busybox\nRUN --mount=type=secret,id=key,env=KEY --mount=type=secret,id=key,target=/k "
                + "cat /k && echo \"$KEY\" && wc -c < /k > /length\n";
        var request = with(
                lab.request(text),
                BuildRequest.CacheUse.ALL,
                Map.of("key", new BuildRequest.Secret(secret.getBytes(StandardCharsets.UTF_8))));
        var image = lab.build(request);
        assertThat(Files.readString(lab.tree(image).resolve("length")).strip()).isEqualTo("21");
        assertThat(lab.output())
                .isEqualTo("***\n".repeat(2).replace("***\n***\n", "******\n"))
                .doesNotContain(secret);
        assertThat(files(image)).contains("length").doesNotContain("k");
        try (var all = Files.walk(directory)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }
        // Another value is no other step.
        lab.build(with(
                lab.request(text), BuildRequest.CacheUse.ALL, Map.of("key", new BuildRequest.Secret(new byte[] {1}))));
        assertThat(lab.steps()).allMatch(step -> step.startsWith("CACHED"));
    }

    private static BuildRequest with(
            BuildRequest request, BuildRequest.CacheUse cache, Map<String, BuildRequest.Secret> secrets) {
        return new BuildRequest(
                request.dockerfile(),
                request.target(),
                request.context(),
                request.contexts(),
                request.arguments(),
                request.labels(),
                cache,
                request.pull(),
                secrets,
                request.agents(),
                request.steps(),
                request.platform(),
                request.epoch());
    }

    private static BuildRequest at(BuildRequest request, Instant epoch) {
        return new BuildRequest(
                request.dockerfile(),
                request.target(),
                request.context(),
                request.contexts(),
                request.arguments(),
                request.labels(),
                new BuildRequest.CacheUse(true, Set.of()),
                request.pull(),
                request.secrets(),
                request.agents(),
                request.steps(),
                request.platform(),
                Optional.of(epoch));
    }

    @Test
    void with_an_epoch_two_builds_without_a_cache_are_one_image() throws IOException {
        lab.file("a/b.txt", "hello\n");
        var text = "FROM busybox\nWORKDIR /w\nCOPY a /a\nRUN echo x > /w/x; mkdir -p /d/e\nENV A=1\n";
        var epoch = Instant.ofEpochSecond(1_600_000_000);
        var first = lab.build(at(lab.request(text), epoch));
        lab.file("a/b.txt", "hello\n"); // another time
        var second = lab.build(at(lab.request(text), epoch));
        assertThat(second).isEqualTo(first);
        assertThat(lab.config(first).path("created").asText()).isEqualTo("2020-09-13T12:26:40Z");
        var inline = new BuildRequest.CacheUse(true, Set.of(), List.of(), true);
        var cache = lab.build(at(lab.request(text), epoch).with(inline));
        assertThat(cache)
                .isNotEqualTo(first)
                .isEqualTo(lab.build(at(lab.request(text), epoch).with(inline)));
    }

    @Test
    void of_two_builds_at_once_one_does_each_step_and_the_other_waits_for_it() throws Exception {
        var text = "FROM busybox\nRUN date +%N > /when; sleep 1\n";
        var images = new ConcurrentLinkedQueue<Image>();
        var builds = List.of(build(text, images), build(text, images));
        for (var build : builds) {
            build.get(60, TimeUnit.SECONDS);
        }
        assertThat(images).hasSize(2);
        assertThat(images.stream().map(Image::id).distinct()).hasSize(1);
        assertThat(lab.steps().stream().map(step -> step.startsWith("CACHED"))).containsExactlyInAnyOrder(true, false);
    }

    private CompletableFuture<Void> build(String text, ConcurrentLinkedQueue<Image> images) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        images.add(new Builder(lab.rooms)
                                .build(
                                        lab.request(text),
                                        lab.events::add,
                                        new Cancellation(),
                                        Builder.Finish.named(lab.images, List.of())));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                task -> Thread.ofPlatform().start(task));
    }

    @Test
    void the_first_failure_stops_what_else_is_being_built() throws IOException {
        assertThatThrownBy(() -> lab.build("""
                        FROM busybox AS slow
                        RUN trap '' TERM; while :; do sleep 1; done
                        FROM busybox AS bad
                        RUN sleep 1; exit 9
                        FROM busybox
                        COPY --from=slow /etc/passwd /a
                        COPY --from=bad /etc/passwd /b
                        """))
                .isInstanceOf(StepFailedException.class)
                .hasMessageContaining("exit code: 9");
        assertThat(lab.events).anyMatch(BuildEvent.Cancelled.class::isInstance);
    }

    @Test
    void a_killed_build_leaves_nothing_that_runs_and_what_it_had_done_is_not_done_again() throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BuildWork.class.getName(),
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(directory.resolve("begun")));
        } finally {
            process.destroyForcibly();
            process.waitFor();
        }
        // The container is gone before anybody looks for it.
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(lab.processes()).isEmpty());
        lab.build("FROM busybox\nRUN echo done > /done\n");
        assertThat(lab.steps()).containsExactly("CACHED RUN echo done > /done");
    }

    @Test
    void a_file_is_added_from_a_server_with_its_time_and_checked() throws Exception {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/d/tool", exchange -> {
            exchange.getResponseHeaders().set("Last-Modified", "Sun, 13 Sep 2020 12:26:40 GMT");
            exchange.sendResponseHeaders(200, 5);
            exchange.getResponseBody().write("tool\n".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.start();
        try {
            var url = "http://127.0.0.1:" + server.getAddress().getPort() + "/d/";
            var image = lab.build("FROM scratch\nADD --chmod=755 " + url + "tool /bin/\nADD " + url + "tool /t\n");
            var tree = lab.tree(image);
            assertThat(tree.resolve("bin/tool")).hasContent("tool\n");
            assertThat(Files.getLastModifiedTime(tree.resolve("t")).toInstant())
                    .isEqualTo(Instant.ofEpochSecond(1_600_000_000));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(tree.resolve("t"))))
                    .isEqualTo("rw-------");
            lab.build("FROM scratch\nADD " + url + "tool /t\n");
            assertThatThrownBy(() -> lab.build("FROM scratch\nADD " + url + "none /t\n"))
                    .hasMessageContaining("invalid response status 404 for " + url + "none");
            assertThatThrownBy(() -> lab.build(
                            "FROM scratch\nADD --checksum=sha256:" + "0".repeat(64) + " " + url + "tool /t\n"))
                    .hasMessageContaining("digest mismatch for " + url + "tool");
        } finally {
            server.stop(0);
        }
    }

    private Iterable<String> files(Image image) throws IOException {
        var tree = lab.tree(image);
        try (var all = Files.walk(tree)) {
            return all.filter(path -> !path.equals(tree))
                    .map(path -> tree.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }
}
