package dev.lockstep.spec.model;

/** Whose namespace a container is in. */
public sealed interface NamespaceMode {
    /** The host's own. */
    record Host() implements NamespaceMode {}

    /** One of its own, into which nobody else comes. */
    record Private() implements NamespaceMode {}

    /** One of its own, which others may enter ({@code ipc}). */
    record Shareable() implements NamespaceMode {}

    /** None at all ({@code ipc: none}: without {@code /dev/shm}). */
    record None() implements NamespaceMode {}

    /** That of a container of another service of the project. */
    record OfService(String service) implements NamespaceMode {}

    /** That of a container by its name or id. */
    record OfContainer(String container) implements NamespaceMode {}

    /**
     * Reads {@code host}, {@code private}, {@code shareable}, {@code none}, {@code service:NAME} or
     * {@code container:NAME}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static NamespaceMode parse(String text) {
        return switch (text) {
            case "host" -> new Host();
            case "private", "" -> new Private();
            case "shareable" -> new Shareable();
            case "none" -> new None();
            default -> {
                if (text.startsWith("service:") && text.length() > "service:".length()) {
                    yield new OfService(text.substring("service:".length()));
                }
                if (text.startsWith("container:") && text.length() > "container:".length()) {
                    yield new OfContainer(text.substring("container:".length()));
                }
                throw new IllegalArgumentException(
                        "\"" + text + "\" is no namespace. Write host, private, service:NAME or container:NAME");
            }
        };
    }
}
