package dev.lockstep.runtime.linux;

import java.io.IOException;

/**
 * A transaction that nftables refused as a whole; nothing has changed. Of libnftables the message names no command, so
 * a transaction has one purpose and the caller knows which.
 */
public final class NftablesException extends IOException {
    private static final long serialVersionUID = 1L;

    NftablesException(String message) {
        super("nftables: " + message);
    }

    NftablesException(String message, LinuxException cause) {
        super("nftables: " + message, cause);
    }
}
