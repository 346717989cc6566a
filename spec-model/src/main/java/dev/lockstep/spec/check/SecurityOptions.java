package dev.lockstep.spec.check;

import java.util.Set;

/** Words of {@code security_opt}. */
final class SecurityOptions {
    private static final Set<String> NAMES =
            Set.of("no-new-privileges", "seccomp", "apparmor", "label", "systempaths", "mask", "unmask", "proc-opts");

    private SecurityOptions() {}

    static void check(Findings findings) {
        findings.project().services().forEach((service, definition) -> {
            var options = definition.isolation().securityOptions();
            for (var i = 0; i < options.size(); i++) {
                check(findings, Findings.service(service) + ".security_opt[" + i + "]", options.get(i));
            }
        });
    }

    private static void check(Findings findings, String path, String option) {
        var end = option.indexOf('=') >= 0 ? option.indexOf('=') : option.indexOf(':');
        var name = end < 0 ? option : option.substring(0, end);
        var value = end < 0 ? "" : option.substring(end + 1);
        if (!NAMES.contains(name)) {
            findings.error(
                    path,
                    "\"" + name + "\" is no security option"
                            + Findings.didYouMean(
                                    name,
                                    NAMES,
                                    ". Write one of "
                                            + String.join(
                                                    ", ",
                                                    NAMES.stream().sorted().toList())));
        } else if (name.equals("no-new-privileges")) {
            if (!Set.of("", "true", "false").contains(value)) {
                findings.error(path, "no-new-privileges is true or false, not \"" + value + "\"");
            }
        } else if (value.isEmpty()) {
            findings.error(path, name + " has no value. Write " + name + "=VALUE");
        } else if (name.equals("systempaths") && !value.equals("unconfined")) {
            findings.error(path, "systempaths can only be unconfined, not \"" + value + "\"");
        }
    }
}
