package dev.lockstep.spec.check;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * No service may lead back to itself, by {@code depends_on} or by what implies it. Each service is entered once, so a
 * dense graph takes time in proportion to its edges; there is no recursion, so a long chain does not exhaust the stack.
 */
final class DependencyCycle {
    private final Findings findings;
    private final Set<String> finished = new HashSet<>();

    private DependencyCycle(Findings findings) {
        this.findings = findings;
    }

    static void check(Findings findings) {
        var search = new DependencyCycle(findings);
        findings.project().services().keySet().forEach(search::from);
    }

    private record Step(String service, Map<String, String> links, Iterator<String> dependencies) {}

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
                report(next, step, onPath);
            } else if (!finished.contains(next) && findings.project().services().containsKey(next)) {
                enter(next, steps, onPath);
            }
        }
    }

    private void enter(String service, Deque<Step> steps, Set<String> onPath) {
        onPath.add(service);
        var entered = findings.project().services().get(service);
        var links = entered == null ? Collections.<String, String>emptyMap() : ServiceLinks.all(entered);
        steps.addLast(new Step(service, links, links.keySet().iterator()));
    }

    private void report(String first, Step last, Set<String> onPath) {
        var cycle = new ArrayList<>(onPath);
        cycle.subList(0, cycle.indexOf(first)).clear();
        cycle.add(first);
        findings.error(
                last.links.getOrDefault(first, Findings.service(last.service)),
                "dependency cycle detected: " + String.join(" -> ", cycle));
    }
}
