package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.builds.BuildLog;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.Root;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code builds}: what people and programs are told of the builds of a host. */
class BuildsCommandIT {
    private static final Instant NOW = Console.NOW;
    private static final Path PROGRAM = Path.of("target/lockstep/bin/lockstep").toAbsolutePath();

    @TempDir
    private Path directory;

    private Console console = Console.in(Path.of("/"));
    private BuildRecords records;

    @BeforeEach
    void aRoot() throws IOException {
        records = new BuildRecords(Root.open(directory.resolve("root"), directory.resolve("run")));
    }

    private List<String> words(String... words) {
        var all = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "builds"));
        all.addAll(List.of(words));
        return all;
    }

    private int run(String... words) {
        console = Console.in(directory);
        return console.run(words(words).toArray(String[]::new));
    }

    private static BuildRecord queued(long number) {
        return new BuildRecord(
                number,
                "https://git.example.com/shop.git",
                "app",
                "shop",
                List.of("1." + number, "latest"),
                new Occasion(Occasion.Kind.TAG, "refs/tags/v1." + number, "b".repeat(40)),
                "Raise\u001b[2J",
                "0".repeat(64),
                BuildRecord.State.QUEUED,
                Optional.empty(),
                false,
                "",
                NOW.minusSeconds(60),
                Optional.empty(),
                Optional.empty(),
                0);
    }

    private static BuildRecord building(long number) {
        return queued(number).begun(NOW.minusSeconds(50));
    }

    @Test
    void they_are_listed_and_shown_to_people_and_programs() throws IOException {
        assertThat(run()).isZero();
        assertThat(console.err()).contains("Nothing was built of a repository here yet.");
        records.write(building(1).succeeded(new Digest("1".repeat(64)), false, NOW.minusSeconds(20)));
        records.write(building(2).over(BuildRecord.State.FAILED, "app/Dockerfile:2: exit code: 3", NOW));
        records.write(queued(3));
        Files.createDirectories(records.reports(1));
        Files.writeString(records.reports(1).resolve("a.xml"), "x");

        assertThat(run("ls", "-n", "2")).isZero();
        assertThat(console.out().lines().map(line -> line.replaceAll(" {2,}", "|")))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("BUILD|TARGET|IMAGE|OF|COMMIT|STATE|WHEN|TOOK|WHAT"),
                        line -> assertThat(line)
                                .matches("3\\|app\\|shop:1.3\\|v1.3\\|bbbbbbb\\|queued\\|.*Raise\\\\u001b\\[2J"),
                        line -> assertThat(line)
                                .matches("2\\|app\\|shop:1.2\\|v1.2\\|bbbbbbb\\|failed\\|.*exit code: 3"));
        assertThat(run("show", "1")).isZero();
        assertThat(console.out())
                .contains(
                        "Build:    1 of app\n",
                        "State:    succeeded\n",
                        "Image:    shop:1.1\nImage:    shop:latest\n",
                        "Digest:   sha256:1111",
                        ", on this host\n",
                        "From:     https://git.example.com/shop.git refs/tags/v1.1\n",
                        "Because:  a tag was pushed\n",
                        "Report:   " + records.reports(1).resolve("a.xml") + "\n");
        assertThat(run("--format", "json")).isZero();
        var json = new JsonMapper().readTree(console.out());
        assertThat(json).hasSize(3);
        assertThat(json.path(1).path("state").asText()).isEqualTo("failed");
        assertThat(json.path(1).path("problem").asText()).isEqualTo("app/Dockerfile:2: exit code: 3");
        assertThat(json.path(2).path("tags")).hasSize(2);
        assertThat(json.path(2).path("digest").asText()).startsWith("sha256:1");
    }

    @Test
    void what_makes_no_sense_is_refused_with_a_sentence() {
        assertThat(run("logs", "7")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err())
                .contains("there is no build 7 on this host, or no longer; 'lockstep builds' lists what is kept");
        assertThat(run("logs")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err())
                .contains("needs the number of a build, as 'lockstep builds' lists it: builds logs NUMBER");
        assertThat(run("forget", "7")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("builds takes ls, show, logs or retry, not \"forget\"");
        assertThat(run("show", "7", "-f")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("--follow goes with builds logs");
        assertThat(run("retry", "7")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("no agent runs on root", "which would build it");
    }

    @Test
    void a_log_is_followed_until_the_build_is_over() throws Exception {
        records.write(queued(1));
        var bytes = new ByteArrayOutputStream();
        var said = new CopyOnWriteArrayList<String>();
        try (var out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            var reader = new BuildLogReader(records, 1, out, said::add);
            var end = CompletableFuture.runAsync(() -> {
                try {
                    reader.read(true);
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            await().until(() -> said.contains("Build 1 has not begun yet."));
            records.write(building(1));
            try (var log = BuildLog.create(records.log(1), Redaction.of(List.of()))) {
                log.line("first");
                await().until(() -> bytes.toString(StandardCharsets.UTF_8).equals("first\n"));
                log.line("second");
            }
            assertThat(end).isNotDone();
            records.write(building(1).over(BuildRecord.State.FAILED, "no", NOW));
            end.get(1, TimeUnit.MINUTES);
            assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("first\nsecond\n");
        }
        assertThat(run("logs", "1")).isZero();
        assertThat(console.out()).isEqualTo("first\nsecond\n");
        records.write(queued(2).over(BuildRecord.State.REFUSED, "the tag was moved", NOW));
        assertThat(run("logs", "-f", "2")).isZero();
        assertThat(console.err()).contains("Build 2 has written nothing: it is refused, the tag was moved.");
    }

    @Test
    void who_stops_following_stops_no_build() throws Exception {
        records.write(building(1));
        try (var log = BuildLog.create(records.log(1), Redaction.of(List.of()))) {
            log.line("begun");
            var out = directory.resolve("out");
            // It hears SIGINT also where whoever runs the tests does not, as jobs in the background of a shell do not.
            var command = new ArrayList<>(List.of("env", "--default-signal=INT", PROGRAM.toString()));
            command.addAll(words("logs", "1", "-f"));
            var follower = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            try {
                await().until(() -> Files.readString(out).equals("begun\n"));
                new ProcessBuilder("kill", "-INT", String.valueOf(follower.pid()))
                        .start()
                        .waitFor();
                assertThat(follower.waitFor(1, TimeUnit.MINUTES)).isTrue();
            } finally {
                follower.destroyForcibly();
            }
            assertThat(follower.exitValue()).isEqualTo(ExitCodes.INTERRUPTED);
            assertThat(Files.readString(out)).isEqualTo("begun\n");
        }
        assertThat(records.read(1).orElseThrow().state()).isEqualTo(BuildRecord.State.BUILDING);
    }
}
