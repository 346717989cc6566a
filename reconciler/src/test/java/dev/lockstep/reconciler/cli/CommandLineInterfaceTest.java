package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CommandLineInterfaceTest {
    @TempDir
    private Path directory;

    @Test
    void the_version_is_the_builds() {
        var console = Console.in(directory);

        assertThat(console.run("--version")).isZero();
        assertThat(console.out()).matches("lockstep \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\n");
    }

    @Test
    void help_lists_every_command_that_people_type() {
        var console = Console.in(directory);

        assertThat(console.run("--help")).isZero();
        Verb.shown().forEach(verb -> assertThat(console.out()).contains("\n  " + verb.word() + " "));
        assertThat(console.out()).contains("--project-name", "--root").doesNotContain("train", "container-exit");
    }

    /** Whichever it does not know, it takes the value for the command, and an agent behind it for none. */
    @Test
    void the_launcher_passes_over_the_values_of_the_same_options() throws IOException {
        var launcher = Files.readString(Path.of("src/main/distribution/bin/lockstep"));
        var options = Pattern.compile("(?m)^ *(-f \\| [^)]*)\\) value=next").matcher(launcher);

        assertThat(options.find()).isTrue();
        assertThat(options.group(1).replace("\\", "").split("[|\\s]+"))
                .containsExactlyInAnyOrderElementsOf(GlobalOptions.WITH_VALUE);
    }

    @ParameterizedTest
    @EnumSource(Verb.class)
    void every_command_explains_its_options(Verb verb) {
        var console = Console.in(directory);

        assertThat(console.run(verb.word(), "--help")).isZero();
        assertThat(console.out()).startsWith("Usage: lockstep " + verb.word());
        assertThat(console.err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            plann              | lockstep: unknown command "plann". Did you mean "plan"?
            frobnicate         | lockstep: unknown command "frobnicate". 'lockstep --help' lists all commands.
            commit web         | lockstep: commit: images are built from files; 'lockstep build' makes them, and 'lockstep cp' takes files out of a container
            export web         | lockstep: export: 'lockstep container export' does that
            rmi web:1          | lockstep: rmi: 'lockstep image rm' does that
            login              | lockstep: login: 'lockstep image login' does that
            plan --detailed-exit | lockstep: plan: unknown option: '--detailed-exit'. Did you mean --detailed-exitcode?
            exec web           | lockstep: exec: needs SERVICE COMMAND [ARGS...]. 'lockstep exec --help' shows how it is called.
            volume restore x   | lockstep: volume restore: needs VOLUME SNAPSHOT. 'lockstep volume restore --help' shows how it is called.
            image              | lockstep: 'lockstep image' needs one of import, pull, ls, tag, rm, inspect, referrers, history, save, load, unpack, prune, verify, login, logout, push, tags, catalog, delete after it.
            plan -o xml        | lockstep: --output takes text, markdown or json, not "xml"
            apply --wait-timeout soon | lockstep: --wait-timeout takes seconds or a duration like 1m30s, not "soon"
            --log-level loud plan | lockstep: the log level is one of error, warn, info, debug, trace, not "loud"
            agent --dry-run    | lockstep: --dry-run goes with --once: an agent that follows is there to change things
            agent --moved 1234567 | lockstep: --moved goes with --once; of an agent that runs 'lockstep sync --moved' asks it
            agent --once --dry-run --now | lockstep: --now does not go with --dry-run, which changes nothing
            agent --once --moved main | lockstep: --moved takes the id of a commit, or the first 7 digits of it or more, not "main"; 'lockstep status' shows it
            agent --ref main   | lockstep: --ref and --path belong to --repository URL
            """)
    void wrong_usage_is_one_sentence_and_code_1(String words, String sentence) {
        var console = Console.in(directory);

        assertThat(console.run(words.split(" "))).isEqualTo(1);
        assertThat(console.err()).isEqualTo(sentence + "\n");
        assertThat(console.out()).isEmpty();
    }

    /** Codes of docker compose 2.26.1 and docker 26.1.5 for what they see without an engine. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ps --nosuch                      | 16  | lockstep: ps: unknown option: '--nosuch'.
            down --nosuch                    | 16  | lockstep: down: unknown option: '--nosuch'.
            config --nosuch                  | 16  | lockstep: config: unknown option: '--nosuch'.
            exec --nosuch web true           | 16  | lockstep: exec: unknown option: '--nosuch'.
            logs --tail many                 | 16  | lockstep: --tail takes a whole number from 0, not "many"
            stop -t abc                      | 16  | lockstep: --timeout takes seconds or a duration like 1m30s, not "abc"
            up -d --wait --wait-timeout soon | 16  | lockstep: --wait-timeout takes seconds or a duration like 1m30s, not "soon"
            kill --signal                    | 16  | lockstep: kill: needs SIGNAL.
            up --menu                        | 16  | lockstep: up: --menu: there is no menu:
            port web                         | 1   | lockstep: port: needs
            port                             | 1   | lockstep: port: needs SERVICE PORT.
            exec                             | 1   | lockstep: exec: needs SERVICE COMMAND [ARGS...].
            exec -T                          | 1   | lockstep: exec: needs SERVICE COMMAND [ARGS...].
            run                              | 1   | lockstep: run: needs SERVICE [COMMAND] [ARGS...].
            attach                           | 1   | lockstep: attach: needs SERVICE.
            cp                               | 1   | lockstep: cp: needs
            wait                             | 1   | lockstep: wait: needs SERVICE...
            scale                            | 1   | lockstep: scale: needs SERVICE=N...
            inspect                          | 1   | lockstep: inspect: needs
            container kill                   | 1   | lockstep: container kill: needs CONTAINER...
            container run --rm               | 1   | lockstep: container run: needs IMAGE [COMMAND] [ARGS...].
            network create                   | 1   | lockstep: network create: needs NETWORK.
            image pull                       | 1   | lockstep: image pull: needs REFERENCE.
            secret set                       | 1   | lockstep: secret set: needs
            cp a                             | 1   | lockstep: cp: needs
            volume create --nosuch           | 125 | lockstep: volume create: unknown option: '--nosuch'.
            container rename a               | 1   | lockstep: container rename: needs
            container rename a b c           | 1   | lockstep: container rename:
            container run --cpu-count 1 x    | 125 | lockstep: container: --cpu-count: is of Windows;
            container run --isolation=x x    | 125 | lockstep: container: --isolation: is of Windows;
            plan --nosuch                    | 1   | lockstep: plan: unknown option: '--nosuch'.
            """)
    void a_flag_that_makes_no_sense_has_the_code_of_whose_command_it_is(String words, int code, String sentence) {
        var console = Console.in(directory);

        assertThat(console.run(words.split(" "))).as(console.err()).isEqualTo(code);
        assertThat(console.err()).startsWith(sentence);
    }

    /** Codes of docker 26.1.5, of which only those that need no engine; the others are in LooseContainersIT. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            container run --nosuch busybox:1                  | 125
            container run --memory lots busybox:1             | 125
            container run --cpus abc busybox:1                | 125
            container run -p 80:80:80:80 busybox:1            | 125
            container run -w relative busybox:1               | 125
            container run -v /nosuch:relative busybox:1       | 125
            container run --name bad/name busybox:1           | 125
            container run --rm --restart always busybox:1     | 125
            container run --isolation hyperv busybox:1        | 125
            container run --volume-driver nfs busybox:1       | 125
            container run -e                                  | 125
            container run                                     | 1
            container run --help                              | 0
            container create --nosuch busybox:1               | 125
            container exec                                    | 1
            """)
    void what_makes_no_sense_has_dockers_code(String words, int code) {
        var console = Console.in(directory);
        var root = directory.resolve("state");
        var arguments = Stream.concat(
                Stream.of("--root", root.toString(), "--run-root", root.toString()), Stream.of(words.split(" ")));
        assertThat(console.run(arguments.toArray(String[]::new)))
                .as(console.err())
                .isEqualTo(code);
        assertThat(root).doesNotExist();
    }

    @Test
    void convert_is_config_as_with_compose() {
        for (var words : new String[] {"convert --help", "help convert", "-p convert convert --help"}) {
            var console = Console.in(directory);
            assertThat(console.run(words.split(" "))).as(console.err()).isZero();
            assertThat(console.out()).startsWith("Usage: lockstep config ");
        }
        var console = Console.in(directory);
        assertThat(console.run("convert", "--nosuch")).isEqualTo(16);
        assertThat(console.err()).startsWith("lockstep: config: unknown option: '--nosuch'.");
    }

    @Test
    void without_a_command_help_is_pointed_at() {
        var console = Console.in(directory);

        assertThat(console.run()).isEqualTo(1);
        assertThat(console.err()).isEqualTo("lockstep: needs a command; 'lockstep --help' lists all.\n");
    }

    @Test
    void what_a_stranger_wrote_moves_no_cursor() {
        var console = Console.in(directory);

        console.run("pl\u001b[2Jan");

        assertThat(console.err()).doesNotContain("\u001b");
    }
}
