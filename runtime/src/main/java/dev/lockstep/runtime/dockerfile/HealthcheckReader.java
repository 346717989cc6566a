package dev.lockstep.runtime.dockerfile;

import dev.lockstep.runtime.dockerfile.Flags.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiFunction;

/** {@code HEALTHCHECK}. */
final class HealthcheckReader {
    private static final Map<String, Kind> FLAGS = Map.of(
            "interval", Kind.TEXT,
            "timeout", Kind.TEXT,
            "start-period", Kind.TEXT,
            "start-interval", Kind.TEXT,
            "retries", Kind.TEXT);
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private final RawInstruction raw;
    private final List<Problem> problems;

    HealthcheckReader(RawInstruction raw, List<Problem> problems) {
        this.raw = raw;
        this.problems = problems;
    }

    Instruction read(BiFunction<RawInstruction, String, CommandLine> command) {
        var flags = Flags.read(raw, FLAGS, problems);
        var args = raw.args();
        var end = 0;
        while (end < args.length() && !Words.isBlank(args.charAt(end))) {
            end++;
        }
        var rest = args.substring(end).strip();
        Optional<CommandLine> test = Optional.empty();
        switch (args.substring(0, end).toUpperCase(Locale.ROOT)) {
            case "" -> problem("HEALTHCHECK requires at least one argument");
            case "NONE" -> {
                if (!rest.isEmpty()) {
                    problem("HEALTHCHECK NONE takes no arguments");
                } else if (!raw.flags().isEmpty()) {
                    problem("HEALTHCHECK NONE takes no flags: there is nothing that they could be about");
                }
            }
            case "CMD" -> {
                var line = command.apply(raw, rest);
                if (rest.isEmpty() || line instanceof CommandLine.Exec(var words) && words.isEmpty()) {
                    problem("Missing command after HEALTHCHECK CMD");
                }
                test = Optional.of(line);
            }
            default ->
                problem("Unknown type " + Shown.of(args.substring(0, end).toUpperCase(Locale.ROOT))
                        + " in HEALTHCHECK (try CMD)");
        }
        return new Instruction.Healthcheck(
                raw.written(),
                test,
                time(flags, "interval"),
                time(flags, "timeout"),
                time(flags, "start-period"),
                time(flags, "start-interval"),
                retries(flags));
    }

    private void problem(String message) {
        // An error of JSON has been said already.
        if (problems.isEmpty() || problems.getLast().at().line() != raw.at().line()) {
            problems.add(Problem.of(raw.at(), message));
        }
    }

    private Duration time(Flags flags, String name) {
        var text = flags.text(name).filter(t -> !t.isEmpty());
        if (text.isEmpty()) {
            return Duration.ZERO;
        }
        var time = GoDuration.parse(text.get());
        if (time.isEmpty()) {
            problems.add(Problem.of(
                    raw.atFlag(name),
                    "time: invalid duration " + Shown.of(text.get()) + ": --" + name + " is such as 1m30s or 500ms"));
        } else if (!time.get().isZero() && time.get().compareTo(SHORTEST) < 0) {
            problems.add(Problem.of(raw.atFlag(name), "Interval \"" + name + "\" cannot be less than 1ms"));
        }
        return time.orElse(Duration.ZERO);
    }

    private OptionalInt retries(Flags flags) {
        var text = flags.text("retries").filter(t -> !t.isEmpty());
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            var retries = Integer.parseInt(text.get());
            if (retries < 0) {
                problems.add(Problem.of(raw.atFlag("retries"), "--retries cannot be negative (" + retries + ")"));
            }
            return OptionalInt.of(retries);
        } catch (NumberFormatException e) {
            problems.add(Problem.of(raw.atFlag("retries"), "--retries is a number, not " + Shown.of(text.get())));
            return OptionalInt.empty();
        }
    }
}
