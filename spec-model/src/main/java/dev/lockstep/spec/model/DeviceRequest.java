package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Devices that a driver of the host hands to a container.
 *
 * @param capabilities what the device must be able to do, such as {@code gpu}
 * @param driver which driver is asked; any with the capabilities when empty
 * @param options for the driver
 */
public record DeviceRequest(
        List<String> capabilities, Optional<String> driver, Selection selection, Map<String, String> options) {
    public DeviceRequest {
        capabilities = List.copyOf(capabilities);
        options = Copies.ordered(options);
    }

    /** Which of the devices. */
    public sealed interface Selection {
        /** Every one. */
        record All() implements Selection {}

        /** As many as this. */
        record Count(long devices) implements Selection {
            public Count {
                if (devices < 0) {
                    throw new IllegalArgumentException(
                            devices + " is no number of devices. Write a number, or all for every one");
                }
            }
        }

        /** These. */
        record Ids(List<String> ids) implements Selection {
            public Ids {
                ids = List.copyOf(ids);
            }
        }
    }

    /** Every device of the driver: {@code gpus: all}. */
    public static DeviceRequest all() {
        return new DeviceRequest(List.of(), Optional.empty(), new Selection.All(), Map.of());
    }
}
