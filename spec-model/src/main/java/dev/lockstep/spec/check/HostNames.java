package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;

/** Names that the kernel or the container's resolver must take. */
final class HostNames {
    /** {@code HOST_NAME_MAX}, sethostname(2). */
    private static final int LONGEST_HOST_NAME = 64;

    private static final String LABEL = "[a-zA-Z0-9_](?:[a-zA-Z0-9_-]*[a-zA-Z0-9_])?";

    private HostNames() {}

    static void check(Project project, Problems problems) {
        project.services().forEach((name, service) -> {
            var path = "services." + name;
            service.hostname().ifPresent(hostname -> {
                if (hostname.length() > LONGEST_HOST_NAME || !hostname.matches(LABEL + "(?:\\." + LABEL + ")*")) {
                    problems.error(
                            project.sources().at(path + ".hostname"),
                            path + ".hostname",
                            "\"" + hostname + "\" is not a host name. Write letters, digits, \"-\" and \".\", at most "
                                    + LONGEST_HOST_NAME + " of them");
                }
            });
            service.workingDirectory()
                    .filter(directory -> !directory.startsWith("/"))
                    .ifPresent(directory -> {
                        problems.error(
                                project.sources().at(path + ".working_dir"),
                                path + ".working_dir",
                                "\"" + directory + "\" must be an absolute path in the container");
                    });
            if (!name.matches("[a-zA-Z0-9].*")) {
                problems.error(
                        project.sources().at(path),
                        path,
                        "\"" + name + "\" cannot name a container. Begin with a letter or digit");
            }
            service.environment().keySet().forEach(variable -> {
                if (variable.indexOf('\0') >= 0) {
                    problems.error(
                            project.sources().at(path + ".environment"),
                            path + ".environment",
                            "a variable's name has a NUL character");
                }
            });
        });
    }
}
