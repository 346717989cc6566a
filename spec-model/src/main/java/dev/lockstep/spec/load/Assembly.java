package dev.lockstep.spec.load;

import dev.lockstep.spec.load.Includes.NamedFile;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlDocument;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.List;
import java.util.Optional;

/**
 * One tree out of the files of a project. For each document in turn: variables, include, what it forgets of the
 * documents before, extends, and then it is put over them. The order is the Compose Specification's; package-info has
 * the whole of it.
 */
final class Assembly {
    private final Documents documents;
    private final SourceFiles files;
    private final boolean interpolate;
    private final InheritedVariables inherited;
    private final Problems problems;
    private final Budget budget = new Budget();
    private final Merge merge;

    /** @param inherited where variables of included projects go */
    Assembly(
            Documents documents,
            SourceFiles files,
            boolean interpolate,
            InheritedVariables inherited,
            Problems problems) {
        this.documents = documents;
        this.files = files;
        this.interpolate = interpolate;
        this.inherited = inherited;
        this.problems = problems;
        this.merge = new Merge(problems);
    }

    /** The merged tree; its paths are relative to the scope's directory. */
    YamlNode tree(Scope scope, List<NamedFile> named) {
        var merged = nothing();
        var includes = new Includes(files, problems, budget, merge, inherited, this::tree);
        for (var file : named) {
            for (var document : documents.of(file.path(), file.at(), file.modelPath())) {
                var forgetting = Forgetting.of(document.forgotten());
                var own = interpolated(scope.variables(), document);
                if (own instanceof YamlMapping mapping) {
                    own = includes.apply(scope, mapping, forgetting);
                }
                merged = forgetting.apply(merged);
                merged = merge.files(merged, extended(scope, file.path(), own, forgetting));
            }
        }
        if (!budget.hasNodes()) {
            problems.error(named.getFirst().at(), "", budget.exhausted());
        }
        return merged;
    }

    private static YamlNode nothing() {
        return YamlScalar.nothing(SourcePosition.DEFAULT);
    }

    private YamlNode interpolated(Variables variables, YamlDocument document) {
        return interpolate
                ? new TreeInterpolation(variables, budget, problems).apply(document.root(), "")
                : document.root();
    }

    private YamlNode extended(Scope scope, String file, YamlNode document, Forgetting forgetting) {
        if (!(document instanceof YamlMapping mapping) || !(mapping.get("services") instanceof YamlMapping services)) {
            return document;
        }
        var source = new Extends.Source(file, scope.directory(), services, forgetting);
        var extended = new Extends(problems, budget, merge, named -> other(scope, named)).apply(source);
        return mapping.mapValue("services", _ -> extended);
    }

    /** The services of a file that somebody extends: its documents over each other, with nothing else done to them. */
    private Optional<Extends.Source> other(Scope scope, NamedFile named) {
        var read = documents.of(named.path(), named.at(), named.modelPath());
        if (read.isEmpty()) {
            return Optional.empty();
        }
        var merged = nothing();
        for (var document : read) {
            merged = Forgetting.of(document.forgotten()).apply(merged);
            merged = merge.files(merged, interpolated(scope.variables(), document));
        }
        if (merged instanceof YamlMapping mapping && mapping.get("services") instanceof YamlMapping services) {
            return Optional.of(new Extends.Source(
                    named.path(),
                    TreePaths.directoryOf(named.path()),
                    services,
                    Forgetting.of(read.getLast().forgotten())));
        }
        problems.error(named.at(), named.modelPath(), named.path() + " has no services");
        return Optional.empty();
    }
}
