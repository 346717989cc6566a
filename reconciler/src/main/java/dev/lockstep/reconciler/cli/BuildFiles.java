package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.BuildSections;
import dev.lockstep.reconciler.contexts.DockerfileNames;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.lint.DockerfileLint;
import dev.lockstep.runtime.lint.LintSettings;
import dev.lockstep.runtime.lint.LintSurroundings;
import dev.lockstep.runtime.lint.Severity;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.check.Rule;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.repository.RepositoryReport;
import dev.lockstep.spec.settings.Build;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The Dockerfiles that {@code build:} of a project or {@code builds:} of a repository names, as far as they are in its
 * tree. One that cannot be read is an error, for no build can succeed with it; what {@code lint} calls an error is a
 * warning, for it can.
 */
final class BuildFiles {
    private static final Rule MISSING = new Rule("dockerfile", "A build needs its Dockerfile.");

    private final FileTree tree;
    private final String base;

    /** @param base the base of the project's relative paths, in the tree */
    BuildFiles(FileTree tree, String base) {
        this.tree = tree;
        this.base = base;
    }

    List<Finding> findings(Project project) {
        var findings = new ArrayList<Finding>();
        project.services()
                .forEach((name, service) -> service.image().build().ifPresent(build -> {
                    var path = "services." + name + ".build";
                    var inline = build.inlineDockerfile();
                    if (inline.isPresent()) {
                        var place = project.sources().at(path + ".dockerfile_inline");
                        found(DockerfileParser.parse(path, inline.get()), place.file()).stream()
                                .map(line -> line.within(place, path + ".dockerfile_inline"))
                                .map(BuildFiles::finding)
                                .forEach(findings::add);
                    } else if (build.context() instanceof ContextSource.Directory(var context)) {
                        var dockerfile = build.dockerfile().orElse("Dockerfile");
                        // A context that is not here may be made before the build; one that is here is looked at.
                        file(project.sources().at(path), path, context, dockerfile, false, findings);
                    }
                }));
        return findings;
    }

    /**
     * The same of {@code builds:} of a repository, which are built from what is committed, and what they name of its
     * stacks.
     */
    List<Finding> findings(RepositorySettings settings, List<RepositoryReport.Stack> stacks) {
        var findings = new ArrayList<Finding>();
        settings.builds().forEach((name, build) -> {
            var path = "builds." + name;
            file(settings.sources().at(path), path, build.context(), build.dockerfile(), true, findings);
            build.test()
                    .flatMap(Build.Test::service)
                    .filter(service -> !isService(service, stacks))
                    .ifPresent(service -> {
                        var place = path + ".test.service";
                        findings.add(new Finding(
                                Rule.SETTINGS,
                                Finding.Severity.WARNING,
                                new Problem(
                                        settings.sources().at(place),
                                        place,
                                        "no stack of the repository has a service " + service)));
                    });
        });
        return findings;
    }

    /**
     * Whether one of the stacks has it, as far as they can be loaded.
     *
     * @param word SERVICE, or STACK/SERVICE
     */
    private static boolean isService(String word, List<RepositoryReport.Stack> stacks) {
        var slash = word.indexOf('/');
        var service = word.substring(slash + 1);
        return stacks.stream()
                .filter(stack -> slash < 0 || stack.name().equals(word.substring(0, slash)))
                .anyMatch(stack -> stack.project()
                        .map(project -> BuildSections.service(project, service).isPresent())
                        .orElse(true));
    }

    /** @param committed whether it is built from a commit: a context that is not in that is nowhere */
    private void file(
            SourcePosition at,
            String path,
            String context,
            String dockerfile,
            boolean committed,
            List<Finding> findings) {
        var directory = join(base, context);
        var file = join(directory, dockerfile);
        try {
            if (committed && tree.list(directory).isEmpty()) {
                findings.add(missing(at, path, "there is no directory " + directory + ", so this cannot be built"));
                return;
            }
            var bytes = Optional.<byte[]>empty();
            for (var name : DockerfileNames.of(file)) {
                if (bytes.isEmpty()) {
                    bytes = tree.read(name);
                    file = bytes.isPresent() ? name : file;
                }
            }
            if (bytes.isPresent()) {
                found(DockerfileParser.parse(file, bytes.get()), file).stream()
                        .map(BuildFiles::finding)
                        .forEach(findings::add);
            } else if (committed || !tree.list(directory).isEmpty()) {
                findings.add(missing(at, path, "there is no Dockerfile " + file + ", so this cannot be built"));
            }
        } catch (IOException e) {
            findings.add(missing(at, path, "the Dockerfile " + file + " cannot be read: " + e.getMessage()));
        }
    }

    private static Finding missing(SourcePosition at, String path, String why) {
        return new Finding(MISSING, Finding.Severity.WARNING, new Problem(at, path, why));
    }

    private static String join(String directory, String path) {
        return Path.of(directory).resolve(path).normalize().toString();
    }

    private static List<LintLine> found(Parsed parsed, String file) {
        var findings = switch (parsed) {
            case Parsed.Valid valid ->
                DockerfileLint.check(valid, LintSettings.DEFAULT, LintSurroundings.UNKNOWN).stream()
                        .filter(finding -> finding.severity() == Severity.ERROR)
                        .toList();
            case Parsed.Invalid invalid -> DockerfileLint.unreadable(invalid);
        };
        var unreadable = parsed instanceof Parsed.Invalid;
        return findings.stream()
                .map(finding -> LintLine.of(file, finding))
                .map(line -> unreadable
                        ? line
                        : new LintLine(line.rule(), line.description(), Severity.WARNING, line.problem()))
                .toList();
    }

    private static Finding finding(LintLine line) {
        var problem = line.problem();
        return new Finding(
                new Rule(line.rule(), line.description()),
                line.severity() == Severity.ERROR ? Finding.Severity.ERROR : Finding.Severity.WARNING,
                new Problem(problem.at(), problem.path(), line.rule() + ": " + problem.message()));
    }
}
