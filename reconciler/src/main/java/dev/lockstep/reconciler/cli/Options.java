package dev.lockstep.reconciler.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The few sorts of options and arguments that commands have. */
final class Options {
    private static final String REFUSED = "refused";
    private static final String TRUE = "=true";

    private Options() {}

    /** An option without a value. */
    static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names).description(text(description)).build();
    }

    /** An option that is on unless {@code =false} is written behind its name; that is the option {@code off} then. */
    static List<OptionSpec> switchedOn(String description, String... names) {
        var off = Arrays.stream(names).map(name -> name + "=false").toArray(String[]::new);
        return List.of(
                flag(description, names),
                OptionSpec.builder(off).hidden(true).description("").build());
    }

    /** Options of old scripts, each without a value, which Docker takes to this day and does nothing with. */
    static List<OptionSpec> ignored(String... names) {
        return Arrays.stream(names)
                .map(name -> flag("", name).toBuilder().hidden(true).build())
                .toList();
    }

    /** Says what would be done, and does nothing. */
    static OptionSpec dryRun() {
        return flag("Say what would be done, and do nothing", "--dry-run");
    }

    /** An option of Docker's that this command does not have; whoever gives it is told why. */
    static OptionSpec refused(String reason, String... names) {
        return flag(reason, names).toBuilder()
                .hidden(true)
                .descriptionKey(REFUSED)
                .build();
    }

    /** The same with a value. */
    static OptionSpec refusedValue(String reason, String... names) {
        return values("X", reason, names).toBuilder()
                .hidden(true)
                .descriptionKey(REFUSED)
                .build();
    }

    /**
     * Adds {@code --name=true} and {@code --name=false} for every option without a value: two options, each with all of
     * its names, so that it counts whichever was written.
     */
    static void addBooleans(CommandSpec spec) {
        for (var option : List.copyOf(spec.options())) {
            if (option.arity().max() == 0 && Options.refusal(option).isEmpty()) {
                for (var value : List.of(TRUE, "=false")) {
                    var names = Arrays.stream(option.names())
                            .filter(name -> !name.contains("="))
                            .map(name -> name + value)
                            .filter(name -> !spec.optionsMap().containsKey(name))
                            .toArray(String[]::new);
                    if (names.length > 0) {
                        spec.addOption(OptionSpec.builder(names)
                                .hidden(true)
                                .description("")
                                .build());
                    }
                }
            }
        }
    }

    /** Whether an option without a value was given, or {@code =true} behind its name. */
    static boolean isGiven(ParseResult parsed, String name) {
        return parsed.hasMatchedOption(name) || parsed.hasMatchedOption(name + TRUE);
    }

    /** Why the option is refused; empty for one that is not. */
    static Optional<String> refusal(OptionSpec option) {
        return REFUSED.equals(option.descriptionKey())
                ? Optional.of(String.join(" ", option.description()).replace("%%", "%"))
                : Optional.empty();
    }

    /** An option with a value; of several the last counts. */
    static OptionSpec value(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .paramLabel(label)
                .type(String.class)
                .description(text(description))
                .build();
    }

    /** An option with a value that may be given several times. */
    static OptionSpec values(String label, String description, String... names) {
        return OptionSpec.builder(names)
                .paramLabel(label)
                .type(List.class)
                .auxiliaryTypes(String.class)
                .arity("1")
                .description(text(description))
                .build();
    }

    /** The arguments of the command, as many as {@code arity} says; the label is shown as it is. */
    static PositionalParamSpec arguments(String label, String arity, String description) {
        return PositionalParamSpec.builder()
                .paramLabel(label)
                .hideParamSyntax(true)
                .type(List.class)
                .auxiliaryTypes(String.class)
                .index("0..*")
                .arity(arity)
                .description(text(description))
                .build();
    }

    /** picocli formats descriptions. */
    private static String text(String description) {
        return description.replace("%", "%%");
    }
}
