package dev.lockstep.runtime.store;

import java.io.IOException;

/** What somebody sends is more than there is room for; the message is a clause about it. */
public final class NoRoomException extends IOException {
    private static final long serialVersionUID = 1L;

    NoRoomException(String message) {
        super(message);
    }
}
