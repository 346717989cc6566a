package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.canonical.Presentation;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Skip;
import dev.lockstep.spec.load.Uninterpolated;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
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
        var text = text(call, files, format, skipped);
        if (text.isEmpty()) {
            return wrong(call, files, skipped);
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

    private static int wrong(Invocation call, ProjectFiles files, Set<Skip> skipped) {
        var written = call.flag("--variables") || skipped.contains(Skip.INTERPOLATION);
        return written && new ComposeLoader().uninterpolated(files.request()) instanceof Uninterpolated.Invalid invalid
                ? files.exitCode(invalid.cause())
                : files.exitCode();
    }

    /** What is to be printed; empty when the files are wrong, which has been told. */
    private static Optional<String> text(Invocation call, ProjectFiles files, String format, Set<Skip> skipped)
            throws Exception {
        if (call.flag("--environment")) {
            return environment(call, files);
        } else if (call.flag("--variables") || skipped.contains(Skip.INTERPOLATION)) {
            return uninterpolated(call, files, format, skipped);
        }
        var loaded = files.loadOrTell();
        if (loaded.isEmpty() || !isConsistent(call, loaded.get().project(), skipped)) {
            return Optional.empty();
        }
        var project = loaded.get().project();
        var directory = files.directory(loaded.get().projectDirectory());
        var list = list(call, project, directory);
        if (list.isPresent()) {
            return list;
        }
        var shown = call.flag("--resolve-image-digests") ? ImageDigests.pinned(call, project) : project;
        return Optional.of(print(shown, presentation(directory, skipped), format));
    }

    private static String print(Project project, Presentation presentation, String format) {
        return format.equals("json") ? Canonical.json(project, presentation) : Canonical.yaml(project, presentation);
    }

    private static boolean isConsistent(Invocation call, Project project, Set<Skip> skipped) {
        var errors = skipped.contains(Skip.CONSISTENCY) ? List.<Problem>of() : Checks.compose(project);
        ProjectFiles.tell(errors, call.world().err());
        return errors.isEmpty();
    }

    private static Optional<String> environment(Invocation call, ProjectFiles files) {
        var known = new ComposeLoader().environment(files.request());
        ProjectFiles.tellWarnings(known.warnings(), call.world().err());
        ProjectFiles.tell(known.errors(), call.world().err());
        return known.errors().isEmpty() ? Optional.of(ConfigLists.environment(known.values())) : Optional.empty();
    }

    /**
     * The project with its variables as they are written. As with Compose, what is printed as a whole has everything
     * that is in the files and is not compared with itself: the names in it may be variables. A list has what is on.
     */
    private static Optional<String> uninterpolated(
            Invocation call, ProjectFiles files, String format, Set<Skip> skipped) throws CommandException {
        var loaded = new ComposeLoader().uninterpolated(files.request());
        ProjectFiles.tellWarnings(loaded.warnings(), call.world().err());
        if (loaded instanceof Uninterpolated.Invalid invalid) {
            ProjectFiles.tell(invalid.errors(), call.world().err());
            return Optional.empty();
        }
        var valid = (Uninterpolated.Valid) loaded;
        if (call.flag("--variables")) {
            return Optional.of(ConfigLists.variables(valid.variables(), format));
        }
        if (call.flag("--resolve-image-digests")) {
            throw new CommandException("no registry knows an image by a variable: use --resolve-image-digests without"
                    + " --no-interpolate");
        }
        if (call.text("--hash").isPresent() && !valid.untyped().isEmpty()) {
            ProjectFiles.tell(valid.untyped(), call.world().err());
            throw new CommandException("a hash needs these values: use --hash without --no-interpolate");
        }
        var directory = files.directory(valid.projectDirectory());
        var list = list(call, valid.wanted(), directory);
        if (list.isPresent()) {
            return isConsistent(call, valid.wanted(), skipped) ? list : Optional.empty();
        }
        if (valid.untyped().isEmpty()) {
            var shown = call.arguments().isEmpty() ? valid.whole() : valid.wanted();
            return Optional.of(print(shown, presentation(directory, skipped), format));
        }
        // Where a number or a port is still a variable, there is no canonical form: the files as they are written.
        var root = call.arguments().isEmpty()
                ? valid.root()
                : only(valid.wanted().services().keySet(), valid.root());
        return Optional.of(format.equals("json") ? Canonical.json(root) : Canonical.yaml(root));
    }

    private static YamlNode only(Set<String> wanted, YamlNode root) {
        return root instanceof YamlMapping files
                ? files.mapValue(
                        "services",
                        services -> services instanceof YamlMapping all
                                ? all.without(name -> !wanted.contains(name))
                                : services)
                : root;
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
}
