package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * {@code depends_on} must not lead back to where it started. Each service is entered once, so a dense graph takes time
 * in proportion to its edges; there is no recursion, so a long chain does not exhaust the stack.
 */
final class DependencyCycle {
    private final Project project;
    private final Problems problems;
    private final Set<String> finished = new HashSet<>();

    private DependencyCycle(Project project, Problems problems) {
        this.project = project;
        this.problems = problems;
    }

    static void check(Project project, Problems problems) {
        var search = new DependencyCycle(project, problems);
        project.services().keySet().forEach(search::from);
    }

    private record Step(String service, Iterator<String> dependencies) {}

    private void from(String start) {
        if (finished.contains(start)) {
            return;
        }
        Deque<Step> steps = new ArrayDeque<>();
        var onPath = new LinkedHashSet<String>();
        enter(start, steps, onPath);
        while (!steps.isEmpty()) {
            var step = steps.getLast();
            if (!step.dependencies.hasNext()) {
                finished.add(step.service);
                onPath.remove(step.service);
                steps.removeLast();
                continue;
            }
            var next = step.dependencies.next();
            if (onPath.contains(next)) {
                report(next, step.service, onPath);
            } else if (!finished.contains(next) && project.services().containsKey(next)) {
                enter(next, steps, onPath);
            }
        }
    }

    private void enter(String service, Deque<Step> steps, Set<String> onPath) {
        onPath.add(service);
        var dependencies = project.services().get(service);
        steps.addLast(new Step(
                service,
                dependencies == null
                        ? Collections.emptyIterator()
                        : dependencies.dependsOn().keySet().iterator()));
    }

    private void report(String first, String last, Set<String> onPath) {
        var cycle = new ArrayList<>(onPath);
        cycle.subList(0, cycle.indexOf(first)).clear();
        cycle.add(first);
        var path = "services." + last + ".depends_on." + first;
        problems.error(project.sources().at(path), path, "dependency cycle detected: " + String.join(" -> ", cycle));
    }
}
