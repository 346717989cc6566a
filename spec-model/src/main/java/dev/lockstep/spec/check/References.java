package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Suggestion;
import java.util.Collection;

/** Services, networks and volumes that are named must be declared. */
final class References {
    private References() {}

    static void check(Project project, Problems problems) {
        project.services().forEach((name, service) -> {
            var path = "services." + name;
            service.networks().keySet().forEach(key -> {
                if (!project.networks().containsKey(key)) {
                    report(
                            project,
                            problems,
                            path + ".networks." + key,
                            "network",
                            key,
                            project.networks().keySet());
                }
            });
            for (var i = 0; i < service.mounts().size(); i++) {
                if (service.mounts().get(i) instanceof Mount.NamedVolume volume
                        && !project.volumes().containsKey(volume.key())) {
                    report(
                            project,
                            problems,
                            path + ".volumes[" + i + "]",
                            "volume",
                            volume.key(),
                            project.volumes().keySet());
                }
            }
            service.dependsOn().forEach((other, dependency) -> {
                if (dependency.required() && !project.services().containsKey(other)) {
                    report(
                            project,
                            problems,
                            path + ".depends_on." + other,
                            "service",
                            other,
                            project.services().keySet());
                }
            });
        });
    }

    private static void report(
            Project project, Problems problems, String path, String kind, String key, Collection<String> known) {
        var hint = Suggestion.nearest(key, known)
                .map(near -> ". Did you mean \"" + near + "\"?")
                .orElse(kind.equals("service") ? "" : ". Declare it below " + kind + "s:");
        problems.error(project.sources().at(path), path, "refers to undefined " + kind + " \"" + key + "\"" + hint);
    }
}
