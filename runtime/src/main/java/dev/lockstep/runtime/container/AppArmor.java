package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ForeignText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The profiles that a kernel has loaded (apparmor(7)).
 *
 * @param module its directory below /sys/module
 * @param security its directory of the security file system
 */
public record AppArmor(Path module, Path security) {
    /**
     * Confines a container that asks for no profile, where it is loaded: Docker's, which Docker loads when it starts.
     */
    public static final String DEFAULT = "docker-default";

    /** Those of this host. */
    public static AppArmor ofThisHost() {
        return new AppArmor(Path.of("/sys/module/apparmor"), Path.of("/sys/kernel/security/apparmor"));
    }

    /** Whether the kernel has it, and switched on. */
    public boolean isOn() throws IOException {
        var enabled = module.resolve("parameters/enabled");
        return Files.exists(enabled) && Files.readString(enabled).startsWith("Y");
    }

    /** Whether a container can be confined by that profile. Only root may know. */
    public boolean isLoaded(String profile) throws IOException {
        var loaded = security.resolve("profiles");
        return Files.exists(loaded)
                && ForeignText.read(loaded).lines().anyMatch(line -> line.startsWith(profile + " ("));
    }

    /**
     * The profile of a container: what is asked for, else the default where the host has loaded it.
     *
     * @param privileged then none is the default
     * @throws IllegalArgumentException when one is asked for that is not there: its wall would be missing
     */
    Optional<String> profile(Optional<String> asked, boolean privileged) throws IOException {
        if (asked.filter(SecurityOptions.UNCONFINED::equals).isPresent()) {
            return Optional.empty();
        }
        if (!isOn()) {
            if (asked.isPresent()) {
                throw new IllegalArgumentException("the kernel of this host has no AppArmor, so it cannot confine by"
                        + " the profile " + asked.get() + "; remove it from security_opt");
            }
            return Optional.empty();
        }
        if (asked.isEmpty()) {
            return privileged || !isLoaded(DEFAULT) ? Optional.empty() : Optional.of(DEFAULT);
        }
        if (!isLoaded(asked.get())) {
            throw new IllegalArgumentException(
                    "the AppArmor profile " + asked.get() + " is not loaded; load it with apparmor_parser -r FILE");
        }
        return asked;
    }
}
