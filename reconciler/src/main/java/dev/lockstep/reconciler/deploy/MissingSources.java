package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Paths of the host that a stack mounts and that do not exist. Compose makes an empty directory of each, also where a
 * file is meant, unless {@code create_host_path} is false (Compose Specification, services.volumes): then no container
 * can be made, which is better said before the old one is gone.
 *
 * @param warnings of directories that will stand where the name speaks of a file
 * @param problems of what must exist and does not
 */
record MissingSources(List<Problem> warnings, List<Problem> problems) {
    /** Endings of names that nobody gives to a directory. */
    private static final Set<String> FILES = Set.of(
            "cert",
            "cfg",
            "cnf",
            "conf",
            "crt",
            "css",
            "csv",
            "db",
            "env",
            "html",
            "ini",
            "js",
            "json",
            "key",
            "log",
            "lua",
            "pem",
            "php",
            "properties",
            "py",
            "sh",
            "sock",
            "sql",
            "sqlite",
            "sqlite3",
            "toml",
            "ts",
            "txt",
            "xml",
            "yaml",
            "yml");

    /**
     * Looks for the sources of binds that are paths of the host and not of a followed stack. One that a container of
     * the stack has already was there once, and its absence is no matter of this plan.
     */
    static MissingSources of(Project project, Desired desired, Observed observed) {
        var mounted = observed.containersOf(desired.stack()).stream()
                .flatMap(container -> container.record().spec().mounts().stream())
                .filter(MountSpec.Bind.class::isInstance)
                .map(mount -> ((MountSpec.Bind) mount).source())
                .toList();
        var warnings = new ArrayList<Problem>();
        var problems = new ArrayList<Problem>();
        for (var service : desired.services()) {
            for (var slot : service.slots().stream().limit(1).toList()) {
                for (var mount : slot.spec().mounts()) {
                    if (!(mount instanceof MountSpec.Bind bind)
                            || !bind.identity().equals(bind.source().toString())
                            || mounted.contains(bind.source())
                            || !Files.notExists(bind.source())) {
                        continue;
                    }
                    var path = where(project, service.name(), bind);
                    if (!bind.create()) {
                        problems.add(new Problem(
                                desired.sources().at(path),
                                path,
                                bind.source() + " does not exist. Make it, or write create_host_path: true"));
                    } else if (namesFile(bind.source())) {
                        warnings.add(new Problem(
                                desired.sources().at(path),
                                path,
                                bind.source() + " does not exist, so an empty directory is made there. Make the file"
                                        + " first if one is meant"));
                    }
                }
            }
        }
        return new MissingSources(warnings, problems);
    }

    private static String where(Project project, String service, MountSpec.Bind bind) {
        var path = "services." + service;
        var asked = project.services().get(service);
        if (asked != null) {
            var mounts = asked.storage().mounts();
            for (var i = 0; i < mounts.size(); i++) {
                if (mounts.get(i) instanceof Mount.Bind written
                        && written.target().equals(bind.target())) {
                    return path + ".volumes[" + i + "]";
                }
            }
        }
        return path;
    }

    private static boolean namesFile(Path path) {
        var name = String.valueOf(path.getFileName());
        return FILES.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT)) && name.contains(".");
    }
}
