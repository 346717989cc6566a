package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Restart;
import dev.lockstep.spec.model.RestartPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.util.Optional;

/** What {@code deploy} says and the service's own keys say otherwise. */
final class DeployConflicts {
    private DeployConflicts() {}

    static void check(Findings findings) {
        findings.project()
                .services()
                .values()
                .forEach(service -> service.lifecycle().deploy().ifPresent(deploy -> check(findings, service, deploy)));
    }

    private static void check(Findings findings, Service service, Deploy deploy) {
        var path = Findings.service(service.name());
        var mode = deploy.mode().flatMap(Written::value);
        if (mode.filter(m -> m == Deploy.Mode.GLOBAL || m == Deploy.Mode.GLOBAL_JOB)
                        .isPresent()
                && (deploy.replicas().isPresent() || service.lifecycle().scale().isPresent())) {
            findings.error(
                    findings.written(path + ".deploy.replicas", path + ".scale"),
                    "cannot stand beside mode: global, which means one on each host ("
                            + findings.project().sources().at(path + ".deploy.mode") + ")");
        }
    }

    /** A restart policy of {@code deploy} counts, as in docker compose. */
    static void restart(Findings findings) {
        findings.project()
                .services()
                .values()
                .forEach(service ->
                        service.lifecycle().deploy().ifPresent(deploy -> restart(findings, service, deploy)));
    }

    private static void restart(Findings findings, Service service, Deploy deploy) {
        var path = Findings.service(service.name());
        var restart = service.lifecycle().restart().flatMap(Written::value);
        var condition = deploy.restartPolicy().flatMap(RestartPolicy::condition).flatMap(Written::value);
        if (restart.isPresent() && condition.isPresent() && !agree(restart.get(), condition.get())) {
            findings.warning(
                    path + ".restart",
                    "\"" + restart.get() + "\" does not count: "
                            + findings.place(path + ".deploy.restart_policy.condition")
                            + " says otherwise. Remove one of them");
        }
        var attempts = deploy.restartPolicy().flatMap(RestartPolicy::maxAttempts);
        restart.flatMap(Restart::maxRetries)
                .map(Integer::longValue)
                .filter(retries -> differs(retries, attempts))
                .ifPresent(retries -> findings.warning(
                        path + ".restart",
                        "the number of its retries does not count: "
                                + findings.place(path + ".deploy.restart_policy.max_attempts")
                                + " is another one. Remove one of them"));
    }

    private static boolean differs(long retries, Optional<Long> attempts) {
        return attempts.filter(number -> number != retries).isPresent();
    }

    private static boolean agree(Restart restart, RestartPolicy.Condition condition) {
        return switch (restart.policy()) {
            case NO -> condition == RestartPolicy.Condition.NONE;
            case ON_FAILURE -> condition == RestartPolicy.Condition.ON_FAILURE;
            case ALWAYS -> condition == RestartPolicy.Condition.ANY;
            case UNLESS_STOPPED ->
                condition == RestartPolicy.Condition.ANY || condition == RestartPolicy.Condition.UNLESS_STOPPED;
        };
    }
}
