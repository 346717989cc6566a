package dev.lockstep.reconciler.cli;

import java.util.List;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The few sorts of options and arguments that commands have. */
final class Options {
    private Options() {}

    /** An option without a value. */
    static OptionSpec flag(String description, String... names) {
        return OptionSpec.builder(names).description(text(description)).build();
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
