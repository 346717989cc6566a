package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import java.util.List;

/**
 * Rules across a project. There are two levels, because {@code config} must not refuse what {@code docker compose
 * config} prints, and a plan must refuse what could only fail on the host.
 */
public final class Checks {
    private Checks() {}

    /** What Compose itself refuses; sorted by position, empty if all is well. */
    public static List<Problem> compose(Project project) {
        var problems = new Problems();
        References.check(project, problems);
        DependencyCycle.check(project, problems);
        return problems.errors();
    }

    /** All of {@link #compose} and what would fail or surprise later; sorted by position. */
    public static List<Problem> strict(Project project) {
        var problems = new Problems();
        References.check(project, problems);
        DependencyCycle.check(project, problems);
        ImageNames.check(project, problems);
        PublishedPorts.check(project, problems);
        MountTargets.check(project, problems);
        HealthConditions.check(project, problems);
        NetworkAddresses.check(project, problems);
        HostNames.check(project, problems);
        return problems.errors();
    }
}
