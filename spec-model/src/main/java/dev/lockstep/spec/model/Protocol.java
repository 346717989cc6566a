package dev.lockstep.spec.model;

import java.util.Locale;

/** Transport protocol of a published port. */
public enum Protocol {
    TCP,
    UDP,
    SCTP;

    /** The word in Compose files: {@code tcp}, {@code udp}, {@code sctp}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
