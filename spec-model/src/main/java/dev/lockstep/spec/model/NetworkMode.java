package dev.lockstep.spec.model;

/** What stands in the place of networks that a service joins. */
public sealed interface NetworkMode {
    /** The host's own network. */
    record Host() implements NetworkMode {}

    /** Loopback only. */
    record None() implements NetworkMode {}

    /** The engine's default network, in which names are not resolved. */
    record Bridge() implements NetworkMode {}

    /** The network of a container of another service of the project. */
    record OfService(String service) implements NetworkMode {}

    /** The network of a container by its name or id. */
    record OfContainer(String container) implements NetworkMode {}

    /**
     * Reads {@code host}, {@code none}, {@code bridge}, {@code default} (the same), {@code service:NAME} or
     * {@code container:NAME}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static NetworkMode parse(String text) {
        return switch (text) {
            case "host" -> new Host();
            case "none" -> new None();
            case "bridge", "default" -> new Bridge();
            default -> {
                if (text.startsWith("service:") && text.length() > "service:".length()) {
                    yield new OfService(text.substring("service:".length()));
                }
                if (text.startsWith("container:") && text.length() > "container:".length()) {
                    yield new OfContainer(text.substring("container:".length()));
                }
                throw new IllegalArgumentException("\"" + text
                        + "\" is no network mode. Write host, none, bridge, service:NAME or container:NAME. A network"
                        + " of the project goes below networks:");
            }
        };
    }
}
