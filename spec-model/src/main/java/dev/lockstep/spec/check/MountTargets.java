package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Service;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Mounts stand at absolute paths of the container, one at each, and none hides the container's whole root. */
final class MountTargets {
    private MountTargets() {}

    /** Two mounts at one place. */
    static void duplicates(Findings findings) {
        findings.project().services().values().forEach(service -> {
            var seen = new HashMap<String, String>();
            targets(service).forEach((path, target) -> {
                var earlier = seen.putIfAbsent(target, path);
                if (earlier != null && target.startsWith("/") && !target.equals("/")) {
                    findings.error(path, "target " + target + " already mounted as " + findings.place(earlier));
                }
            });
        });
    }

    /** A place that cannot be mounted at. */
    static void check(Findings findings) {
        findings.project()
                .services()
                .values()
                .forEach(service -> targets(service).forEach((path, target) -> {
                    if (!target.startsWith("/")) {
                        findings.error(path, "the target \"" + target + "\" must be an absolute path in the container");
                    } else if (target.equals("/")) {
                        findings.error(path, "the target / would hide everything in the image");
                    } else if (target.equals("/proc") || target.startsWith("/proc/")) {
                        findings.error(path, "the target " + target + " is the kernel's. Mount somewhere else");
                    }
                }));
    }

    /** The targets of {@code volumes} and {@code tmpfs}, by path of the mount. */
    static Map<String, String> targets(Service service) {
        var path = Findings.service(service.name());
        var targets = new LinkedHashMap<String, String>();
        var mounts = service.storage().mounts();
        for (var i = 0; i < mounts.size(); i++) {
            targets.put(path + ".volumes[" + i + "]", mounts.get(i).target());
        }
        var tmpfs = service.storage().tmpfs();
        for (var i = 0; i < tmpfs.size(); i++) {
            targets.put(path + ".tmpfs[" + i + "]", cleaned(tmpfs.get(i).target()));
        }
        return targets;
    }

    /** Without a slash at the end, as mounts have it. */
    static String cleaned(String target) {
        var cleaned = target.replaceAll("/+", "/");
        return cleaned.length() > 1 && cleaned.endsWith("/") ? cleaned.substring(0, cleaned.length() - 1) : cleaned;
    }
}
