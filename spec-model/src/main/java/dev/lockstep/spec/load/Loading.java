package dev.lockstep.spec.load;

import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.Includes.NamedFile;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.read.ProjectReader;
import dev.lockstep.spec.read.Selection;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.read.VariableFilesReader;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlDocument;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** One run of the loader, phase after phase. Each goes on after a problem where that can still find others. */
final class Loading {
    /** Far more than a host can run; each costs some kilobytes once it is read. */
    private static final int MOST_SERVICES = 20_000;

    private final LoadRequest request;
    private final Problems problems = new Problems();
    private final SourceFiles files;
    private final Documents documents;
    private final ProjectVariables variables;
    private final boolean interpolate;
    private final boolean resolve;
    private final InheritedVariables inherited;
    /** Errors that were there before any compose file was looked at. */
    private int beforeFiles;
    /** Errors of services that were asked for. */
    private int ofServices;

    Loading(LoadRequest request) {
        this.request = request;
        this.files = new SourceFiles(request, problems);
        this.documents = new Documents(files, problems);
        this.variables = new ProjectVariables(request, files, problems);
        this.interpolate = !request.skipped().contains(Skip.INTERPOLATION);
        this.resolve = !request.skipped().contains(Skip.ENVIRONMENT);
        this.inherited = new InheritedVariables(interpolate && resolve);
    }

    /** A project as one tree. */
    private record Tree(YamlNode root, String name, String directory, List<String> composeFiles) {}

    Loaded project() {
        var tree = merged();
        if (tree.isEmpty() || hasTooMany(tree.get().root)) {
            return invalid();
        }
        var reading = Reading.refusingNothing(problems);
        var surroundings = surroundings(tree.get());
        var whole = read(reading, surroundings, tree.get());
        var before = problems.errors().size();
        var wanted = selection().apply(whole, problems);
        ofServices = problems.errors().size() - before;
        if (!request.services().isEmpty() && !request.skipped().contains(Skip.CONSISTENCY) && !problems.hasErrors()) {
            // As Compose does: what is not wanted must hold as well.
            Checks.compose(selection().withOthers(whole)).forEach(p -> problems.error(p.at(), p.path(), p.message()));
        }
        var project = resolve ? new VariableFilesReader(reading, surroundings).read(wanted) : wanted;
        return problems.hasErrors()
                ? invalid(Optional.of(project))
                : new Loaded.Valid(
                        project, tree.get().directory, tree.get().composeFiles, problems.warnings(), files.seen());
    }

    Optional<String> name() {
        variables.readFirst();
        var chosen = ComposeFiles.chosen(request, variables, problems);
        var identity = chosen.isEmpty() ? Optional.<Identity>empty() : nameAndDirectory(chosen);
        return identity.filter(_ -> !problems.hasErrors()).map(Identity::name);
    }

    private ProjectSurroundings surroundings(Tree tree) {
        var envFiles = new EnvFiles(files, tree.directory, problems);
        return new ProjectSurroundings(variables.variables(), inherited, envFiles, resolve);
    }

    private Project read(Reading reading, ProjectSurroundings surroundings, Tree tree) {
        var home = Optional.ofNullable(request.environment().get("HOME"));
        return new ProjectReader(reading, surroundings, home, tree.name).read(tree.root);
    }

    private Selection selection() {
        return new Selection(variables.profiles(), request.services());
    }

    private boolean hasTooMany(YamlNode root) {
        if (root instanceof YamlMapping mapping
                && mapping.get("services") instanceof YamlMapping services
                && services.entries().size() > MOST_SERVICES) {
            problems.error(
                    services.at(), "services", "are more than " + MOST_SERVICES + ". Make several projects of them");
            return true;
        }
        return false;
    }

    MergedTree tree() {
        var tree = merged();
        return new MergedTree(
                problems.hasErrors() ? Optional.empty() : tree.map(Tree::root),
                tree.map(Tree::name),
                problems.errors(),
                problems.warnings());
    }

