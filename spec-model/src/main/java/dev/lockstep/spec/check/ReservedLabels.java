package dev.lockstep.spec.check;

import java.util.Map;

/** Labels that Compose gives its containers, networks and volumes are not the user's to set. */
final class ReservedLabels {
    private static final String PREFIX = "com.docker.compose.";

    private final Findings findings;

    private ReservedLabels(Findings findings) {
        this.findings = findings;
    }

    static void check(Findings findings) {
        var check = new ReservedLabels(findings);
        findings.project()
                .services()
                .forEach((name, service) ->
                        check.labels("services." + name, service.identity().labels()));
        findings.project().networks().forEach((key, network) -> check.labels("networks." + key, network.labels()));
        findings.project().volumes().forEach((key, volume) -> check.labels("volumes." + key, volume.labels()));
    }

    private void labels(String path, Map<String, String> labels) {
        for (var label : labels.keySet()) {
            if (label.startsWith(PREFIX)) {
                var at = path + ".labels." + label;
                findings.error(at, "labels that begin with " + PREFIX + " are reserved. Remove it");
            }
        }
    }
}
