package dev.lockstep.spec.check;

/** Devices are files of the host, or names of the Container Device Interface. */
final class DevicePaths {
    private static final String CDI = "[a-zA-Z0-9][a-zA-Z0-9.-]*/[a-zA-Z0-9_.-]+=[a-zA-Z0-9_.:-]+";

    private DevicePaths() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var devices = service.devices().mappings();
            for (var i = 0; i < devices.size(); i++) {
                var device = devices.get(i);
                var path = Findings.service(name) + ".devices[" + i + "]";
                if (device.source().matches(CDI)) {
                    continue;
                }
                if (!device.source().startsWith("/")) {
                    findings.error(
                            path,
                            "\"" + device.source()
                                    + "\" is no device. Write a path such as /dev/ttyUSB0, or vendor.com/class=name");
                } else if (!device.target().startsWith("/")) {
                    findings.error(
                            path, "the target \"" + device.target() + "\" must be an absolute path in the container");
                }
                device.permissions()
                        .filter(text -> !text.matches("(?!.*(.).*\\1)[rwm]{1,3}"))
                        .ifPresent(text -> findings.error(
                                path, "\"" + text + "\" are no permissions. Write letters of rwm: read, write, mknod"));
            }
        });
    }
}
