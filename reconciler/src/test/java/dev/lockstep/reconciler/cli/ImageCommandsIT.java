package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageCommandsIT {
    private static final TestImage APP = TestImage.named("example.test/shop/app:1")
            .layer(new TarBuilder().file("a", "x".repeat(1500)).build())
            .command("run")
            .label("note", "\u001b[31mred")
            .changeConfig(document -> {
                document.put("created", "2026-11-24T09:00:00Z");
                document.putArray("history")
                        .addObject()
                        .put("created_by", "COPY " + "long ".repeat(20))
                        .put("created", "2026-11-24T09:00:00Z")
                        .put("comment", "first");
            });
    private static final TestImage WEB = TestImage.named("web:latest")
            .file("b", "web")
            .changeConfig(document -> {
                document.put("created", "2026-11-23T12:00:00Z");
            });

    @TempDir
    private Path directory;

    @BeforeEach
    void load() throws IOException {
        for (var image : List.of(APP, WEB)) {
            var file = image.ociArchive(directory.resolve("in.tar"));
            var console = Console.in(directory);
            assertThat(run(console, "load -q -i " + file)).as(console.err()).isZero();
        }
    }

    /** {@code ~} is a blank inside of a word. */
    private int run(Console console, String words) {
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "image"));
        args.addAll(
                Stream.of(words.split(" ", -1)).map(w -> w.replace('~', ' ')).toList());
        return console.run(args.toArray(String[]::new));
    }

    private String ok(String words) {
        var console = Console.in(directory);
        assertThat(run(console, words)).as(words + ": " + console.err()).isZero();
        return console.out();
    }

    private String refused(String words) {
        return refused(words, ExitCodes.ERROR);
    }

    private String refused(String words, int code) {
        var console = Console.in(directory);
        assertThat(run(console, words)).as(words + ": " + console.out()).isEqualTo(code);
        return console.err();
    }

    private static String id(TestImage image) {
        return image.configBlob().digest().hex().substring(0, 12);
    }

    @Test
    void the_list_is_dockers_newest_first() {
        assertThat(ok("ls")).isEqualTo("""
                REPOSITORY              TAG      IMAGE ID       CREATED        SIZE
                example.test/shop/app   1        %s   3 hours ago    3.07kB
                web                     latest   %s   24 hours ago   2.05kB
                """.formatted(id(APP), id(WEB)));
        assertThat(ok("ls --digests").lines().toList().get(1))
                .contains(APP.manifest().digest().toString());
        assertThat(ok("ls -q")).isEqualTo(id(APP) + "\n" + id(WEB) + "\n");
    }

    @Test
    void a_list_in_json_has_dockers_fields() throws IOException {
        var line = JsonMapper.builder().build().readTree(ok("ls --format json --no-trunc web"));

        assertThat(line.path("Repository").textValue()).isEqualTo("web");
        assertThat(line.path("Tag").textValue()).isEqualTo("latest");
        assertThat(line.path("ID").textValue())
                .isEqualTo(WEB.configBlob().digest().toString());
        assertThat(line.path("Digest").textValue())
                .isEqualTo(WEB.manifest().digest().toString());
        assertThat(line.path("CreatedSince").textValue()).isEqualTo("24 hours ago");
        assertThat(line.path("CreatedAt").textValue()).isEqualTo("2026-11-23 12:00:00 +0000 UTC");
    }

    @ParameterizedTest
    @CsvSource({
        "reference=web, 1",
        "reference=w*:latest, 1",
        "reference=example.test/*, 0",
        "reference=example.test/*/app, 1",
        "reference=app, 0",
        "dangling=true, 0",
        "dangling=false, 2",
        "label=note, 1",
        "label=note=x, 0",
        "label=other, 0",
        "before=example.test/shop/app:1, 1",
        "before=web, 0",
        "since=web, 1",
        "until=1h, 2",
        "until=2026-11-24, 1"
    })
    void a_list_is_filtered(String filter, int lines) {
        assertThat(ok("ls -q --filter " + filter).lines()).hasSize(lines);
    }

    @Test
    void an_image_that_lost_its_name_is_dangling() {
        ok("tag example.test/shop/app:1 web");

        assertThat(ok("ls --filter dangling=true"))
                .contains("<none>       <none>   " + id(WEB))
                .doesNotContain(id(APP));
        assertThat(ok("ls -q --filter dangling=false")).isEqualTo((id(APP) + "\n").repeat(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ls --filter age=3",
                "ls --filter x",
                "ls --filter dangling=maybe",
                "ls --filter before=gone",
                "ls --filter until=then",
                "ls --filter reference=[",
                "ls --format xml",
                "ls --format {{.Nothing}}",
                "ls --format {{template}}",
                "ls --format {{range.Tag}}",
                "inspect -f {{.Id web",
                "history --format xml web"
            })
    void a_list_that_makes_no_sense_is_refused(String words) {
        assertThat(refused(words)).startsWith("lockstep: ");
    }

    @Test
    void an_image_is_found_by_the_beginning_of_its_id_and_gets_another_name() {
        ok("tag " + id(APP).substring(0, 6) + " localhost:5000/other:2");

        assertThat(ok("ls localhost:5000/other")).contains("localhost:5000/other   2     " + id(APP));
        assertThat(refused("tag nothing x")).isEqualTo("lockstep: there is no image nothing here\n");
        assertThat(refused("tag web X")).contains("must be lowercase");
        assertThat(refused("tag web x@" + APP.manifest().digest())).contains("no digest");
    }

    @Test
    void inspect_shows_dockers_fields_and_the_images_own_configuration() throws IOException {
        var text = ok("inspect example.test/shop/app:1 " + id(WEB));
        var images = JsonMapper.builder().build().readTree(text);

        assertThat(text).doesNotContain("\u001b");
        assertThat(images).hasSize(2);
        var app = images.get(0);
        assertThat(app.path("Id").textValue())
                .isEqualTo(APP.configBlob().digest().toString());
        assertThat(app.path("RepoTags").get(0).textValue()).isEqualTo("example.test/shop/app:1");
        assertThat(app.path("RepoDigests").get(0).textValue())
                .isEqualTo("example.test/shop/app@" + APP.manifest().digest());
        assertThat(app.path("Created").textValue()).isEqualTo("2026-11-24T09:00:00Z");
        assertThat(app.path("Os").textValue()).isEqualTo("linux");
        assertThat(app.path("Config").path("Cmd").get(0).textValue()).isEqualTo("run");
        assertThat(app.path("RootFS").path("Layers")).hasSize(1);
        assertThat(app.path("Size").longValue()).isPositive();
    }

    @Test
    void templates_show_single_fields_as_docker_does() {
        assertThat(ok("ls --format {{.Repository}}:{{.Tag}} web")).isEqualTo("web:latest\n");
        assertThat(ok("ls --format table~{{.Repository}}\\t{{.Tag}}")).isEqualTo("""
                REPOSITORY              TAG
                example.test/shop/app   1
                web                     latest
                """);
        assertThat(ok("inspect --format {{.Id}} web"))
                .isEqualTo(WEB.configBlob().digest() + "\n");
        var app = "example.test/shop/app:1";
        assertThat(ok("inspect -f {{json~.RepoTags}} " + app)).isEqualTo("[\"" + app + "\"]\n");
        assertThat(ok("inspect -f {{.RepoTags}}/{{len~.RepoTags}} " + app)).isEqualTo("[" + app + "]/1\n");
        assertThat(ok("inspect -f {{index~.RepoTags~0}} " + app)).isEqualTo(app + "\n");
        assertThat(ok("inspect -f {{range~.Config.Cmd}}<{{.}}>{{end}} " + app)).isEqualTo("<run>\n");
        assertThat(ok("inspect -f {{.Config.Labels}} " + app)).isEqualTo("map[note:\\u001b[31mred]\n");
        assertThat(ok("history --format {{.Comment}} " + app)).isEqualTo("first\n");
        assertThat(refused("inspect -f {{.Nope}} web")).contains("there is no field Nope; there are Id, RepoTags");
        assertThat(refused("inspect -f {{index~.RepoTags~7}} web")).contains("has no item 7");
    }

    @Test
    void a_root_file_system_is_imported_with_docker_s_changes() throws IOException {
        Files.write(
                directory.resolve("root.tar"),
                new TarBuilder().file("bin/x", "x").build());

        var args = new ArrayList<>(List.of("import", "--rootfs", "-c", "CMD [\"/bin/x\"]", "-m", "mine", "root.tar"));
        args.add("base:1");
        var console = Console.in(directory);
        args.addAll(
                0,
                List.of(
                        "--root",
                        directory.resolve("root").toString(),
                        "--run-root",
                        directory.resolve("run").toString(),
                        "image"));
        assertThat(console.run(args.toArray(String[]::new))).as(console.err()).isZero();

        assertThat(console.out()).matches("sha256:[0-9a-f]{64}\n");
        assertThat(ok("inspect -f {{.Id}}{{.Config.Cmd}} base:1"))
                .isEqualTo(console.out().strip() + "[/bin/x]\n");
        assertThat(ok("history --format {{.Comment}} base:1")).isEqualTo("mine\n");
        assertThat(refused("import --rootfs -c RUN root.tar")).contains("RUN");
        assertThat(refused("import -m x root.tar")).contains("--rootfs");
        assertThat(refused("import root.tar")).contains("this is no image archive");
    }

    @Test
    void inspect_shows_what_it_finds_and_says_what_it_does_not() {
        var console = Console.in(directory);

        assertThat(run(console, "inspect web gone")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.out()).contains("\"Id\"");
        assertThat(console.err()).isEqualTo("lockstep: there is no image gone here\n");
    }

    @Test
    void history_shows_each_step() {
        assertThat(ok("history example.test/shop/app:1")).isEqualTo("""
                IMAGE          CREATED       CREATED BY                                      SIZE     COMMENT
                %s   3 hours ago   COPY long long long long long long long long…   3.07kB   first
                """.formatted(id(APP)));
        assertThat(ok("history --format {{.CreatedAt}} example.test/shop/app:1"))
                .isEqualTo(local("2026-11-24T09:00:00Z") + "\n");
        assertThat(ok("history --no-trunc --format json web"))
                .contains("\"ID\":\"" + WEB.configBlob().digest() + "\"");
    }

    /** Headings, cells and what wins over what, as docker 26.1.5 prints them. */
    @Test
    void history_is_for_people_or_for_programs() {
        var app = " example.test/shop/app:1";
        for (var option : List.of("--human=false", "-H=false")) {
            assertThat(ok("history " + option + app)).isEqualTo("""
                    IMAGE          CREATED AT             CREATED BY                                      SIZE   COMMENT
                    %s   %s   COPY long long long long long long long long…   3072   first
                    """.formatted(id(APP), local("2026-11-24T09:00:00Z")));
        }
        assertThat(ok("history --human=true" + app)).isEqualTo(ok("history" + app));
        assertThat(ok("history --no-trunc" + app))
                .contains(APP.configBlob().digest() + "   3 hours ago   COPY " + "long ".repeat(20) + "   3.07kB");
        assertThat(ok("history -q" + app)).isEqualTo(id(APP) + "\n");
        assertThat(ok("history -q --no-trunc" + app)).isEqualTo(APP.configBlob().digest() + "\n");
        assertThat(ok("history -q --format {{.Size}}" + app)).isEqualTo("3.07kB\n");
        assertThat(ok("history -q --format json" + app)).startsWith("{\"Comment\":\"first\",");
        assertThat(ok("history -H=false --format {{.CreatedSince}}|{{.Size}}" + app))
                .isEqualTo(local("2026-11-24T09:00:00Z") + "|3072\n");
        assertThat(ok("history --format table~{{.Size}}\\t{{.CreatedSince}}\\t{{.ID}}" + app))
                .isEqualTo("""
                SIZE      CREATED       IMAGE
                3.07kB    3 hours ago   %s
                """.formatted(id(APP)));
    }

    private static String local(String time) {
        return OffsetDateTime.parse(time)
                .atZoneSameInstant(ZoneId.systemDefault())
                .truncatedTo(ChronoUnit.SECONDS)
                .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "gzip"})
    void what_is_saved_is_loaded_again_from_standard_input(String form) throws IOException {
        var saved = Console.in(directory);
        assertThat(run(saved, "save web " + id(APP))).isZero();
        var archive = form.equals("gzip") ? TarBuilder.gzip(saved.bytes()) : saved.bytes();
        var before = ok("inspect web " + id(APP));
        var loading = Console.in(directory, archive);

        var code = loading.run(
                "--root",
                directory.resolve("other").toString(),
                "--run-root",
                directory.resolve("other-run").toString(),
                "image",
                "load");

        assertThat(code).as(loading.err()).isZero();
        assertThat(loading.out().lines())
                .containsExactlyInAnyOrder(
                        "Loaded image: web:latest",
                        "Loaded image ID: " + APP.configBlob().digest());
        assertThat(before).contains(APP.configBlob().digest().toString());
    }

    /** As docker, whom SIGPIPE ends: no word, and the shell's 141. A disk that is full is told. */
    @ParameterizedTest
    @CsvSource({"| head -c 1 | wc -c, 1, 141, ''", "> /dev/full, '', 1, standard output took not all of the archive"})
    void a_reader_that_has_enough_is_no_error_to_talk_of(String to, String read, String code, String said)
            throws Exception {
        var big = TestImage.named("big:1")
                .layer(new TarBuilder().file("big", 0644, new byte[2 << 20]).build());
        ok("load -q -i " + big.ociArchive(directory.resolve("big.tar")));
        var java = ProcessHandle.current().info().command().orElseThrow();
        var process = new ProcessBuilder(
                        "bash",
                        "-c",
                        java + " --enable-native-access=ALL-UNNAMED -XX:TieredStopAtLevel=1 -cp \"$0\" "
                                + Main.class.getName() + " --root root --run-root run image save big:1 " + to
                                + "; echo ${PIPESTATUS[0]}",
                        System.getProperty("java.class.path"))
                .directory(directory.toFile())
                .start();

        assertThat(process.inputReader().lines())
                .containsExactly(
                        Stream.of(read, code).filter(line -> !line.isEmpty()).toArray(String[]::new));
        assertThat(process.errorReader().lines().filter(line -> !line.startsWith("WARNING:")))
                .containsExactly(Stream.of(said)
                        .filter(line -> !line.isEmpty())
                        .map(line -> "lockstep: " + line)
                        .toArray(String[]::new));
        assertThat(directory.resolve("run/locks/image-lease")).isEmptyDirectory();
    }

    @Test
    void save_writes_a_file_for_root_alone_and_replaces_one() throws IOException {
        Files.writeString(directory.resolve("out.tar"), "old");
        ok("save -o out.tar web");

        assertThat(Files.getAttribute(directory.resolve("out.tar"), "unix:mode"))
                .isEqualTo(0100600);
        assertThat(ok("load -i out.tar")).isEqualTo("Loaded image: web:latest\n");
        assertThat(refused("save -o no/such/dir.tar web")).contains("no such file or directory");
        assertThat(refused("save -o out.tar gone")).contains("there is no image gone here");
        try (var files = Files.list(directory)) {
            assertThat(files.filter(f -> f.toString().endsWith(".tmp"))).isEmpty();
        }
    }

    @Test
    void archives_neither_go_to_a_terminal_nor_come_from_one() {
        for (var words : List.of("save web", "load")) {
            var console = Console.onTerminal(directory);
            assertThat(run(console, words)).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("terminal").contains("redirect it");
        }
    }

    @Test
    void what_is_no_archive_is_refused() {
        var console = Console.in(directory, "not a tar file".getBytes(StandardCharsets.UTF_8));
        assertThat(run(console, "load")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).startsWith("lockstep: ");
        assertThat(refused("load -i gone.tar")).contains("no such file or directory");
    }

    @Test
    void unpack_writes_the_files() throws IOException {
        ok("unpack web tree");

        assertThat(directory.resolve("tree/b")).hasContent("web");
        assertThat(refused("unpack web tree")).contains("exists already");
        assertThat(refused("unpack gone other")).contains("there is no image gone here");
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory.toString());
    }

    @Test
    void rm_takes_a_name_and_with_the_last_one_the_image() {
        ok("tag web web:2");

        assertThat(ok("rm web")).isEqualTo("Untagged: web:latest\n");
        assertThat(ok("rm " + id(WEB).substring(0, 5)))
                .isEqualTo("Untagged: web:2\nDeleted: " + WEB.configBlob().digest() + "\n");
        assertThat(refused("rm web")).isEqualTo("lockstep: there is no image web here\n");
        var forced = Console.in(directory);
        assertThat(run(forced, "rm -f web")).isZero();
        assertThat(forced.out() + forced.err()).isEqualTo("lockstep: there is no image web here\n");
        assertThat(ok("ls -q")).isEqualTo(id(APP) + "\n");
    }

    /** The words are those of Docker 26.1.5, up to the semicolon. */
    @Test
    void rm_by_id_wants_force_when_several_names_lead_there() {
        ok("tag web web:2");
        ok("tag web other:1");
        var id = id(WEB);

        assertThat(refused("rm " + id))
                .isEqualTo("lockstep: conflict: unable to delete " + id + " (must be forced) - image is referenced in"
                        + " multiple repositories; remove its 3 names one by one, or all with --force\n");
        assertThat(refused("rm " + WEB.configBlob().digest())).contains("multiple repositories");
        assertThat(ok("rm -f " + id))
                .isEqualTo("Untagged: other:1\nUntagged: web:2\nUntagged: web:latest\nDeleted: "
                        + WEB.configBlob().digest() + "\n");
    }

    @Test
    void rm_by_digest_is_by_one_of_its_names() {
        assertThat(ok("rm web@" + WEB.manifest().digest()))
                .isEqualTo("Untagged: web:latest\nDeleted: " + WEB.configBlob().digest() + "\n");
        assertThat(refused("rm web@sha512:" + "ab".repeat(64)))
                .contains("it has a digest by sha512, which is not supported: only sha256 is");
    }

    @Test
    void a_file_on_a_full_disk_is_an_error_and_leaves_no_part_of_the_archive() throws IOException {
        var small = Files.createDirectory(directory.resolve("small"));
        var big = new byte[200_000];
        new Random(1).nextBytes(big);
        var image = TestImage.named("big:1")
                .layer(new TarBuilder().file("big", 0644, big).build());
        ok("load -i " + image.ociArchive(directory.resolve("big.tar")));
        Mounts.tmpfs(small, 64 << 10, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            Files.writeString(small.resolve("old.tar"), "old");
            assertThat(refused("save -o small/new.tar big:1")).contains("small").contains("no room");
            assertThat(refused("save -o small/old.tar big:1")).contains("no room");
            assertThat(small.resolve("old.tar")).hasContent("old");
            assertThat(small.toFile().list()).containsExactly("old.tar");
            assertThat(refused("unpack big:1 small/tree")).contains("no room");
            assertThat(small.toFile().list()).containsExactly("old.tar");
        } finally {
            Mounts.unmount(small);
        }
    }

    @Test
    void a_fifo_whose_reader_goes_away_is_an_error() throws Exception {
        var fifo = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        var big = new byte[200_000];
        new Random(1).nextBytes(big);
        var image = TestImage.named("big:1")
                .layer(new TarBuilder().file("big", 0644, big).build());
        ok("load -i " + image.ociArchive(directory.resolve("big.tar")));
        var reader = new ProcessBuilder("head", "-c", "1", fifo.toString()).start();

        assertThat(refused("save -o fifo big:1")).contains("Broken pipe");
        assertThat(reader.waitFor()).isZero();
    }

    @Test
    void verify_says_what_is_bad_and_loading_again_repairs_it() throws IOException {
        assertThat(ok("verify")).isEqualTo("Checked 6 blobs, " + size() + ", and 0 unpacked layers: all good\n");
        var layer = WEB.blobs().getLast().digest();
        Files.writeString(directory.resolve("root/images/blobs/sha256/" + layer.hex()), "bad");

        assertThat(refused("verify"))
                .contains(
                        "damaged: " + layer + " has the digest sha256:", "incomplete: image web:latest lacks " + layer);
        assertThat(refused("unpack web tree")).contains("is not here whole");
        ok("load -i " + WEB.ociArchive(directory.resolve("again.tar")));
        ok("unpack web tree");
        assertThat(ok("verify")).contains("all good");
    }

    @Test
    void verify_unpacks_a_bad_layer_again_and_says_so() throws IOException {
        ok("unpack web tree");
        var file = directory
                .resolve("root/snapshots")
                .resolve(WEB.blobs().getLast().digest().hex())
                .resolve("b");
        Files.writeString(file, "bad");

        assertThat(refused("verify"))
                .contains("damaged: unpacked layer " + WEB.blobs().getLast().digest() + ": /b has ")
                .contains("it has been unpacked again");
        assertThat(file).hasContent("web");
        assertThat(ok("verify")).contains("1 unpacked layer: all good");
    }

    private int system(Console console, String... words) {
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "system"));
        args.addAll(List.of(words));
        return console.run(args.toArray(String[]::new));
    }

    @Test
    void system_prune_removes_images_by_the_same_rules_and_asks_first() {
        ok("tag example.test/shop/app:1 web");

        var asked = Console.in(directory);
        assertThat(system(asked, "prune")).isEqualTo(ExitCodes.ERROR);
        assertThat(asked.err()).contains("there is no terminal to ask on");
        var young = Console.in(directory);
        assertThat(system(young, "prune", "-af", "--filter", "until=1h")).isZero();
        assertThat(young.out()).isEqualTo("Total reclaimed space: 0B\n");
        var dangling = Console.in(directory);
        assertThat(system(dangling, "prune", "-f")).isZero();
        assertThat(dangling.out()).contains("Removed sha256:" + id(WEB)).doesNotContain("shop/app");
        var all = Console.in(directory);
        assertThat(system(all, "prune", "--all", "--force")).isZero();
        assertThat(all.out()).contains("Removed web:latest");
        assertThat(refused("prune -f --filter labels=x")).contains("--filter takes until=TIME, label=KEY");
    }

    private String size() throws IOException {
        var sum = 0L;
        try (var files = Files.list(directory.resolve("root/images/blobs/sha256"))) {
            for (var file : files.toList()) {
                sum += Files.size(file);
            }
        }
        return ImageLines.size(sum);
    }

    @Test
    void prune_says_what_goes_and_asks_first() throws IOException {
        ok("tag example.test/shop/app:1 web");

        assertThat(refused("prune")).contains("there is no terminal to ask on");
        assertThat(ok("prune --dry-run")).contains("Would remove sha256:" + id(WEB), "it has no name", "Would reclaim");
        assertThat(ok("ls -q")).contains(id(WEB));
        assertThat(ok("prune -f --filter label=note")).isEqualTo("Total reclaimed space: 0B\n");
        assertThat(ok("prune -f --keep-age 1h")).isEqualTo("Total reclaimed space: 0B\n");
        assertThat(ok("prune -f")).contains("Removed sha256:" + id(WEB));
        assertThat(ok("ls -q")).doesNotContain(id(WEB));
        var report = JsonMapper.builder().build().readTree(ok("prune -af --keep 1 --format json"));
        assertThat(report.path("images").get(0).path("why").textValue())
                .isEqualTo("it is the newest of its repository");
        assertThat(ok("prune -af")).contains("Removed web:latest");
        assertThat(ok("ls -q")).isEmpty();
        assertThat(refused("prune -f --disk 101")).contains("percentage");
        assertThat(refused("prune -f --keep x", ExitCodes.ENGINE)).contains("whole number");
    }

    /** What is counted is what is there: blobs and files, as du counts them byte by byte. */
    @Test
    void df_is_what_is_on_the_disk() throws Exception {
        ok("unpack web tree");
        ok("unpack example.test/shop/app:1 tree2");
        var counted = 0L;
        for (var room : List.of("root/images/blobs", "root/snapshots")) {
            try (var files = Files.walk(directory.resolve(room))) {
                for (var file : files.filter(Files::isRegularFile).toList()) {
                    counted += Files.size(file);
                }
            }
        }
        var console = Console.in(directory);
        assertThat(system(console, "df", "--format", "json")).isZero();
        var images = JsonMapper.builder()
                .build()
                .readTree(console.out().lines().findFirst().orElseThrow());
        assertThat(images.path("Size").textValue()).isEqualTo(ImageLines.size(counted));
        assertThat(images.path("Reclaimable").textValue()).isEqualTo(ImageLines.size(counted) + " (100%)");
        assertThat(ok("prune -af")).endsWith("Total reclaimed space: " + ImageLines.size(counted) + "\n");
        try (var blobs = Files.list(directory.resolve("root/images/blobs/sha256"))) {
            assertThat(blobs).isEmpty();
        }
    }

    @Test
    void df_shows_images_containers_and_volumes() throws IOException {
        var console = Console.in(directory);
        var code = console.run(
                "--root",
                directory.resolve("root").toString(),
                "--run-root",
                directory.resolve("run").toString(),
                "system",
                "df");

        assertThat(code).as(console.err()).isZero();
        assertThat(console.out().lines().toList().get(0))
                .isEqualTo("TYPE            TOTAL   ACTIVE   SIZE     RECLAIMABLE");
        assertThat(console.out()).contains("Images          2       0        " + size() + "   " + size() + " (100%)");
        assertThat(console.out())
                .contains("Containers      0       0        0B", "Local Volumes   0       0        0B");
    }
}
