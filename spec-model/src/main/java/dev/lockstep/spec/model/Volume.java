package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * A volume that services mount.
 *
 * @param key its name inside the project
 * @param name its name on the host: {@code PROJECT_KEY} unless the file sets one; the bare key when external
 * @param external made by somebody else; it is used, never created or removed
 * @param driver as written; {@code local} when empty
 * @param driverOptions for the driver. Where {@link #bindsDirectory()}, {@code device} is absolute or relative to the
 *     project directory, and cleaned
 * @param extension what {@code x-lockstep} says
 */
public record Volume(
        String key,
        String name,
        boolean external,
        Optional<String> driver,
        Map<String, String> driverOptions,
        Map<String, String> labels,
        Optional<VolumeExtension> extension) {
    public Volume {
        driverOptions = Copies.ordered(driverOptions);
        labels = Copies.ordered(labels);
    }

    /** Whether the driver is the one that every host has. */
    public boolean isLocal() {
        return driver.orElse("local").equals("local");
    }

    /** Whether the volume is a directory of the host under a name. */
    public boolean bindsDirectory() {
        return bindsDirectory(driver, driverOptions);
    }

    /** The same before there is a volume. */
    public static boolean bindsDirectory(Optional<String> driver, Map<String, String> driverOptions) {
        return driver.filter("local"::equals).isPresent()
                && "bind".equals(driverOptions.get("o"))
                && driverOptions.containsKey("device");
    }
}
