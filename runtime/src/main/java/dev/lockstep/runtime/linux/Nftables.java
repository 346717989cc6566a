package dev.lockstep.runtime.linux;

import com.sun.jna.Pointer;

/**
 * The nftables of one network namespace: that of the thread that calls {@link #open}. One user at a time; a transaction
 * takes a tenth of a millisecond.
 */
public final class Nftables implements AutoCloseable {
    private final Pointer context;
    private boolean open = true;

    private Nftables(Pointer context) {
        this.context = context;
    }

    /**
     * Opens a context in the calling thread's namespace.
     *
     * @throws NftablesException when libnftables is missing
     */
    public static Nftables open() throws NftablesException {
        try {
            var context = NftablesLibrary.nft_ctx_new(0);
            // Protocols as numbers: their names come from /etc/protocols, which a minimal Debian does not have.
            NftablesLibrary.nft_ctx_output_set_flags(
                    context, NftablesLibrary.OUTPUT_JSON | NftablesLibrary.OUTPUT_NUMERIC_PROTOCOL);
            NftablesLibrary.setInputFlags(context, NftablesLibrary.INPUT_NO_DNS | NftablesLibrary.INPUT_JSON);
            NftablesLibrary.nft_ctx_buffer_output(context);
            NftablesLibrary.nft_ctx_buffer_error(context);
            return new Nftables(context);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new NftablesException("libnftables.so.1 cannot be loaded; install the package libnftables1 (Debian, "
                    + "Ubuntu) or nftables (RHEL)");
        }
    }

    /**
     * Runs commands as one atomic transaction and returns what they list (libnftables-json(5)), protocols as numbers.
     *
     * @param commands made by a JSON writer, or in the words of nft(8), which the library tries where text is no JSON
     */
    public synchronized String run(String commands) throws NftablesException {
        if (!open) {
            throw new IllegalStateException("closed");
        }
        var result = NftablesLibrary.nft_run_cmd_from_buffer(context, Libc.bytes(commands));
        // Both buffers are read in any case: that empties them for the next run.
        var output = NftablesLibrary.nft_ctx_get_output_buffer(context).getString(0, "UTF-8");
        var error = NftablesLibrary.nft_ctx_get_error_buffer(context).getString(0, "UTF-8");
        if (result != 0) {
            throw new NftablesException(error.strip());
        }
        return output;
    }

    @Override
    public synchronized void close() {
        if (open) {
            open = false;
            NftablesLibrary.nft_ctx_free(context);
        }
    }
}
