package dev.lockstep.spec.check;

/** Names that the kernel or the container's resolver must take. */
final class HostNames {
    private HostNames() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = "services." + name;
            service.program()
                    .workingDirectory()
                    .filter(directory -> !directory.startsWith("/"))
                    .ifPresent(directory -> {
                        findings.error(
                                path + ".working_dir",
                                "\"" + directory + "\" must be an absolute path in the container");
                    });
            if (!name.matches("[a-zA-Z0-9].*")) {
                findings.error(path, "\"" + name + "\" cannot name a container. Begin with a letter or digit");
            }
            service.program().environment().keySet().forEach(variable -> {
                if (variable.indexOf('\0') >= 0) {
                    findings.error(path + ".environment", "a variable's name has a NUL character");
                }
            });
        });
    }
}
