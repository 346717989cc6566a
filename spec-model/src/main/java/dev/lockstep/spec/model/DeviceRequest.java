package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

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

    /**
     * The names that vendors' tools give the devices in the Container Device Interface: an index, an identifier, or
     * {@code all}.
     *
     * @throws IllegalArgumentException with a sentence, when there are no such devices here
     */
    public List<String> names() {
        if (!options.isEmpty()) {
            throw new IllegalArgumentException(
                    "options are for a driver of Docker's own, which there is none of here. Leave them out");
        }
        var asked = driver.orElse("nvidia");
        if (asked.equals("cdi")) {
            if (selection instanceof Selection.Ids(var ids)) {
                return ids;
            }
            throw new IllegalArgumentException("the driver cdi takes device_ids alone, such as vendor.com/class=name");
        }
        var kind = Optional.ofNullable(
                        Map.of("nvidia", "nvidia.com/gpu", "amd", "amd.com/gpu").get(asked))
                .orElseThrow(() ->
                        new IllegalArgumentException("there is no driver \"" + asked + "\". Write nvidia, amd or cdi"));
        if (driver.isEmpty()
                && !capabilities.isEmpty()
                && !capabilities.contains("gpu")
                && !capabilities.contains("nvidia")) {
            throw new IllegalArgumentException(
                    "no driver has devices that can do " + capabilities + ". Write driver: as well");
        }
        return switch (selection) {
            case Selection.All _ -> List.of(kind + "=all");
            case Selection.Count(var number) ->
                LongStream.range(0, number).mapToObj(i -> kind + "=" + i).toList();
            case Selection.Ids(var ids) ->
                ids.stream().map(id -> kind + "=" + id).toList();
        };
    }
}
