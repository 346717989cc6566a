package dev.lockstep.spec.load;

import dev.lockstep.spec.read.Surroundings.VariableFile;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.Suggestion;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts a document over the projects that it includes. Each of them is loaded whole, with variables and a directory of
 * its own; then its resources are as if they stood here, and what the document says of the same ones counts more.
 */
final class Includes {
    private static final Set<String> KEYS = Set.of("path", "project_directory", "env_file");
    private static final Set<String> RESOURCES =
            Set.of("services", "networks", "volumes", "secrets", "configs", "models");

    /** Loads an included project. */
    interface Projects {
        YamlNode load(Scope scope, List<NamedFile> files);
    }

    /** A file and where it is named. */
    record NamedFile(String path, SourcePosition at, String modelPath) {}

    private final SourceFiles files;
    private final Problems problems;
    private final Budget budget;
    private final Merge merge;
    private final InheritedVariables inherited;
    private final Projects projects;

    Includes(
            SourceFiles files,
            Problems problems,
            Budget budget,
            Merge merge,
            InheritedVariables inherited,
            Projects projects) {
        this.files = files;
        this.problems = problems;
        this.budget = budget;
        this.merge = merge;
        this.inherited = inherited;
        this.projects = projects;
    }

    /** The document without {@code include}, over what that brings. */
    YamlNode apply(Scope scope, YamlMapping document, Forgetting forgetting) {
        var entry = document.entries().get("include");
        if (entry == null) {
            return document;
        }
        YamlNode result = document.without(key -> key.equals("include"));

        if (entry.value() instanceof YamlScalar scalar && scalar.isNull()) {
            return result;
        }
        if (!(entry.value() instanceof YamlSequence list)) {
            problems.error(entry.value().at(), "include", "must be a list: - FILE");
            return result;
        }
        for (var i = 0; i < list.items().size(); i++) {
            var item = read("include[" + i + "]", list.items().get(i));
            var included = item.flatMap(wanted -> load(scope, wanted));
            if (included.isPresent()) {
                // The earlier of two that say something of the same resource counts more, and this document most.
                result = merge.files(forgetting.apply(included.get()), result);
            }
        }
        return result;
    }

    /** One entry; {@code files} is not empty, {@code envFiles} absent if nothing is said. */
    private record Wanted(
            String path,
            SourcePosition at,
            List<YamlScalar> files,
            Optional<String> directory,
            Optional<List<YamlScalar>> envFiles) {}

    private Optional<Wanted> read(String path, YamlNode item) {
        if (item instanceof YamlScalar scalar
                && scalar.isText()
                && !scalar.text().isEmpty()) {
            return Optional.of(new Wanted(path, item.at(), List.of(scalar), Optional.empty(), Optional.empty()));
        }
        if (!(item instanceof YamlMapping mapping)) {
            problems.error(item.at(), path, "must be a path, or a mapping with path:");
            return Optional.empty();
        }
        mapping.entries().forEach((key, entry) -> {
            if (!KEYS.contains(key)) {
                problems.error(entry.keyAt(), path + "." + key, Suggestion.unknownKey(key, KEYS));
            }
        });
        var paths = texts(path + ".path", mapping.get("path"));
        if (paths.isEmpty()) {
            problems.error(mapping.at(), path + ".path", "is required: one path, or a list of them");
            return Optional.empty();
        }
        var directory = texts(path + ".project_directory", mapping.get("project_directory"));
        var envFiles = mapping.get("env_file");
        return Optional.of(new Wanted(
                path,
                item.at(),
                paths,
                directory.stream().map(YamlScalar::text).findFirst(),
                envFiles == null || Reading.isNull(envFiles)
                        ? Optional.empty()
                        : Optional.of(texts(path + ".env_file", envFiles))));
    }

    private List<YamlScalar> texts(String path, @Nullable YamlNode node) {
        var texts = new ArrayList<YamlScalar>();
        if (node == null || Reading.isNull(node)) {
            return texts;
        }
        for (var item : node instanceof YamlSequence sequence ? sequence.items() : List.of(node)) {
            if (item instanceof YamlScalar scalar
                    && scalar.isText()
                    && !scalar.text().isEmpty()) {
                texts.add(scalar);
            } else {
                problems.error(item.at(), path, "must be text, or a list of texts");
            }
        }
        return texts;
    }

    private Optional<YamlNode> load(Scope scope, Wanted wanted) {
        for (var file : wanted.files) {
            if (LocalPaths.isFetched(file.text())) {
                problems.error(file.at(), wanted.path, "cannot be fetched from elsewhere. Include files that are here");
                return Optional.empty();
            }
        }
        var named = wanted.files.stream()
                .map(file -> new NamedFile(TreePaths.resolve(scope.directory(), file.text()), file.at(), wanted.path))
                .toList();
        var main = named.getFirst().path();
        if (scope.open().contains(main)) {
            var circle = scope.open()
                    .subList(scope.open().indexOf(main), scope.open().size());
            problems.error(
                    wanted.at,
                    wanted.path,
                    "files include each other in a circle: " + String.join(" → ", circle) + " → " + main);
            return Optional.empty();
        }
        if (scope.open().size() > Budget.DEPTH || !budget.takeInclude()) {
            problems.error(
                    wanted.at,
                    wanted.path,
                    scope.open().size() > Budget.DEPTH
                            ? "more than " + Budget.DEPTH + " files include each other in a row"
                            : budget.exhausted());
            return Optional.empty();
        }
        var directory = wanted.directory
                .map(TreePaths::clean)
                .orElseGet(() -> TreePaths.directoryOf(
                        TreePaths.clean(wanted.files.getFirst().text())));
        var its = TreePaths.resolve(scope.directory(), directory);
        var inner = scope.inner(its, variables(scope, wanted, its), main);
        var tree = resourcesOf(projects.load(inner, named));
        var whole = inherited.apply(tree, inner.variables());
        var rebased = PathValues.inProject(whole, value -> LocalPaths.rebased(directory, value.text()));
        var step = new Step.Included(wanted.files.getFirst().text(), wanted.at.plain());
        return Optional.of(Inheritance.through(step, rebased, budget));
    }

    private static YamlNode resourcesOf(YamlNode tree) {
        return tree instanceof YamlMapping mapping ? mapping.without(key -> !RESOURCES.contains(key)) : tree;
    }

    /** Those of this project count more; the included one's are seen in it alone. */
    private Variables variables(Scope scope, Wanted wanted, String itsDirectory) {
        var variables = scope.variables().copy();
        var named = new ArrayList<VariableFile>();
        var base = scope.directory();
        if (wanted.envFiles.isPresent()) {
            for (var file : wanted.envFiles.get()) {
                if (!file.text().equals("/dev/null")) {
                    named.add(VariableFile.environment(wanted.path + ".env_file", file.at(), file.text(), true));
                }
            }
        } else {
            base = itsDirectory;
            named.add(VariableFile.environment(wanted.path, wanted.at, ".env", false));
        }
        variables.addMissing(
                new EnvFiles(files, base, problems).read(named, scope.variables()::text, new ArrayList<>()));
        return variables;
    }
}
