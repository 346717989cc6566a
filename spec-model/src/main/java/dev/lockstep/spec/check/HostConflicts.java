package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What stacks that run on one host cannot both have. */
public final class HostConflicts {
    private final Problems problems = new Problems();

    private HostConflicts() {}

    /**
     * Published ports and container names that two stacks claim; what one stack claims twice is its own mistake and
     * {@link Checks#strict} says it. Sorted by position; the claim of the later stack is the wrong one.
     *
     * @param host in words, such as {@code host web1}
     * @param stacks that run there, in the order in which they get what they ask for
     */
    public static List<Problem> check(String host, Collection<Project> stacks) {
        var check = new HostConflicts();
        check.ports(host, stacks);
        check.names(host, stacks);
        return check.problems.errors();
    }

    private void ports(String host, Collection<Project> stacks) {
        var claims = new PortClaims();
        stacks.forEach(claims::add);
        claims.collisions().stream()
                .filter(c ->
                        !c.claim().project().name().equals(c.earlier().project().name()))
                .forEach(c -> problems.error(
                        c.claim().project().sources().at(c.claim().path()),
                        c.claim().path(),
                        c.claim().words() + " of " + host + " is already published by stack "
                                + c.earlier().project().name() + ", "
                                + c.earlier().place()
                                + ". Publish another port, or place the stacks on different hosts"));
    }

    private record Holder(Project project, String path) {}

    private void names(String host, Collection<Project> stacks) {
        var holders = new HashMap<String, Holder>();
        for (var project : stacks) {
            project.services().forEach((name, service) -> {
                var written = service.identity().containerName();
                if (written.isPresent()) {
                    claim(host, holders, project, Findings.service(name) + ".container_name", written.get());
                } else {
                    for (var slot = 1; slot <= service.replicas(); slot++) {
                        claim(host, holders, project, Findings.service(name), project.name() + "-" + name + "-" + slot);
                    }
                }
            });
        }
    }

    private void claim(String host, Map<String, Holder> holders, Project project, String path, String container) {
        var earlier = holders.putIfAbsent(container, new Holder(project, path));
        if (earlier != null && !earlier.project.name().equals(project.name())) {
            problems.error(
                    project.sources().at(path),
                    path,
                    "the container name \"" + container + "\" is already taken on " + host + " by stack "
                            + earlier.project.name() + ", " + earlier.path + " ("
                            + earlier.project.sources().at(earlier.path) + ")");
        }
    }
}
