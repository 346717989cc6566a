package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;
import java.util.HashMap;

/** Mounts stand at absolute paths of the container, one at each, and none hides the container's whole root. */
final class MountTargets {
    private MountTargets() {}

    static void check(Project project, Problems problems) {
        project.services().forEach((name, service) -> {
            var seen = new HashMap<String, String>();
            for (var i = 0; i < service.mounts().size(); i++) {
                var target = service.mounts().get(i).target();
                var path = "services." + name + ".volumes[" + i + "]";
                var at = project.sources().at(path);
                var earlier = seen.putIfAbsent(target, path);
                if (!target.startsWith("/")) {
                    problems.error(at, path, "the target \"" + target + "\" must be an absolute path in the container");
                } else if (target.equals("/")) {
                    problems.error(at, path, "the target / would hide everything in the image");
                } else if (earlier != null) {
                    problems.error(at, path, "target " + target + " already mounted as " + earlier);
                }
            }
        });
    }
}
