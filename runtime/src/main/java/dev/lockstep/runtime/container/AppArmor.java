package dev.lockstep.runtime.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Profiles that the kernel has loaded (apparmor(7)). */
final class AppArmor {
    private static final String DEFAULT = "docker-default";

    private AppArmor() {}

    /**
     * The profile of a container: what is asked for, else Docker's where the host has loaded it.
     *
     * @param privileged then none is the default
     * @throws IllegalArgumentException when one is asked for that is not there: its wall would be missing
     */
    static Optional<String> profile(Optional<String> asked, boolean privileged) throws IOException {
        return profile(asked, privileged, Path.of("/sys/module/apparmor"), Path.of("/sys/kernel/security/apparmor"));
    }

    static Optional<String> profile(Optional<String> asked, boolean privileged, Path module, Path security)
            throws IOException {
        if (asked.filter(SecurityOptions.UNCONFINED::equals).isPresent()) {
            return Optional.empty();
        }
        var on = Files.exists(module.resolve("parameters/enabled"))
                && Files.readString(module.resolve("parameters/enabled")).startsWith("Y");
        if (!on) {
            if (asked.isPresent()) {
                throw new IllegalArgumentException("the kernel of this host has no AppArmor, so it cannot confine by"
                        + " the profile " + asked.get() + "; remove it from security_opt");
            }
            return Optional.empty();
        }
        var loaded = Files.exists(security.resolve("profiles")) ? Files.readString(security.resolve("profiles")) : "";
        if (asked.isEmpty()) {
            return privileged || !isLoaded(loaded, DEFAULT) ? Optional.empty() : Optional.of(DEFAULT);
        }
        if (!isLoaded(loaded, asked.get())) {
            throw new IllegalArgumentException(
                    "the AppArmor profile " + asked.get() + " is not loaded; load it with apparmor_parser -r FILE");
        }
        return asked;
    }

    private static boolean isLoaded(String loaded, String profile) {
        return loaded.lines().anyMatch(line -> line.startsWith(profile + " ("));
    }
}
