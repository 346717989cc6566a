package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.model.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParseResult;

/**
 * One call of a command: what was given, and the world it was called in.
 *
 * @param parsed of the command itself
 */
record Invocation(ParseResult parsed, GlobalOptions globals, Surroundings world) {
    /** Whether the option was given. */
    boolean flag(String name) {
        return parsed.hasMatchedOption(name);
    }

    /** The option's value. */
    Optional<String> text(String name) {
        return flag(name) ? Optional.of(parsed.matchedOptionValue(name, "")) : Optional.empty();
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
                name + " takes a whole number from " + least + ", not \"" + Printable.text(text.get()) + "\"");
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
                name + " takes seconds or a duration like 1m30s, not \"" + Printable.text(text.get()) + "\"");
    }

    /** A sentence to standard error. */
    void say(String sentence) {
        world.err().println(Printable.text(sentence));
    }
}
