package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Service;
import java.util.Optional;

/** A service has something to be made from, and two places of one limit say the same. */
final class Contradictions {
    private final Findings findings;

    private Contradictions(Findings findings) {
        this.findings = findings;
    }

    static void check(Findings findings) {
        var check = new Contradictions(findings);
        findings.project().services().values().forEach(check::service);
    }

    private void service(Service service) {
        var image = service.image();
        if (image.reference().isEmpty()
                && image.build().isEmpty()
                && service.provider().isEmpty()) {
            error(service, "", "has neither an image nor a build. Write image: NAME, or build: DIRECTORY");
        }
        service.lifecycle().deploy().ifPresent(deploy -> limits(service, deploy));
    }

    private void limits(Service service, Deploy deploy) {
        var resources = deploy.resources();
        deploy.limits().ifPresent(limits -> {
            agree(service, "cpus", service.limits().cpu().cpus(), "deploy.resources.limits.cpus", limits.cpus());
            agree(
                    service,
                    "mem_limit",
                    service.limits().memory().limit(),
                    "deploy.resources.limits.memory",
                    limits.memory());
            agree(service, "pids_limit", service.limits().pids(), "deploy.resources.limits.pids", limits.pids());
        });
        if (deploy.reservations().isPresent()) {
            agree(
                    service,
                    "mem_reservation",
                    service.limits().memory().reservation(),
                    "deploy.resources.reservations.memory",
                    resources.memoryReservation());
        }
    }

    /** As soon as the other block is there, silence in it contradicts as well. */
    private <T> void agree(Service service, String key, Optional<T> here, String otherKey, Optional<T> there) {
        if (here.isPresent() && !here.equals(there)) {
            error(
                    service,
                    "." + key,
                    "is " + here.get() + ", and " + otherKey + " is "
                            + there.map(Object::toString).orElse("not set") + ". Write only " + otherKey);
        }
    }

    private void error(Service service, String key, String message) {
        var path = "services." + service.name() + key;
        findings.error(path, message);
    }
}
