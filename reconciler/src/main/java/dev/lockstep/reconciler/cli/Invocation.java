package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.StandardInput;
import dev.lockstep.spec.model.Durations;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParseResult;

/**
 * One call of a command: what was given, and the world it was called in.
 *
 * @param parsed of the command itself
 * @param files those of the directory it was called in; with {@code input} one for all that it reads, since what comes
 *     out of a pipe comes once
 */
record Invocation(
        ParseResult parsed, GlobalOptions globals, Surroundings world, DirectoryTree files, StandardInput input) {
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

    /** One that has read nothing yet. */
    Invocation(ParseResult parsed, GlobalOptions globals, Surroundings world) {
        this(parsed, globals, world, new DirectoryTree(world.directory()), new StandardInput(world.in()));
    }

    /** Whether the option was given; {@code --name=false} is the same as nothing. */
    boolean flag(String name) {
        return Options.isGiven(parsed, name);
    }

    /** Whether an option that is on was switched off. */
    boolean off(String name) {
        return parsed.hasMatchedOption(name + "=false");
    }

    /** Whether nothing is to be done but said. */
    boolean dryRun() {
        return globals.dryRun() || flag("--dry-run");
    }

    /** The option's value. */
    Optional<String> text(String name) {
        return flag(name) ? Optional.of(parsed.matchedOptionValue(name, "")) : Optional.empty();
    }

    /** The same, where an empty value is none: scripts write {@code --target "$TARGET"}. */
    Optional<String> word(String name) {
        return text(name).filter(text -> !text.isEmpty());
    }

    /** The values of an option that may be given several times. */
    List<String> texts(String name) {
        return parsed.matchedOptionValue(name, List.of());
    }

    /** What stands beside the options. */
    List<String> arguments() {
        return parsed.hasMatchedPositional(0) ? parsed.matchedPositionalValue(0, List.of()) : List.of();
    }

    /**
     * One of a few words.
     *
     * @param otherwise when the option was not given
     */
    String choice(String name, String otherwise, List<String> words) throws CommandException {
        var text = text(name).orElse(otherwise);
        if (!words.contains(text)) {
            throw new CommandException(name + " takes " + String.join(", ", words.subList(0, words.size() - 1)) + " or "
                    + words.getLast() + ", not \"" + Printable.text(text) + "\"");
        }
        return text;
    }

    /** What Compose, Docker or we end with for a flag that makes no sense. */
    private int wrongFlag() {
        var words = parsed.commandSpec().qualifiedName(" ").split(" ", -1);
        return words.length < 2
                ? ExitCodes.ERROR
                : Verb.of(words[1]).map(Verb::wrongFlag).orElse(ExitCodes.ERROR);
    }

    /** That of Compose where the command is one of its own, else that of any error. */
    int compose(int code) {
        return wrongFlag() == ExitCodes.COMPOSE_FLAG ? code : ExitCodes.ERROR;
    }

    /** A whole number, none below {@code least}. */
    Optional<Integer> number(String name, int least) throws CommandException {
        var text = text(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            var number = Integer.parseInt(text.get());
            if (number >= least) {
                return Optional.of(number);
            }
        } catch (NumberFormatException e) {
            // Said below, with the number's range.
        }
        throw new CommandException(
                name + " takes a whole number from " + least + ", not \"" + Printable.text(text.get()) + "\"",
                wrongFlag());
    }

    /** A span of time: seconds, or as Compose writes it, {@code 1m30s}. */
    Optional<Duration> duration(String name) throws CommandException {
        var text = text(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            var duration = text.get().matches("\\d{1,9}")
                    ? Duration.ofSeconds(Long.parseLong(text.get()))
                    : Durations.parse(text.get());
            if (!duration.isNegative()) {
                return Optional.of(duration);
            }
        } catch (IllegalArgumentException e) {
            // Said below, with the option's name.
        }
        throw new CommandException(
                name + " takes seconds or a duration like 1m30s, not \"" + Printable.text(text.get()) + "\"",
                wrongFlag());
    }

    /** The same call, about the files that a saved plan was made from, wherever this was called. */
    Invocation about(SavedPlan.Source source) {
        return new Invocation(parsed, globals.about(source), world.at(Path.of(source.directory())));
    }

    /**
     * Asks a person on standard error, unless the option was given that makes it unnecessary.
     *
     * @param without that option
     * @throws CommandException where there is no terminal to ask on
     */
    boolean agrees(String question, String without) throws IOException, CommandException {
        if (flag(without)) {
            return true;
        }
        if (!world.terminals().in()) {
            throw new CommandException("there is no terminal to ask on; " + without + " goes on unasked");
        }
        world.err().print(Printable.text(question) + " [y/N] ");
        world.err().flush();
        var answer = new BufferedReader(new InputStreamReader(world.in(), StandardCharsets.UTF_8)).readLine();
        return answer != null && answer.strip().matches("(?i)y|yes");
    }

    /** How long a container may take to end: like {@link #duration}, and -1 for as long as it wants. */
    Optional<Duration> grace(String name) throws CommandException {
        return text(name).filter("-1"::equals).isPresent() ? Optional.of(FOR_EVER) : duration(name);
    }

    /** A sentence to standard error. */
    void say(String sentence) {
        world.err().println(Printable.text(sentence));
    }
}
