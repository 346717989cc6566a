package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Dependency.Condition;
import dev.lockstep.spec.model.HealthCheck;

/** Who waits for a healthy service needs one that says so. */
final class HealthConditions {
    private HealthConditions() {}

    static void check(Findings findings) {
        var project = findings.project();
        project.services()
                .forEach((name, service) -> service.lifecycle().dependsOn().forEach((other, dependency) -> {
                    var target = project.services().get(other);
                    var path = "services." + name + ".depends_on." + other;
                    if (target == null) {
                        return;
                    }
                    if (dependency.condition() == Condition.HEALTHY
                            && target.lifecycle()
                                    .healthCheck()
                                    .filter(HealthCheck::off)
                                    .isPresent()) {
                        findings.error(
                                path,
                                "waits for \"" + other + "\" to be healthy, and its health check is disabled ("
                                        + project.sources().at("services." + other + ".healthcheck")
                                        + "). Write condition: service_started, or enable the check");
                    }
                    if (target.replicas() == 0 && dependency.required()) {
                        findings.error(
                                path,
                                "waits for \"" + other + "\", which has 0 replicas ("
                                        + project.sources().at("services." + other + ".deploy.replicas") + ")");
                    }
                }));
    }
}
