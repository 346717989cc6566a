package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.nio.file.Files;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code config}: the files as one, as {@code docker compose config} prints them. */
final class ConfigCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Prints the stack's files as one, merged and with every default filled in.");
        spec.addOption(Options.value("FORMAT", "yaml or json", "--format"));
        spec.addOption(Options.flag("Print the names of the services", "--services"));
        spec.addOption(Options.flag("Print the names of the volumes", "--volumes"));
        spec.addOption(Options.flag("Print the names of the networks", "--networks"));
        spec.addOption(Options.flag("Print the images", "--images"));
        spec.addOption(Options.flag("Print nothing but errors", "-q", "--quiet"));
        spec.addOption(Options.value("FILE", "Write to a file", "-o", "--output"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "yaml", List.of("yaml", "json"));
        var files = new ProjectFiles(call);
        var loaded = files.loadOrTell();
        if (loaded.isEmpty()) {
            return ExitCodes.ERROR;
        }
        var project = loaded.get().project();
        var errors = Checks.compose(project);
        if (!errors.isEmpty()) {
            ProjectFiles.tell(errors, call.world().err());
            return ExitCodes.ERROR;
        }
        if (call.flag("--quiet")) {
            return ExitCodes.OK;
        }
        var text = list(call, project);
        if (text.isEmpty()) {
            var directory = files.directory(loaded.get());
            text = format.equals("json") ? Canonical.json(project, directory) : Canonical.yaml(project, directory);
        }
        var file = call.text("--output");
        if (file.isPresent()) {
            Files.writeString(call.world().directory().resolve(file.get()), text);
        } else {
            call.world().out().print(text);
        }
        return ExitCodes.OK;
    }

    private static String list(Invocation call, Project project) {
        if (call.flag("--services")) {
            return lines(project.services().keySet());
        } else if (call.flag("--volumes")) {
            return lines(project.volumes().keySet());
        } else if (call.flag("--networks")) {
            return lines(project.networks().keySet());
        } else if (call.flag("--images")) {
            return lines(
                    project.services().values().stream().map(Service::image).toList());
        }
        return "";
    }

    private static String lines(Collection<String> names) {
        return new TreeSet<>(names).stream().map(name -> name + "\n").collect(Collectors.joining());
    }
}
