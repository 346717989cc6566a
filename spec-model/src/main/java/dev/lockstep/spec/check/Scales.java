package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Deploy;

/** How many containers there are is said once, or twice the same. */
final class Scales {
    private Scales() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name);
            var scale = service.lifecycle().scale();
            var replicas = service.lifecycle().deploy().flatMap(Deploy::replicas);
            if (scale.isPresent() && replicas.isPresent() && !scale.equals(replicas)) {
                findings.error(
                        path + ".scale",
                        "can't set distinct values on 'scale' and 'deploy.replicas': " + scale.get() + " here and "
                                + replicas.get() + " at " + findings.place(path + ".deploy.replicas")
                                + ". Write only one of them");
            }
        });
    }
}
