package dev.lockstep.reconciler.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** {@code version}: what {@code --version} says, in the forms that docker compose has. */
final class VersionCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Prints the version.");
        spec.addOption(Options.value("FORMAT", "pretty or json", "-f", "--format"));
        spec.addOption(Options.flag("Only the number", "--short"));
    }

    @Override
    public int run(Invocation call) throws CommandException {
        var version = CommandLineInterface.version();
        var format = call.choice("--format", "pretty", List.of("pretty", "json"));
        if (call.flag("--short")) {
            call.world().out().println(version);
        } else if (format.equals("json")) {
            call.world().out().print(JsonText.line(json -> {
                json.writeStartObject();
                json.writeStringField("version", version);
                json.writeEndObject();
            }));
        } else {
            call.world().out().println("lockstep " + version);
        }
        return ExitCodes.OK;
    }
}
