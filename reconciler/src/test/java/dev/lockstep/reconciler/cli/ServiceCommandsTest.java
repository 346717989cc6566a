package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.event.Event;
import dev.lockstep.runtime.linux.ProcessDetails;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on services where no host is needed: how numbers look, and what is refused before anything is done. */
class ServiceCommandsTest {
    @TempDir
    private Path directory;

    private String refused(String... words) throws IOException {
        return refused(1, words);
    }

    private String refused(int code, String... words) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), "services: {web: {image: x}}\n");
        var console = Console.in(directory);
        var root = directory.resolve("root");
        var args = new ArrayList<>(List.of(
                "--root",
                root.toString(),
                "--run-root",
                directory.resolve("run").toString()));
        args.addAll(List.of(words));
        assertThat(console.run(args.toArray(String[]::new))).isEqualTo(code);
        assertThat(root).as(String.join(" ", words)).doesNotExist();
        return console.err();
    }

    @Test
    void a_stack_whose_files_are_wrong_can_be_named() throws IOException {
        Files.writeString(directory.resolve("wrong.yaml"), "services: {web: {image: x, prots: []}}\n");
        Files.writeString(directory.resolve("broken.yaml"), "services: [\n");

        assertThat(refused(15, "-f", "wrong.yaml", "ps"))
                .contains("services.web.prots: unknown key. Did you mean \"ports\"? Or name the stack with -p\n");
        assertThat(refused(15, "-f", "broken.yaml", "ps")).endsWith(". Or name the stack with -p\n");
    }

    @Test
    void an_up_of_nothing_is_refused() throws IOException {
        Files.writeString(directory.resolve("tools.yaml"), "services: {t: {image: x, profiles: [tools]}}\n");
        Files.writeString(directory.resolve("empty.yaml"), "services: {}\n");

        assertThat(refused("-f", "tools.yaml", "up", "-d"))
                .isEqualTo(
                        "lockstep: no service selected: each is in a profile, and --profile turns none of them on\n");
        assertThat(refused("-f", "empty.yaml", "up")).isEqualTo("lockstep: no service selected\n");
    }

    /** Docker compose 2.26.1 has them still, and does not list them. */
    @Test
    void flags_of_old_scripts_say_nothing() throws IOException {
        for (var words : List.of(
                "build --parallel --compress --force-rm --no-rm --pull wbe",
                "pull --parallel --no-parallel -q wbe",
                "rm -fav --all --dry-run wbe")) {
            assertThat(refused(words.split(" "))).contains("no such service: wbe. Did you mean \"web\"?");
        }
    }

    /** What docker stats prints for these. */
    @Test
    void memory_is_shown_in_four_digits_and_binary_units() {
        assertThat(StatsCommand.binary(0)).isEqualTo("0B");
        assertThat(StatsCommand.binary(1023)).isEqualTo("1023B");
        assertThat(StatsCommand.binary(552_960)).isEqualTo("540KiB");
        assertThat(StatsCommand.binary(25_275_877_000L)).isEqualTo("23.54GiB");
        assertThat(StatsCommand.binary(1L << 30)).isEqualTo("1GiB");
    }

    @Test
    void scales_are_names_with_whole_numbers() throws CommandException {
        assertThat(UpRun.scale(List.of("web=3", "db=0"))).isEqualTo(Map.of("web", 3, "db", 0));
        for (var wrong : List.of("web", "web=", "web=x", "web=-1", "web=99999")) {
            assertThatThrownBy(() -> UpRun.scale(List.of(wrong)))
                    .isInstanceOf(CommandException.class)
                    .hasMessageStartingWith("invalid scale specifier: " + wrong);
        }
    }

    @Test
    void an_event_is_one_line_without_the_labels_of_compose() {
        var event = new Event(
                Instant.parse("2026-11-25T01:47:30.745239855Z"),
                "container",
                "exec_create: sh -c exit 7",
                "4b2d",
                Map.of("name", "p-db-1", "image", "web:1", "com.docker.compose.service", "db"));

        assertThat(EventsCommand.text(event))
                .isEqualTo("2026-11-25 01:47:30.745239 container exec_create: sh -c exit 7 4b2d"
                        + " (image=web:1, name=p-db-1)\n");
        assertThat(EventsCommand.json(event))
                .isEqualTo("{\"action\":\"exec_create: sh -c exit 7\",\"attributes\":{\"image\":\"web:1\","
                        + "\"name\":\"p-db-1\"},\"id\":\"4b2d\",\"service\":\"db\","
                        + "\"time\":\"2026-11-25T01:47:30.745239855Z\",\"type\":\"container\"}\n");
    }

    @Test
    void processes_look_as_in_ps() {
        var process = new ProcessDetails(
                4988, 1000, 4946, Duration.ofHours(30), Duration.ofSeconds(3725), "pts/0", "sleep 1000");

        assertThat(process.percent()).isEqualTo(3);
        assertThat(process.terminal()).isEqualTo("pts/0");
    }

    @Test
    void contradictions_are_refused() throws IOException {
        assertThat(refused("up", "-d", "--abort-on-container-exit")).contains("cannot be combined");
        assertThat(refused("up", "--wait", "--no-start")).contains("cannot be used together");
        assertThat(refused("down", "-v", "web", "wbe"))
                .isEqualTo("lockstep: no such service: wbe. Did you mean \"web\"?\n");
        assertThat(refused("up", "-V", "--no-recreate")).contains("cannot be used together");
        assertThat(refused("up", "--pull", "often")).contains("--pull takes always, missing, never or policy");
        assertThat(refused("cp", "a")).contains("cp: needs");
        assertThat(refused("cp", "web:/a", "web:/b")).contains("copying between containers");
        assertThat(refused("attach", "--detach-keys", "ctrl-1", "web")).contains("--detach-keys: \"ctrl-1\" is no key");
        assertThat(refused("ls", "--filter", "state=x")).contains("--filter takes name=PATTERN");
        assertThat(refused("port", "web", "http")).contains("\"http\" is no port");
        assertThat(refused("events", "--since", "yesterday")).contains("is no time");
        assertThat(refused("container")).contains("needs one of run, create, ls");
        assertThat(refused(16, "up", "--watch")).contains("up: --watch: files are not watched");
        assertThat(refused("up", "--abort-on-container-failure", "-d")).contains("cannot be combined");
        assertThat(refused("build", "-t", "x", "a", "b")).contains("--tag is about one context");
        assertThat(refused("--dry-run", "image", "rm", "x")).contains("--dry-run is not there for this command");
        // However it is written, and wherever.
        assertThat(refused("image", "rm", "--dry-run=true", "x")).contains("--dry-run is not there for this command");
        assertThat(refused("--dry-run=true", "image", "rm", "x")).contains("--dry-run is not there for this command");
        assertThat(refused("--progress", "loud", "ps")).contains("--progress takes auto, tty, plain, quiet or rawjson");
        // Docker compose 2.26.1, whatever the command: no stack can have such a name.
        for (var command : List.of("ps", "ls", "stop", "down", "up")) {
            assertThat(refused("-p", "Bad!", command))
                    .isEqualTo("lockstep: invalid project name \"Bad!\": must consist only of lowercase alphanumeric"
                            + " characters, hyphens, and underscores as well as start with a letter or number\n");
        }
        assertThat(refused("up", "--exit-code-from", "wbe")).contains("no such service: wbe. Did you mean \"web\"?");
        assertThat(refused("--parallel", "0", "ps")).contains("--parallel takes a whole number from 1, or -1");
        assertThat(refused("ps", "--format", "x")).contains("--format takes table, json or a Go template");
        assertThat(refused("ps", "--filter", "x=y")).contains("unknown filter x");
        assertThat(refused("container", "update", "--cpus", "two", "x")).contains("--cpus takes a number such as 1.5");
        assertThat(refused("container", "update", "--restart", "always:3", "x")).contains("only on-failure takes");
        assertThat(refused("container", "prune", "-f", "--filter", "x=y")).contains("invalid filter 'x'");
    }
}
