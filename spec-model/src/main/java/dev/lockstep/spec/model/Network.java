package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network that services join.
 *
 * @param key its name inside the project
 * @param name its name on the host: {@code PROJECT_KEY} unless the file sets one; the bare key when external
 * @param external made by somebody else; it is used, never created or removed
 * @param internal no way out to the world
 * @param driver as written; only {@code bridge} exists
 * @param subnets fixed address ranges; chosen by the engine when empty
 */
public record Network(
        String key,
        String name,
        boolean external,
        boolean internal,
        boolean attachable,
        Optional<String> driver,
        Map<String, String> driverOptions,
        Map<String, String> labels,
        List<Subnet> subnets) {
    /** The key of the network that services join which name none. */
    public static final String DEFAULT_KEY = "default";

    public Network {
        driverOptions = Copies.ordered(driverOptions);
        labels = Copies.ordered(labels);
        subnets = List.copyOf(subnets);
    }
}
