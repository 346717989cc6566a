package dev.lockstep.reconciler.contexts;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The {@code build} sections of a project. */
public final class BuildSections {
    private BuildSections() {}

    /** A service of that name, also one whose profile is not active. */
    public static Optional<Service> service(Project project, String name) {
        return Optional.ofNullable(project.services().get(name))
                .or(() -> Optional.ofNullable(project.disabled().get(name)));
    }

    /**
     * Those with a {@code build} section, each behind the services whose images it is built from.
     *
     * @throws UnbuildableException when they go in a circle
     */
    public static List<String> order(Project project, Set<String> wanted) throws UnbuildableException {
        var done = new LinkedHashSet<String>();
        for (var name : wanted) {
            visit(project, name, done, new LinkedHashSet<>());
        }
        return List.copyOf(done);
    }

    private static void visit(Project project, String name, Set<String> done, Set<String> above)
            throws UnbuildableException {
        var build = service(project, name).flatMap(service -> service.image().build());
        if (build.isEmpty() || done.contains(name)) {
            return;
        }
        if (!above.add(name)) {
            throw new UnbuildableException(
                    "services are built from each other in a circle: " + String.join(", ", above));
        }
        for (var other : build.get().services()) {
            visit(project, other, done, above);
        }
        above.remove(name);
        done.add(name);
    }
}
