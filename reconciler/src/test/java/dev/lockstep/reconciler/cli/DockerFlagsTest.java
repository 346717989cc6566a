package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Every flag that docker compose, docker container and docker network have is there, or is answered with why it is not.
 */
class DockerFlagsTest {
    /** Comes with what drivers of logs can tell of a line, which is a change of its own. */
    private static final Set<String> LATER = Set.of("container logs --details");

    private static final String BEGIN = "<!-- flags: checked by DockerFlagsTest -->";

    /** Command, as Docker writes it, and its flags. */
    private static Map<String, List<String>> recorded() throws IOException {
        var commands = new LinkedHashMap<String, List<String>>();
        try (InputStream text = DockerFlagsTest.class.getResourceAsStream("/docker-flags.txt")) {
            new String(Objects.requireNonNull(text).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(line -> {
                        var words = line.split(":", 2);
                        var flags = commands.computeIfAbsent(words[0], _ -> new ArrayList<>());
                        List.of(words[1].strip().split(" ")).stream()
                                .filter(flag -> !flag.isEmpty())
                                .forEach(flags::add);
                    });
        }
        return commands;
    }

    /** What we have under that name; empty when the whole command is refused. */
    private static Optional<Command> ours(String docker) {
        var word = docker.substring(docker.indexOf(' ') + 1);
        if (docker.startsWith("network ")) {
            return Optional.ofNullable(new NetworkCommand().subcommands().get(word));
        }
        if (docker.startsWith("container ")) {
            var command = new ContainerCommand().subcommands().get(word);
            return Optional.ofNullable(command).filter(c -> !(c instanceof ContainerCommand.Refused));
        }
        return Verb.of(word).map(Verb::command);
    }

    private static CommandSpec spec(Command command) {
        var spec = CommandSpec.create();
        command.describe(spec);
        spec.addOption(Options.flag("Show this", "--help"));
        return spec;
    }

    private static boolean looksOnly(String docker) {
        return docker.startsWith("compose ")
                && Verb.of(docker.substring("compose ".length()))
                        .filter(Verb::looksOnly)
                        .isPresent();
    }

    @Test
    void every_flag_of_docker_is_there_or_refused_with_its_reason() throws IOException {
        var missing = new ArrayList<String>();
        for (var recorded : recorded().entrySet()) {
            var docker = recorded.getKey();
            if (docker.equals("compose")) {
                var root = CommandSpec.create();
                GlobalOptions.addTo(root, true);
                recorded.getValue().stream()
                        .filter(flag -> !root.optionsMap().containsKey(flag))
                        .forEach(flag -> missing.add(docker + " " + flag));
                continue;
            }
            var ours = ours(docker);
            if (ours.isEmpty()) {
                var word = docker.substring(docker.indexOf(' ') + 1);
                var refused = docker.startsWith("container ")
                        ? new ContainerCommand().subcommands().get(word) instanceof ContainerCommand.Refused
                        : Verb.refusal(word).isPresent();
                if (!refused) {
                    missing.add(docker);
                }
                continue;
            }
            var spec = spec(ours.get());
            for (var flag : recorded.getValue()) {
                if (!spec.optionsMap().containsKey(flag) && !(flag.equals("--dry-run") && looksOnly(docker))) {
                    missing.add(docker + " " + flag);
                }
            }
        }
        missing.removeAll(LATER);
        assertThat(missing).isEmpty();
    }

    /** Every command that we have, with the words that lead to it. */
    private static Map<String, Command> all() {
        var all = new TreeMap<String, Command>();
        for (var verb : Verb.values()) {
            add(all, verb.word(), verb.command());
        }
        return all;
    }

    private static void add(Map<String, Command> all, String words, Command command) {
        all.put(words, command);
        command.subcommands().forEach((word, sub) -> add(all, words + " " + word, sub));
    }

    private static ParseResult parse(Command command, String option) {
        var spec = spec(command);
        List.copyOf(spec.positionalParameters()).forEach(spec::remove);
        Options.addBooleans(spec);
        return new CommandLine(spec).parseArgs(option);
    }

    @Test
    void a_flag_may_have_a_boolean_behind_each_of_its_names() {
        var wrong = new ArrayList<String>();
        all().forEach((words, command) -> {
            for (var option : spec(command).options()) {
                if (option.arity().max() > 0 || Options.refusal(option).isPresent()) {
                    continue;
                }
                for (var name : option.names()) {
                    for (var other : option.names()) {
                        if (!name.contains("=") && !other.contains("=")) {
                            if (!Options.isGiven(parse(command, name + "=true"), other)) {
                                wrong.add(words + " " + name + "=true says nothing of " + other);
                            }
                            if (Options.isGiven(parse(command, name + "=false"), other)) {
                                wrong.add(words + " " + name + "=false turns " + other + " on");
                            }
                            if (!parse(command, name + "=false").hasMatchedOption(other + "=false")) {
                                wrong.add(words + " " + name + "=false says nothing of " + other);
                            }
                        }
                    }
                }
            }
        });
        assertThat(wrong).isEmpty();
    }

    @Test
    void the_readme_tells_which_flags_are_not_there_and_why() throws IOException {
        var readme = Files.readString(Path.of("README.md"));
        var from = readme.indexOf(BEGIN) + BEGIN.length();
        var until = readme.indexOf("\n\n", from + 1);
        assertThat(readme).contains(BEGIN);

        assertThat(readme.substring(from, until).strip()).isEqualTo(table().strip());
    }

    private static String table() throws IOException {
        var lines = new ArrayList<>(List.of("", "| command | Docker's flags | not there, and why |", "|---|---|---|"));
        for (var recorded : recorded().entrySet()) {
            var docker = recorded.getKey();
            if (docker.equals("compose")) {
                var root = CommandSpec.create();
                GlobalOptions.addTo(root, true);
                lines.add(row("before every command", recorded.getValue(), refusals(root)));
                continue;
            }
            var name = docker.startsWith("compose ") ? docker.substring("compose ".length()) : docker;
            var ours = ours(docker);
            if (ours.isPresent()) {
                lines.add(row("`" + name + "`", recorded.getValue(), refusals(spec(ours.get()))));
            } else {
                var word = docker.substring(docker.indexOf(' ') + 1);
                var why = new ContainerCommand().subcommands().get(word) instanceof ContainerCommand.Refused(var reason)
                                && docker.startsWith("container ")
                        ? reason
                        : Verb.refusal(word).orElseThrow();
                lines.add("| `" + name + "` | | all: " + why + " |");
            }
        }
        return String.join("\n", lines);
    }

    private static String row(String name, List<String> flags, Map<String, Set<String>> refusals) {
        var count = flags.stream().filter(flag -> flag.startsWith("--")).count();
        var why = refusals.entrySet().stream()
                .map(r -> r.getValue().stream().map(o -> "`" + o + "`").collect(Collectors.joining(" ")) + ": "
                        + r.getKey())
                .collect(Collectors.joining("; "));
        return ("| " + name + " | " + count + " | " + why + " |").replace("  ", " ");
    }

    /** Long names by reason. */
    private static Map<String, Set<String>> refusals(CommandSpec spec) {
        var refusals = new TreeMap<String, Set<String>>();
        for (OptionSpec option : spec.options()) {
            Options.refusal(option).ifPresent(why -> {
                var names = refusals.computeIfAbsent(why, _ -> new TreeSet<>());
                for (var name : option.names()) {
                    if (name.startsWith("--")) {
                        names.add(name);
                    }
                }
            });
        }
        return refusals;
    }
}