    Uninterpolated uninterpolated() {
        var tree = merged();
        if (tree.isEmpty() || hasTooMany(tree.get().root)) {
            return new Uninterpolated.Invalid(cause(), problems.errors(), problems.warnings());
        }
        var search = new VariableSearch();
        search.search(tree.get().root);
        var untyped = new Problems();
        var reading = Reading.refusingNothing(problems).settingAside(search.places(), untyped);
        var whole = read(reading, surroundings(tree.get()), tree.get());
        var before = problems.errors().size();
        var wanted = selection().apply(whole, problems);
        ofServices = problems.errors().size() - before;
        return problems.hasErrors()
                ? new Uninterpolated.Invalid(cause(), problems.errors(), problems.warnings())
                : new Uninterpolated.Valid(
                        tree.get().root,
                        Selection.everything(whole),
                        wanted,
                        tree.get().directory,
                        search.found(),
                        untyped.errors(),
                        problems.warnings());
    }

    KnownVariables environment() {
        project();
        return new KnownVariables(variables.variables().texts(), problems.errors(), problems.warnings());
    }

    SortedMap<String, String> firstVariables() {
        variables.readFirst();
        return variables.variables().texts();
    }

    private Loaded invalid() {
        return invalid(Optional.empty());
    }

    private Loaded invalid(Optional<Project> readable) {
        return new Loaded.Invalid(cause(), problems.errors(), problems.warnings(), files.seen(), readable);
    }

    private Loaded.Cause cause() {
        if (beforeFiles > 0) {
            return Loaded.Cause.SURROUNDINGS;
        } else if (problems.hasMissing()) {
            return Loaded.Cause.MISSING_FILE;
        }
        return problems.errors().size() > ofServices ? Loaded.Cause.CONTENT : Loaded.Cause.SERVICES;
    }

    /** What is known before the files are merged. */
    private record Identity(String name, String directory) {}

    private Optional<Tree> merged() {
        variables.readFirst();
        beforeFiles = problems.errors().size();
        var chosen = ComposeFiles.chosen(request, variables, problems);
        if (chosen.isEmpty()) {
            return Optional.empty();
        }
        return nameAndDirectory(chosen).map(identity -> {
            var paths = chosen.stream().map(NamedFile::path).toList();
            var scope = new Scope(identity.directory, variables.variables(), paths);
            var merged = new Assembly(documents, files, interpolate, inherited, problems).tree(scope, chosen);
            var unique = new Uniqueness(problems).apply(merged);
            var root = variables.isSet("COMPOSE_CONVERT_WINDOWS_PATHS") ? WindowsPaths.converted(unique) : unique;
            if (!request.access().everywhere()) {
                new AccessCheck(files, identity.directory).check(root);
            }
            return new Tree(root, identity.name, identity.directory, paths);
        });
    }

    private Optional<Identity> nameAndDirectory(List<NamedFile> chosen) {
        var directory = request.projectDirectory()
                .map(given -> TreePaths.resolve(request.directory(), given))
                .orElseGet(() -> directoryOf(chosen.getFirst()));
        var before = problems.errors().size();
        variables.readProject(directory);
        beforeFiles += problems.errors().size() - before;
        var read = new ArrayList<YamlDocument>();
        for (var file : chosen) {
            read.addAll(documents.of(file.path(), file.at(), file.modelPath()));
        }
        var name = ProjectNames.chosen(request, variables, directory, read, problems);
        if (name.isEmpty() && request.projectName().isPresent()) {
            beforeFiles++; // the name itself is the error
        }
        name.ifPresent(
                n -> variables.variables().set("COMPOSE_PROJECT_NAME", new Variables.Value(n, SourcePosition.DEFAULT)));
        return read.isEmpty() ? Optional.empty() : name.map(n -> new Identity(n, directory));
    }

    private String directoryOf(NamedFile file) {
        return file.path().equals(LoadRequest.STANDARD_INPUT)
                ? request.directory()
                : TreePaths.directoryOf(file.path());
    }
}
