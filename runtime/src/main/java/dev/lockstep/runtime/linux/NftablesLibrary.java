package dev.lockstep.runtime.linux;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.Optional;

/** libnftables (libnftables(3)); loaded when rules are first touched. */
final class NftablesLibrary {
    static final int OUTPUT_JSON = 1 << 4;
    static final int OUTPUT_NUMERIC_PROTOCOL = 1 << 7;
    static final int INPUT_NO_DNS = 1;
    static final int INPUT_JSON = 2;

    /** {@code nft_ctx_input_set_flags}, which came with nftables 1.0.9. */
    private static final Optional<Function> INPUT_SET_FLAGS;

    static {
        var library = NativeLibrary.getInstance("libnftables.so.1");
        Native.register(NftablesLibrary.class, library);
        INPUT_SET_FLAGS = Libc.find(library, "nft_ctx_input_set_flags");
    }

    private NftablesLibrary() {}

    /** Before nftables 1.0.9 there are none: what goes in has the form that {@link #OUTPUT_JSON} asks for. */
    static void setInputFlags(Pointer context, int flags) {
        INPUT_SET_FLAGS.ifPresent(function -> function.invokeInt(new Object[] {context, flags}));
    }

    static native Pointer nft_ctx_new(int flags);

    static native void nft_ctx_free(Pointer context);

    static native void nft_ctx_output_set_flags(Pointer context, int flags);

    static native int nft_ctx_buffer_output(Pointer context);

    static native int nft_ctx_buffer_error(Pointer context);

    static native Pointer nft_ctx_get_output_buffer(Pointer context);

    static native Pointer nft_ctx_get_error_buffer(Pointer context);

    static native int nft_run_cmd_from_buffer(Pointer context, byte[] command);
}
