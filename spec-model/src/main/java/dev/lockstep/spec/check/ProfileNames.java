package dev.lockstep.spec.check;

/**
 * Profiles are names that a command line can give; the one without a name, which a variable with no value gives, is on
 * where none is named.
 */
final class ProfileNames {
    private ProfileNames() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var profiles = service.lifecycle().profiles();
            for (var i = 0; i < profiles.size(); i++) {
                if (!profiles.get(i).matches("([a-zA-Z0-9][a-zA-Z0-9_.-]*)?")) {
                    findings.error(
                            Findings.service(name) + ".profiles[" + i + "]",
                            "\"" + profiles.get(i)
                                    + "\" is not the name of a profile. Write letters, digits, \"_\","
                                    + " \".\" and \"-\", a letter or digit first");
                }
            }
        });
    }
}
