package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.load.ProjectNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * What stands before the command, as with Compose, or after it where the command has no option of that letter.
 *
 * @param files compose files, later ones over earlier ones; {@code -} is standard input
 * @param profiles those that are on, {@code *} for all
 * @param root state that survives reboots
 * @param runRoot state that need not
 * @param dryRun nothing is to be done but said
 * @param progress how it is told what goes on; absent: as the terminal can show it
 * @param parallel how many steps are carried out at a time
 */
record GlobalOptions(
        List<String> files,
        Optional<String> projectName,
        List<String> envFiles,
        List<String> profiles,
        Optional<String> projectDirectory,
        Path root,
        Path runRoot,
        Optional<String> logLevel,
        boolean dryRun,
        Optional<String> progress,
        OptionalInt parallel) {
    /** Those with a value, so that the command can be found behind them. */
    static final List<String> WITH_VALUE = List.of(
            "-f",
            "--file",
            "-p",
            "--project-name",
            "--env-file",
            "--profile",
            "--project-directory",
            "--root",
            "--run-root",
            "--log-level",
            "--ansi",
            "--progress",
            "--parallel");

    private static final String ROOT = "/var/lib/lockstep";
    private static final String RUN_ROOT = "/run/lockstep";

    GlobalOptions {
        files = List.copyOf(files);
        envFiles = List.copyOf(envFiles);
        profiles = List.copyOf(profiles);
    }

    private static List<OptionSpec> options() {
        return List.of(
                Options.values("FILE", "Compose file; may be given several times, - is standard input", "-f", "--file"),
                Options.value("NAME", "Name of the stack", "-p", "--project-name"),
                Options.values("FILE", "Instead of .env; may be given several times", "--env-file"),
                Options.values("NAME", "Profile to turn on; may be given several times, * is all", "--profile"),
                Options.value("DIR", "Base of the relative paths in the files", "--project-directory"),
                Options.value("DIR", "State of this host (default " + ROOT + ", or LOCKSTEP_ROOT)", "--root"),
                Options.value(
                        "DIR",
                        "State until the next boot (default " + RUN_ROOT + ", or LOCKSTEP_RUN_ROOT)",
                        "--run-root"),
                Options.value("LEVEL", "error, warn, info, debug or trace (or LOCKSTEP_LOG)", "--log-level"),
                Options.value("WHEN", "Colours: never, always or auto (default)", "--ansi"),
                Options.value("HOW", "Progress: auto (default), tty, plain or quiet", "--progress"),
                Options.value("N", "Steps at a time (default 4)", "--parallel"),
                Options.flag("Say what would be done, and do nothing", "--dry-run"),
                Options.refused(
                        "names with underscores are those of Compose 1, and nothing here was made by it",
                        "--compatibility"));
    }

    /** Adds those whose names the command does not use itself, out of sight of its help. */
    static void addTo(CommandSpec spec, boolean shown) {
        for (var option : options()) {
            var free = new ArrayList<>(List.of(option.names()));
            free.removeIf(spec.optionsMap()::containsKey);
            if (!free.isEmpty()) {
                spec.addOption(option.toBuilder()
                        .names(free.toArray(String[]::new))
                        .hidden(!shown)
                        .build());
            }
        }
    }

    /** The same for the files that a saved plan was made from. */
    GlobalOptions about(SavedPlan.Source source) {
        return new GlobalOptions(
                source.files(),
                source.projectName(),
                source.envFiles(),
                source.profiles(),
                source.projectDirectory(),
                root,
                runRoot,
                logLevel,
                dryRun,
                progress,
                parallel);
    }

    /** Whether it says anything of a stack's files. */
    boolean nameFiles() {
        return !files.isEmpty()
                || projectName.isPresent()
                || !envFiles.isEmpty()
                || !profiles.isEmpty()
                || projectDirectory.isPresent();
    }

    /** What was given before the command and after it. */
    static GlobalOptions of(List<ParseResult> parsed, Surroundings world) throws CommandException {
        return new GlobalOptions(
                all(parsed, "--file"),
                projectName(parsed),
                all(parsed, "--env-file"),
                all(parsed, "--profile"),
                last(parsed, "--project-directory"),
                directory(parsed, "--root", "LOCKSTEP_ROOT", ROOT, world),
                directory(parsed, "--run-root", "LOCKSTEP_RUN_ROOT", RUN_ROOT, world),
                last(parsed, "--log-level").or(() -> world.variable("LOCKSTEP_LOG")),
                parsed.stream().anyMatch(p -> Options.isGiven(p, "--dry-run")),
                word(
                        parsed,
                        "--progress",
                        "COMPOSE_PROGRESS",
                        List.of("auto", "tty", "plain", "quiet", "rawjson"),
                        world),
                parallel(parsed, world));
    }

    /** Also commands that read no files must not take a name that no stack can have for one that has nothing. */
    private static Optional<String> projectName(List<ParseResult> parsed) throws CommandException {
        var name = last(parsed, "--project-name").filter(n -> !n.isEmpty()); // as with Compose: -p "$UNSET"
        if (name.isPresent() && !ProjectNames.isValid(name.get())) {
            throw new CommandException(Printable.text(ProjectNames.invalid(name.get())));
        }
        return name;
    }

    private static Optional<String> word(
            List<ParseResult> parsed, String option, String variable, List<String> words, Surroundings world)
            throws CommandException {
        var text = last(parsed, option);
        if (text.isPresent() && !words.contains(text.get())) {
            throw new CommandException(option + " takes "
                    + String.join(", ", words.subList(0, words.size() - 1)) + " or " + words.getLast() + ", not \""
                    + Printable.text(text.get()) + "\"");
        }
        return text.or(() -> world.variable(variable).filter(words::contains));
    }

    /** -1 is no limit of the user's, as with Compose. */
    private static OptionalInt parallel(List<ParseResult> parsed, Surroundings world) throws CommandException {
        var text = last(parsed, "--parallel").or(() -> world.variable("COMPOSE_PARALLEL_LIMIT"));
        if (text.isEmpty() || text.get().equals("-1")) {
            return OptionalInt.empty();
        }
        if (!text.get().matches("[1-9]\\d{0,3}")) {
            throw new CommandException(
                    "--parallel takes a whole number from 1, or -1, not \"" + Printable.text(text.get()) + "\"");
        }
        return OptionalInt.of(Integer.parseInt(text.get()));
    }

    /** The world as these options want it seen: with colours or without, with lines that are overwritten or without. */
    static Surroundings seen(List<ParseResult> parsed, Surroundings world) throws CommandException {
        var ansi = word(parsed, "--ansi", "COMPOSE_ANSI", List.of("never", "always", "auto"), world);
        var progress = word(
                parsed, "--progress", "COMPOSE_PROGRESS", List.of("auto", "tty", "plain", "quiet", "rawjson"), world);
        var seen = world;
        if (ansi.isPresent()) {
            seen = switch (ansi.get()) {
                case "never" -> seen.with("NO_COLOR", "1");
                case "always" -> seen.with("NO_COLOR", "").with("CLICOLOR_FORCE", "1");
                default -> seen;
            };
        }
        var live = progress.filter(p -> !p.equals("auto")).map(p -> p.equals("tty"));
        return live.isPresent() ? seen.withTalkOnTerminal(live.get()) : seen;
    }

    private static Path directory(
            List<ParseResult> parsed, String option, String variable, String otherwise, Surroundings world) {
        var text = last(parsed, option).or(() -> world.variable(variable)).orElse(otherwise);
        return world.directory().resolve(text).normalize();
    }

    private static List<String> all(List<ParseResult> parsed, String name) {
        var all = new ArrayList<String>();
        for (var p : parsed) {
            // A command's own option of that name, such as the Dockerfile of build, says nothing of the stack's files.
            if (p.hasMatchedOption(name) && p.matchedOption(name).isMultiValue()) {
                all.addAll(p.matchedOptionValue(name, List.<String>of()));
            }
        }
        return all;
    }

    private static Optional<String> last(List<ParseResult> parsed, String name) {
        return parsed.reversed().stream()
                // A command's own --parallel, without a value, says nothing of how many steps.
                .filter(p -> p.hasMatchedOption(name)
                        && p.matchedOption(name).arity().max() > 0)
                .findFirst()
                .map(p -> p.matchedOptionValue(name, ""));
    }
}
