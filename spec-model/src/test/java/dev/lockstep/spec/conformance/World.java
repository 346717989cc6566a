package dev.lockstep.spec.conformance;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.canonical.Presentation;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.Skip;
import dev.lockstep.spec.load.StandardInput;
import dev.lockstep.spec.yaml.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A directory with the files of one case, in which Lockstep is asked what {@code docker compose config} was asked. */
final class World {
    private static final String PLACEHOLDER = "/conformance";

    private final Path root;
    private final Path directory;
    private final Case subject;

    /** Writes the files of a case below an empty directory. */
    World(Path root, Case subject) throws IOException {
        this.root = root;
        this.directory = root.resolve(subject.directory());
        this.subject = subject;
        Files.createDirectories(directory);
        for (var file : subject.files().entrySet()) {
            if (!Case.isExpectation(file.getKey())) {
                var path = directory.resolve(file.getKey()).normalize();
                Files.createDirectories(path.getParent());
                Files.write(path, file.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        for (var link : subject.links().entrySet()) {
            Files.createSymbolicLink(directory.resolve(link.getKey()), Path.of(link.getValue()));
        }
    }

    Answer ask() {
        var flags = subject.selection().stream()
                .filter(word -> word.startsWith("--"))
                .map(World::skip)
                .collect(Collectors.toUnmodifiableSet());
        var request = request(services()).without(flags);
        return flags.contains(Skip.INTERPOLATION) ? askForTree(request) : ask(request);
    }

    private List<String> services() {
        return subject.selection().stream()
                .filter(word -> !word.startsWith("--"))
                .toList();
    }

    private static Skip skip(String flag) {
        return switch (flag) {
            case "--no-interpolate" -> Skip.INTERPOLATION;
            case "--no-normalize" -> Skip.NORMALIZATION;
            case "--no-path-resolution" -> Skip.PATH_RESOLUTION;
            case "--no-env-resolution" -> Skip.ENVIRONMENT;
            case "--no-consistency" -> Skip.CONSISTENCY;
            default -> throw new AssertionError(flag);
        };
    }

    private Answer askForTree(LoadRequest request) {
        var tree = new ComposeLoader().tree(request);
        var problems = new ArrayList<String>();
        tree.warnings().forEach(warning -> problems.add("warning: " + shown(warning.toString())));
        tree.errors().forEach(error -> problems.add("error: " + shown(error.toString())));
        return new Answer(
                tree.root().map(Canonical::json).orElse(""),
                tree.root().map(Canonical::yaml).orElse(""),
                problems);
    }

    /** Writes another file and asks about that one alone. */
    Answer askAbout(String text) throws IOException {
        Files.writeString(directory.resolve("again.yaml"), text.replace(PLACEHOLDER, root.toString()));
        return ask(request(services()).withFiles(List.of("again.yaml")));
    }

    private Answer ask(LoadRequest request) {
        var problems = new ArrayList<String>();
        var loaded = new ComposeLoader().load(request);
        loaded.warnings().forEach(warning -> problems.add("warning: " + shown(warning.toString())));
        return switch (loaded) {
            case Loaded.Invalid invalid -> {
                invalid.errors().forEach(error -> problems.add("error: " + shown(error.toString())));
                // Not part of the answer, but it must not fail on half a project.
                invalid.readable().ifPresent(half -> Checks.beside(half, invalid.errors()));
                yield new Answer("", "", problems);
            }
            case Loaded.Valid valid -> checked(valid, request.skipped(), problems);
        };
    }

    private Answer checked(Loaded.Valid valid, Set<Skip> skipped, List<String> problems) {
        var project = valid.project();
        var refused = skipped.contains(Skip.CONSISTENCY) ? List.<Problem>of() : Checks.compose(project);
        refused.forEach(error -> problems.add("error: " + shown(error.toString())));
        Checks.strict(project).stream()
                .filter(error -> !refused.contains(error))
                .forEach(error -> problems.add("strict: " + shown(error.toString())));
        if (!refused.isEmpty()) {
            return new Answer("", "", problems);
        }
        var presentation =
                Presentation.of(directory.resolve(valid.projectDirectory()).normalize());
        presentation = skipped.contains(Skip.PATH_RESOLUTION) ? presentation.withRelativePaths() : presentation;
        presentation = skipped.contains(Skip.NORMALIZATION) ? presentation.asWritten() : presentation;
        return new Answer(
                shown(Canonical.json(project, presentation)), shown(Canonical.yaml(project, presentation)), problems);
    }

    private String shown(String text) {
        return text.replace(root.toString(), PLACEHOLDER);
    }

    private LoadRequest request(List<String> services) {
        var environment = new HashMap<>(subject.environment());
        environment.put("HOME", "/home/user");
        var request = LoadRequest.of(new DirectoryTree(directory))
                .withEnvironment(environment)
                .withComposeVariables();
        var files = new ArrayList<String>();
        var envFiles = new ArrayList<String>();
        var profiles = new ArrayList<String>();
        for (var words = subject.arguments().iterator(); words.hasNext(); ) {
            var word = words.next();
            switch (word) {
                case "-f" -> files.add(words.next());
                case "--env-file" -> envFiles.add(words.next());
                case "--profile" -> profiles.add(words.next());
                case "-p" -> request = request.withProjectName(words.next());
                case "--project-directory" -> request = request.withProjectDirectory(words.next());
                default -> throw new AssertionError(word);
            }
        }
        return request.withFiles(files)
                .withEnvFiles(envFiles)
                .withProfiles(profiles)
                .withServices(services)
                .withStandardInput(new StandardInput(new ByteArrayInputStream(
                        subject.files().getOrDefault("stdin", "").getBytes(StandardCharsets.UTF_8))));
    }
}
