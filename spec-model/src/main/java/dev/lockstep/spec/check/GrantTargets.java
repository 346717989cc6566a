package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Grant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Secrets and configs are files in the container, each at a place of its own. */
final class GrantTargets {
    private GrantTargets() {}

    static void check(Findings findings) {
        findings.project().services().values().forEach(service -> {
            var path = Findings.service(service.name());
            var taken = new HashMap<String, String>();
            MountTargets.targets(service).forEach((where, target) -> taken.putIfAbsent(target, where));
            check(
                    findings,
                    path + ".secrets",
                    "/run/secrets/",
                    service.storage().secrets(),
                    taken);
            check(findings, path + ".configs", "/", service.storage().configs(), taken);
        });
    }

    private static void check(
            Findings findings, String path, String base, List<Grant> grants, Map<String, String> taken) {
        for (var i = 0; i < grants.size(); i++) {
            var grant = grants.get(i);
            var written = grant.target().orElse(grant.source());
            var target = MountTargets.cleaned(written.startsWith("/") ? written : base + written);
            var where = path + "[" + i + "]";
            if (List.of(target.split("/", -1)).contains("..")) {
                findings.error(
                        where, "the target \"" + written + "\" leads out of " + base + ". Write an absolute path");
            }
            var earlier = taken.putIfAbsent(target, where);
            if (earlier != null) {
                findings.error(where, "target " + target + " already mounted as " + findings.place(earlier));
            }
        }
    }
}
