package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Written;

/** The platform that a service runs on is one that its image is built for. */
final class BuildPlatforms {
    private BuildPlatforms() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name) + ".build.platforms";
            var platform = service.image().platform().map(Written::text).filter(text -> !text.isEmpty());
            service.image()
                    .build()
                    .filter(build -> !build.platforms().isEmpty())
                    .ifPresent(build -> platform.filter(
                                    wanted -> !build.platforms().contains(wanted))
                            .ifPresent(wanted -> findings.error(
                                    path,
                                    "must have the service's platform \"" + wanted + "\" ("
                                            + findings.project().sources().at(Findings.service(name) + ".platform")
                                            + "), and has " + String.join(", ", build.platforms()))));
        });
    }
}
