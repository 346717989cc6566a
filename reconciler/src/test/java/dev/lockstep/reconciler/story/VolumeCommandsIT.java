package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does with volumes, by hand, while a stack uses them. */
class VolumeCommandsIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  db:
                    image: web:1
                    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
                    network_mode: none
                    volumes: ["data:/data", "/cache"]
                volumes: {data: {}}
                """);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private Host.Said run(int code, String... words) throws IOException {
        var said = host.lockstepIn(project, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said;
    }

    private String inside(String script) throws IOException {
        return run(0, "exec", "-T", "db", "sh", "-c", script).out();
    }

    private String state() throws IOException {
        return Host.field(run(0, "ps", "-a", "--format", "json").out(), "State");
    }

    /**
     * As docker-compose with docker 26.1: a volume without a name is labelled, and keeps that when it is carried over.
     */
    @Test
    void a_volume_without_a_name_has_the_labels_of_its_mount() throws IOException {
        var file = project.resolve("compose.yaml");
        var mount = "{type: volume, target: /cache, volume: {labels: {tier: back}}}";
        Files.writeString(file, Files.readString(file).replace("\"/cache\"", mount));
        run(0, "up", "-d");
        var name = run(0, "volume", "ls", "-q", "-f", "label=tier=back").out();
        assertThat(name).matches("[0-9a-f]{64}\n");
        inside("echo kept > /cache/file");

        Files.writeString(file, Files.readString(file).replace("tier: back", "tier: front"));
        assertThat(run(0, "plan").out())
                .contains("volume of its own at /cache labelled tier=back → volume of its own at /cache labelled"
                        + " tier=front");
        run(0, "up", "-d");
        assertThat(inside("cat /cache/file")).isEqualTo("kept\n");
        assertThat(run(0, "volume", "ls", "-q", "-f", "label=tier=back").out()).isEqualTo(name);
    }

    @Test
    void labels_of_a_mount_of_a_named_volume_and_parts_of_one_without_a_name_are_told() throws IOException {
        var file = project.resolve("compose.yaml");
        var plain = Files.readString(file);
        Files.writeString(
                file,
                plain.replace("\"data:/data\"", "{type: volume, source: data, target: /d, volume: {labels: [a=b]}}"));
        assertThat(run(0, "validate").all())
                .contains("services.db.volumes[0].volume.labels: has no effect, since the volume is made before its"
                        + " containers. Write it below volumes.data.labels");
        Files.writeString(file, plain.replace("\"/cache\"", "{type: volume, target: /c, volume: {subpath: a}}"));
        assertThat(run(15, "up", "-d").err())
                .contains("services.db.volumes[1].volume.subpath: a volume without a name is made with its container");
        Files.writeString(file, plain.replace("{data: {}}", "{data: {driver_opts: {size: 10m}}}"));
        assertThat(run(15, "up", "-d").err())
                .contains("volumes.data.driver_opts.size: what a volume holds is limited by project quotas, and those");
        assertThat(run(0, "volume", "ls", "-q").out()).isEmpty();
    }

    @Test
    void a_volume_may_be_something_that_is_mounted() throws IOException {
        Files.writeString(Files.createDirectory(project.resolve("shared")).resolve("theirs"), "of the host");
        var stack = Files.readString(project.resolve("compose.yaml"));
        Files.writeString(
                project.resolve("compose.yaml"),
                stack.replace(
                        "{data: {}}",
                        "{data: {driver: local, driver_opts: {type: none, o: bind, device: ./shared}},"
                                + " hand: {external: true}}"));
        assertThat(run(1, "volume", "create", "-o", "type=tmpfs", "hand").err())
                .isEqualTo("lockstep: --opt: the local driver's option device is missing\n");
        run(
                0,
                "volume",
                "create",
                "-o",
                "type=cifs",
                "-o",
                "device=//nas/share",
                "-o",
                "o=username=me,password=geheim",
                "share");
        assertThat(run(0, "volume", "inspect", "share").out())
                .contains("username=me,password=***")
                .doesNotContain("geheim");
        assertThat(run(0, "volume", "inspect", "-f", "{{.Options.o}}", "share").out())
                .isEqualTo("username=me,password=***\n");
        run(0, "volume", "rm", "share");
        run(0, "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "--opt", "o=size=1m", "hand");
        assertThat(run(0, "volume", "create", "hand").out()).isEqualTo("hand\n");
        assertThat(run(1, "volume", "create", "-o", "type=tmpfs", "-o", "device=other", "hand")
                        .err())
                .contains("is there already, with other options (type: tmpfs, device: tmpfs, o: size=1m)");

        run(0, "up", "-d");

        assertThat(inside("cat /data/theirs; echo mine > /data/mine")).isEqualTo("of the host");
        assertThat(project.resolve("shared/mine")).hasContent("mine");
        assertThat(run(0, "volume", "inspect", "-f", "{{.Options.type}} {{.Options.o}} {{.Options.device}}", "p_data")
                        .out())
                .isEqualTo("none bind " + project.resolve("shared") + "\n");
        assertThat(run(0, "plan").out()).contains("No changes");
        assertThat(run(1, "volume", "rm", "p_data").err()).contains("in use");
        Files.writeString(project.resolve("compose.yaml"), stack);
        assertThat(run(1, "apply", "-y").all()).contains("Its data is not moved");
        run(0, "stop", "-t", "0");
        assertThat(host.root().resolve("volumes/p_data/data")).isEmptyDirectory();
        run(0, "volume", "export", "-o", "copy.tar", "p_data");
        assertThat(project.resolve("copy.tar")).content().contains("of the host");
        assertThat(host.root().resolve("volumes/p_data/data")).isEmptyDirectory();

        run(0, "down", "-v");

        assertThat(project.resolve("shared/theirs")).hasContent("of the host");
        assertThat(project.resolve("shared/mine")).hasContent("mine");
        run(0, "volume", "rm", "hand");
    }

    @Test
    void volumes_are_made_listed_shown_and_removed_with_dockers_words() throws IOException {
        assertThat(run(0, "volume", "create", "--label", "tier=back", "spare").out())
                .isEqualTo("spare\n");
        assertThat(run(0, "volume", "create", "spare").out()).isEqualTo("spare\n");
        assertThat(run(0, "volume", "create").out()).matches("[0-9a-f]{64}\n");
        run(0, "apply", "-y");

        assertThat(run(0, "volume", "ls", "-q", "-f", "name=spare|data").out()).isEqualTo("p_data\nspare\n");
        assertThat(run(0, "volume", "ls", "-f", "label=tier").out()).matches("DRIVER +VOLUME NAME\nlocal +spare\n");
        assertThat(run(0, "volume", "ls", "-q", "-f", "stack=p", "-f", "name=data")
                        .out())
                .isEqualTo("p_data\n");
        assertThat(run(0, "volume", "ls", "-q", "-f", "dangling=true").out())
                .contains("spare\n")
                .doesNotContain("p_data");
        assertThat(run(0, "volume", "ls", "-f", "name=spare", "--format", "{{.Name}} {{.Labels}} {{.Driver}}")
                        .out())
                .isEqualTo("spare tier=back local\n");
        assertThat(run(0, "volume", "ls", "-f", "name=spare", "--format", "table {{.Name}}\\t{{.Label \"tier\"}}")
                        .out())
                .matches("VOLUME NAME +TIER\nspare +back\n");
        assertThat(run(1, "volume", "ls", "-f", "nam=x").err()).contains("--filter takes name=PATTERN");
        assertThat(run(0, "volume", "inspect", "spare", "-f", "{{.Mountpoint}} {{json .Labels}} {{.Scope}}")
                        .out())
                .isEqualTo(host.root().resolve("volumes/spare/data") + " {\"tier\":\"back\"} local\n");
        assertThat(run(1, "volume", "inspect", "none").all()).isEqualTo("[]\nlockstep: no such volume: none\n");

        assertThat(run(1, "volume", "rm", "p_data", "none", "spare").all())
                .contains("lockstep: volume p_data is in use by p-db-1; remove what uses it first")
                .contains("lockstep: no such volume: none\n")
                .contains("spare\n");
        assertThat(run(0, "volume", "rm", "-f", "none").all()).isEmpty();
        assertThat(run(1, "volume", "create", "-").err()).contains("invalid volume name \"-\"");
        assertThat(run(1, "volume", "create", "-d", "nfs", "x").err()).contains("--driver");

        run(0, "stop");
        assertThat(run(1, "volume", "rm", "p_data").err()).contains("is in use by p-db-1");
    }

    @Test
    void a_volume_that_another_stack_uses_outlives_the_stack_that_made_it() throws IOException {
        run(0, "up", "-d");
        inside("echo kept > /data/file");
        Files.writeString(project.resolve("backup.yaml"), """
                name: backup
                services:
                  copy:
                    image: web:1
                    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
                    network_mode: none
                    volumes: ["theirs:/data"]
                volumes: {theirs: {external: true, name: p_data}}
                """);
        run(0, "-f", "backup.yaml", "up", "-d");

        assertThat(run(0, "down", "-v").err())
                .contains("volume p_data stays, since it is in use by backup-copy-1; remove that first");

        assertThat(run(0, "-f", "backup.yaml", "exec", "-T", "copy", "cat", "/data/file")
                        .out())
                .isEqualTo("kept\n");
        run(0, "-f", "backup.yaml", "down");
        run(0, "volume", "rm", "p_data");
    }

    @Test
    void prune_takes_what_nobody_named_and_nothing_else() throws IOException {
        run(0, "volume", "create", "spare");
        run(0, "apply", "-y");
        assertThat(run(0, "volume", "prune", "-f").out()).isEqualTo("Total reclaimed space: 0B\n");
        inside("echo 12345 > /cache/file");
        run(0, "down");

        assertThat(run(1, "volume", "prune").err()).contains("there is no terminal to ask on");
        assertThat(run(1, "volume", "prune", "-a", "-f").err()).contains("removed by their names");
        assertThat(run(0, "volume", "prune", "-f").out())
                .matches("Deleted Volumes:\n[0-9a-f]{64}\n\nTotal reclaimed space: 6B\n");

        assertThat(run(0, "volume", "ls", "-q").out()).isEqualTo("p_data\nspare\n");
        run(0, "volume", "rm", "p_data", "spare");
    }

    @Test
    void a_snapshot_of_a_volume_in_use_pauses_and_a_restore_stops_and_starts() throws IOException {
        run(0, "apply", "-y");
        inside("echo first > /data/file; chown 7:8 /data; chmod 1770 /data");

        var taken = run(0, "volume", "snapshot", "p_data", "before");
        assertThat(taken.out()).isEqualTo("before\n");
        assertThat(taken.err()).isEqualTo("Pausing p-db-1\n");
        assertThat(state()).isEqualTo("running");
        assertThat(run(1, "volume", "snapshot", "p_data", "before").err()).contains("has a snapshot before already");
        assertThat(run(0, "volume", "snapshot", "--live", "p_data", "live").err())
                .contains("Warning: containers wrote");
        assertThat(run(1, "volume", "snapshot", "--live", "--stop", "p_data").err())
                .contains("exclude each other");
        assertThat(run(0, "volume", "snapshot", "--stop", "p_data").out()).matches("\\d{8}-\\d{6}\n");
        assertThat(run(0, "volume", "snapshot", "--list", "p_data").out())
                .containsPattern("p_data +before +.*ago +paused +6B")
                .containsPattern("p_data +live +.* live ")
                .containsPattern("p_data +\\d{8}-\\d{6} +.* stopped ");

        inside("echo second > /data/file; touch /data/more");
        assertThat(run(1, "volume", "restore", "-f", "p_data", "before").err())
                .contains("volume p_data is in use by containers that run: p-db-1; stop them, or say --stop");
        assertThat(run(1, "volume", "restore", "--stop", "p_data", "before").err())
                .contains("no terminal to ask on");
        assertThat(run(1, "volume", "restore", "--stop", "-f", "p_data", "bfore")
                        .err())
                .contains("has no snapshot bfore");
        assertThat(inside("cat /data/file")).isEqualTo("second\n");

        assertThat(run(0, "volume", "restore", "--stop", "-f", "p_data", "before")
                        .err())
                .isEqualTo("Stopping p-db-1\n");
        assertThat(inside("cat /data/file; ls /data; stat -c '%u:%g %a' /data")).isEqualTo("first\nfile\n7:8 1770\n");
        assertThat(run(0, "plan", "--detailed-exitcode").out()).contains("No changes.");

        // What is most needed after an accident: the stack and its data are gone.
        run(0, "down", "-v");
        run(0, "volume", "restore", "p_data", "before");
        run(0, "apply", "-y");
        assertThat(inside("cat /data/file")).isEqualTo("first\n");
        assertThat(run(1, "volume", "snapshot", "--rm", "p_data", "live", "lve").all())
                .contains("live\n")
                .contains("has no snapshot lve");
    }

    @Test
    void a_volume_moves_to_another_one_by_an_archive() throws IOException {
        run(0, "apply", "-y");
        inside("mkdir /data/d; echo moved > /data/d/file; ln /data/d/file /data/second; chown 5:6 /data");

        assertThat(run(0, "volume", "export", "-o", "out.tar", "p_data").err()).isEqualTo("Pausing p-db-1\n");
        assertThat(state()).isEqualTo("running");
        assertThat(run(0, "volume", "import", "copy", "out.tar").out()).isEqualTo("copy\n");
        var copy = host.root().resolve("volumes/copy/data");
        assertThat(copy.resolve("d/file")).hasContent("moved");
        assertThat(Files.getAttribute(copy, "unix:uid")).isEqualTo(5);

        assertThat(run(1, "volume", "import", "copy", "out.tar").err())
                .contains("volume copy is not empty: --replace gives up what is in it");
        assertThat(run(1, "volume", "import", "--replace", "p_data", "out.tar").err())
                .contains("is in use by containers that run");
        Files.write(project.resolve("half.tar"), Arrays.copyOf(Files.readAllBytes(project.resolve("out.tar")), 1500));
        assertThat(run(1, "volume", "import", "--replace", "copy", "half.tar").err())
                .contains("lockstep: half.tar: ");
        assertThat(copy.resolve("d/file")).hasContent("moved");
        assertThat(run(1, "volume", "import", "fresh", "half.tar").err()).contains("lockstep: half.tar: ");
        assertThat(run(0, "volume", "ls", "-q", "-f", "name=fresh").out()).isEmpty();

        assertThat(run(0, "volume", "import", "--replace", "--stop", "p_data", "out.tar")
                        .err())
                .isEqualTo("Stopping p-db-1\n");
        assertThat(inside("cat /data/second; stat -c %h /data/second")).isEqualTo("moved\n2\n");

        try (var gzip = new GZIPOutputStream(Files.newOutputStream(project.resolve("out.tar.gz")))) {
            Files.copy(project.resolve("out.tar"), gzip);
        }
        run(0, "volume", "import", "fresh", "out.tar.gz");
        assertThat(host.root().resolve("volumes/fresh/data/d/file")).hasContent("moved");
        run(0, "volume", "rm", "copy", "fresh");
    }

    /** Both come while the archive is read, which takes as long as who writes it wants. */
    @Test
    void what_comes_into_a_volume_during_an_import_stays() throws Exception {
        for (var whole : new boolean[] {true, false}) {
            var pipe = directory.resolve("pipe-" + whole);
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();
            var importing = new ProcessBuilder(host.command("volume", "import", "fresh", pipe.toString()))
                    .directory(project.toFile())
                    .redirectErrorStream(true)
                    .start();
            var volume = host.root().resolve("volumes/fresh");
            try (var archive = Files.newOutputStream(pipe)) {
                // What is to be its content, where the archive is about to be read.
                await().atMost(60, TimeUnit.SECONDS)
                        .untilAsserted(() -> assertThat(volume.toFile().list())
                                .isNotNull()
                                .anyMatch(name -> name.startsWith(".coming.")));
                Files.writeString(host.root().resolve("volumes/fresh/data/theirs"), "x");
                archive.write(new byte[whole ? 1024 : 100]);
            }
            assertThat(importing.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(importing.exitValue()).isEqualTo(1);
            assertThat(new String(importing.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains(whole ? "volume fresh is not empty: --replace" : pipe + ": ");
            assertThat(host.root().resolve("volumes/fresh/data/theirs")).hasContent("x");
            run(0, "volume", "rm", "fresh");
        }
    }

    @Test
    void a_second_copy_waits_until_the_first_lets_a_container_of_no_stack_go_on() throws Exception {
        run(
                0,
                "container",
                "run",
                "-d",
                "--name",
                "loose",
                "--network",
                "none",
                "-v",
                "spare:/data",
                "web:1",
                "sh",
                "-c",
                "dd if=/dev/zero of=/data/big bs=1M count=4; exec sleep 100000");
        var pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        var big = host.root().resolve("volumes/spare/data/big");
        await().atMost(60, TimeUnit.SECONDS).until(() -> Files.exists(big) && Files.size(big) == 4 << 20);
        // Nobody reads it yet: it stands in the middle.
        var first = host.start(project, "volume", "export", "-o", pipe.toString(), "spare");
        var said = directory.resolve("said");
        Process second;
        try (var reader = Files.newInputStream(pipe)) {
            assertThat(reader.read()).isNotNegative();
            second = new ProcessBuilder(host.command("volume", "snapshot", "spare", "two"))
                    .directory(project.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() -> Files.readString(said).contains("for which container loose stands still."));
            assertThat(first.isAlive()).isTrue();
            reader.transferTo(OutputStream.nullOutputStream());
        }
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readString(said)).contains("Pausing loose").endsWith("two\n");
        assertThat(run(0, "volume", "snapshot", "--list", "spare").out()).containsPattern("spare +two +.* paused ");
        run(0, "container", "rm", "-f", "loose");
        run(0, "volume", "snapshot", "--rm", "spare", "two");
        run(0, "volume", "rm", "spare");
    }

    @Test
    void containers_go_on_when_the_command_that_paused_them_is_killed_or_interrupted() throws Exception {
        run(0, "apply", "-y");
        inside("dd if=/dev/zero of=/data/big bs=1M count=4 2>/dev/null");
        for (var signal : new String[] {"KILL", "INT"}) {
            // An export that nobody reads stands in the middle.
            var pipe = directory.resolve("pipe-" + signal);
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();
            try (var reader = Files.newByteChannel(
                    pipe, java.nio.file.StandardOpenOption.READ, java.nio.file.StandardOpenOption.WRITE)) {
                assertThat(reader.isOpen()).isTrue();
                var export = host.start(project, "volume", "export", "-o", pipe.toString(), "p_data");
                await().until(() -> state().equals("paused"));
                assertThat(new ProcessBuilder("kill", "-" + signal, String.valueOf(export.pid()))
                                .start()
                                .waitFor())
                        .isZero();
                assertThat(export.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
            if (signal.equals("KILL")) {
                assertThat(run(0, "volume", "create", "any").err())
                        .contains("that stood still for a process that was killed");
                run(0, "volume", "rm", "any");
            }
            await().until(() -> state().equals("running"));
            assertThat(host.root().resolve("stand-still")).isEmptyDirectory();
        }
    }
}
