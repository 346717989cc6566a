package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.canonical.Presentation;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.Skip;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** {@code config}: the files as one, as {@code docker compose config} prints them; flags and lists are Compose's. */
final class ConfigCommand implements Command {
    private static final Map<Skip, String> SKIPS = new EnumMap<>(Map.of(
            Skip.INTERPOLATION, "--no-interpolate",
            Skip.NORMALIZATION, "--no-normalize",
            Skip.PATH_RESOLUTION, "--no-path-resolution",
            Skip.ENVIRONMENT, "--no-env-resolution",
            Skip.CONSISTENCY, "--no-consistency"));

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Prints the stack's files as one, merged and with every default filled in.");
        spec.addOption(Options.value("FORMAT", "yaml or json", "--format"));
        spec.addOption(Options.flag("Print the names of the services", "--services"));
        spec.addOption(Options.flag("Print the names of the volumes", "--volumes"));
        spec.addOption(Options.flag("Print the names of the networks", "--networks"));
        spec.addOption(Options.flag("Print the images", "--images"));
        spec.addOption(Options.flag("Print the profiles", "--profiles"));
        spec.addOption(Options.flag("Print the variables that the files ask for, and their defaults", "--variables"));
        spec.addOption(Options.flag("Print the variables that the files could ask for", "--environment"));
        spec.addOption(Options.value("SERVICES", "Print hashes: names with commas between, or *", "--hash"));
        spec.addOption(Options.flag("Leave variables as they are written", "--no-interpolate"));
        spec.addOption(Options.flag("Add nothing that the files do not say", "--no-normalize"));
        spec.addOption(Options.flag("Leave relative paths as they are", "--no-path-resolution"));
        spec.addOption(Options.flag("Do not check that the parts fit together", "--no-consistency"));
        spec.addOption(Options.flag("Do not read env_file", "--no-env-resolution"));
        spec.addOption(Options.flag("Ask the registries what the tags mean now", "--resolve-image-digests"));
        spec.addOption(Options.flag("Print nothing but errors", "-q", "--quiet"));
        spec.addOption(Options.value("FILE", "Write to a file", "-o", "--output"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these, and what they depend on"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "yaml", List.of("yaml", "json"));
        var skipped = EnumSet.noneOf(Skip.class);
        SKIPS.forEach((skip, option) -> {
            if (call.flag(option)) {
                skipped.add(skip);
            }
        });
        var files = new ProjectFiles(call).withServices(call.arguments()).without(skipped);
        if (skipped.contains(Skip.INTERPOLATION)) {
            // Compose selects nothing there: what is printed is what the files have.
            files = files.at(request -> request.withProfiles(List.of("*")));
        }
        var text = text(call, files, format, skipped);
        if (text.isEmpty()) {
            return ExitCodes.ERROR;
        }
        var file = call.text("--output");
        if (call.flag("--quiet")) {
            return ExitCodes.OK;
        } else if (file.isPresent()) {
            Files.writeString(call.world().directory().resolve(file.get()), text.get());
        } else {
            call.world().out().print(text.get());
        }
        return ExitCodes.OK;
    }

    /** What is to be printed; empty when the files are wrong, which has been told. */
    private static Optional<String> text(Invocation call, ProjectFiles files, String format, Set<Skip> skipped)
            throws Exception {
        if (call.flag("--environment")) {
            return Optional.of(ConfigLists.environment(files.request()));
        } else if (call.flag("--variables")) {
            return Optional.of(ConfigLists.variables(files.request(), format));
        } else if (skipped.contains(Skip.INTERPOLATION)
                && files.without(literal(skipped)).load() instanceof Loaded.Invalid) {
            return tree(call, files, format);
        }
        var loaded = files.without(literal(skipped)).loadOrTell();
        if (loaded.isEmpty()) {
            return Optional.empty();
        }
        var project = loaded.get().project();
        var errors = skipped.contains(Skip.CONSISTENCY) ? List.<Problem>of() : Checks.compose(project);
        if (!errors.isEmpty()) {
            ProjectFiles.tell(errors, call.world().err());
            return Optional.empty();
        }
        var directory = files.directory(loaded.get());
        var list = list(call, project, directory);
        if (list.isPresent()) {
            return list;
        }
        var shown = call.flag("--resolve-image-digests") ? ImageDigests.pinned(call, project) : project;
        var presentation = presentation(directory, skipped);
        return Optional.of(
                format.equals("json") ? Canonical.json(shown, presentation) : Canonical.yaml(shown, presentation));
    }

    /** Variables that stand as they are written are in the way of reading env files. */
    private static Set<Skip> literal(Set<Skip> skipped) {
        if (!skipped.contains(Skip.INTERPOLATION)) {
            return skipped;
        }
        var more = EnumSet.copyOf(skipped);
        more.add(Skip.ENVIRONMENT);
        return more;
    }

    private static Presentation presentation(Path directory, Set<Skip> skipped) {
        var presentation = Presentation.of(directory);
        presentation = skipped.contains(Skip.PATH_RESOLUTION) ? presentation.withRelativePaths() : presentation;
        presentation = skipped.contains(Skip.NORMALIZATION) ? presentation.asWritten() : presentation;
        return skipped.contains(Skip.INTERPOLATION) ? presentation.withVariables() : presentation;
    }

    private static Optional<String> list(Invocation call, Project project, Path directory) throws CommandException {
        if (call.flag("--services")) {
            return Optional.of(ConfigLists.lines(project.services().keySet()));
        } else if (call.flag("--volumes")) {
            return Optional.of(ConfigLists.lines(project.volumes().keySet()));
        } else if (call.flag("--networks")) {
            return Optional.of(ConfigLists.lines(project.networks().keySet()));
        } else if (call.text("--hash").isPresent()) {
            return Optional.of(
                    ConfigLists.hashes(project, directory, call.text("--hash").get()));
        } else if (call.flag("--profiles")) {
            return Optional.of(ConfigLists.profiles(project));
        } else if (call.flag("--images")) {
            return Optional.of(ConfigLists.images(project));
        }
        return Optional.empty();
    }

    /** Where a number or a port is still a variable, there is no project but a tree. */
    private static Optional<String> tree(Invocation call, ProjectFiles files, String format) {
        var tree = new ComposeLoader().tree(files.request());
        ProjectFiles.tellWarnings(tree.warnings(), call.world().err());
        ProjectFiles.tell(tree.errors(), call.world().err());
        return tree.root().map(root -> format.equals("json") ? Canonical.json(root) : Canonical.yaml(root));
    }
}
