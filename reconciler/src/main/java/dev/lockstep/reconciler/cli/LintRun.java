package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.lint.DockerfileLint;
import dev.lockstep.runtime.lint.LintSettings;
import dev.lockstep.runtime.lint.LintSurroundings;
import dev.lockstep.runtime.lint.Severity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.spec.lint.ComposeLint;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One run over files; collects findings and what could not be read. */
final class LintRun {
    /** The id of what makes a Compose file none. */
    static final String NO_COMPOSE_FILE = "LS1000";

    private static final int LARGEST_IGNORE_FILE = 1 << 20;

    private final Path directory;
    private final LintSettings settings;
    private final LintSurroundings known;
    private final List<LintLine> lines = new ArrayList<>();
    private boolean unreadable;
    private int files;

    /** @param known what is known of base images */
    LintRun(Path directory, LintSettings settings, LintSurroundings known) {
        this.directory = directory;
        this.settings = settings;
        this.known = known;
    }

    /** By place, each once. */
    List<LintLine> lines() {
        return lines.stream().sorted().distinct().toList();
    }

    /** Whether there was a file that is not what its name says. */
    boolean unreadable() {
        return unreadable;
    }

    int files() {
        return files;
    }

    void dockerfile(String file) throws IOException {
        var path = directory.resolve(file);
        var bytes = Files.size(path) > DockerfileParser.LARGEST
                ? new byte[DockerfileParser.LARGEST + 1]
                : Files.readAllBytes(path);
        lines.addAll(of(DockerfileParser.parse(file, bytes), file, surroundings(path)));
        files++;
    }

    /**
     * With the ignore file that holds for it: its own beside it, else that of its directory, which is the usual
     * context. One that cannot be read is the build's to refuse.
     */
    private LintSurroundings surroundings(Path dockerfile) throws IOException {
        for (var name : List.of(dockerfile.getFileName() + ".dockerignore", ".dockerignore")) {
            var file = dockerfile.resolveSibling(name);
            if (Files.isRegularFile(file) && Files.size(file) < LARGEST_IGNORE_FILE) {
                try {
                    var ignore = Ignore.parse(Files.readAllBytes(file), name);
                    return known.withIgnored(path -> ignores(ignore, path));
                } catch (ContextException e) {
                    return known;
                }
            }
        }
        return known;
    }

    private static boolean ignores(Ignore ignore, String path) {
        return path.indexOf('\0') < 0
                && ignore.match(RawPath.of(Path.of(path).normalize().toString()))
                        .ignored();
    }

    private List<LintLine> of(Parsed parsed, String file, LintSurroundings surroundings) {
        var findings = switch (parsed) {
            case Parsed.Valid valid -> DockerfileLint.check(valid, settings, surroundings);
            case Parsed.Invalid invalid -> {
                unreadable = true;
                yield DockerfileLint.unreadable(invalid);
            }
        };
        return findings.stream().map(finding -> LintLine.of(file, finding)).toList();
    }

    void compose(ProjectFiles stack) {
        files++;
        switch (stack.load()) {
            case Loaded.Invalid invalid -> {
                unreadable = true;
                invalid.errors().forEach(problem -> lines.add(unreadable(problem)));
            }
            case Loaded.Valid valid -> {
                ComposeLint.check(valid.project()).stream()
                        .map(LintLine::of)
                        .filter(line -> !settings.ignored().contains(line.rule().toLowerCase(Locale.ROOT)))
                        .forEach(lines::add);
                inline(valid.project());
            }
        }
    }

    private static LintLine unreadable(Problem problem) {
        return new LintLine(
                NO_COMPOSE_FILE, "The file is no Compose file. Nothing can be run from it.", Severity.ERROR, problem);
    }

    private void inline(Project project) {
        project.services()
                .forEach((name, service) -> service.image()
                        .build()
                        .flatMap(build -> build.inlineDockerfile())
                        .ifPresent(text -> {
                            var path = "services." + name + ".build.dockerfile_inline";
                            var place = project.sources().at(path);
                            of(DockerfileParser.parse(path, text), place.file(), known)
                                    .forEach(line -> lines.add(line.within(place, path)));
                        }));
    }
}
