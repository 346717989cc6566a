package dev.lockstep.runtime.network;

/** A port of the host that somebody has already. */
public final class PortConflictException extends NetworkException {
    private static final long serialVersionUID = 1L;

    private final transient PublishedPort port;
    private final transient PortHolder holder;

    PortConflictException(PublishedPort port, PortHolder holder) {
        super("port " + port.address() + ":"
                + port.hostPort().map(String::valueOf).orElse("*") + "/"
                + port.protocol().lowerCase() + " is in use by " + holder);
        this.port = port;
        this.holder = holder;
    }

    public PublishedPort port() {
        return port;
    }

    public PortHolder holder() {
        return holder;
    }
}
