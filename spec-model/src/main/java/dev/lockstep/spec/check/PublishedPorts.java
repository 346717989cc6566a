package dev.lockstep.spec.check;

/** A port of the host can be published once, and a service with several containers needs as many ports. */
final class PublishedPorts {
    private PublishedPorts() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            if (!PortClaims.takesHostPorts(findings.project(), service)) {
                return;
            }
            var ports = service.networking().ports();
            for (var i = 0; i < ports.size(); i++) {
                var path = Findings.service(name) + ".ports[" + i + "]";
                ports.get(i)
                        .published()
                        .filter(range -> range.first() > 0 && service.replicas() > range.size())
                        .ifPresent(range -> findings.error(
                                path,
                                service.replicas() + " containers cannot share the published port " + range
                                        + ". Publish a range of at least " + service.replicas()
                                        + " ports, or leave the host port out"));
            }
        });
        var claims = new PortClaims();
        claims.add(findings.project());
        claims.collisions()
                .forEach(collision -> findings.error(
                        collision.claim().path(),
                        collision.claim().words() + " of the host is already published by "
                                + collision.earlier().place()));
    }
}
