package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.FileLines;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.plan.Plan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which commits the causes of a plan come from, where the files of a stack lie in somebody's repository.
 *
 * @param directory that the places of causes are relative to
 */
record Explanation(Path directory) {
    /** The plan with what is known of its causes; Git is not asked where nothing has a place in a file. */
    Plan of(Plan plan) {
        var top = WorkTree.top(directory);
        if (top.isEmpty()
                || plan.steps().stream()
                        .flatMap(step -> step.causes().stream())
                        .allMatch(cause -> cause.at().isEmpty())) {
            return plan;
        }
        try (var repository = WorkTree.open(top.get(), GitSettings.defaults())) {
            return repository
                    .lines(FileLines.BUDGET)
                    .map(history -> new FileLines(history, file -> found(top.get(), file)).explain(plan))
                    .orElse(plan);
        } catch (GitException e) {
            return plan; // a repository that cannot be read is no reason not to plan
        }
    }

    private Optional<FileLines.Found> found(Path top, String file) {
        var path = directory.resolve(file).normalize();
        try {
            return path.startsWith(top)
                    ? Optional.of(new FileLines.Found(
                            top.relativize(path).toString(),
                            new String(Files.readAllBytes(path), StandardCharsets.UTF_8)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // standard input, or gone since
        }
    }
}
