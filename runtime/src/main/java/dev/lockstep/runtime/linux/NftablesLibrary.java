package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** libnftables (libnftables(3)); loaded when rules are first touched. */
final class NftablesLibrary {
    static final int OUTPUT_JSON = 1 << 4;
    static final int OUTPUT_NUMERIC_PROTOCOL = 1 << 7;
    static final int INPUT_NO_DNS = 1;
    static final int INPUT_JSON = 2;

    static {
        Native.register(NftablesLibrary.class, NativeLibrary.getInstance("libnftables.so.1"));
    }

    private NftablesLibrary() {}

    static native Pointer nft_ctx_new(int flags);

    static native void nft_ctx_free(Pointer context);

    static native void nft_ctx_output_set_flags(Pointer context, int flags);

    static native int nft_ctx_input_set_flags(Pointer context, int flags);

    static native int nft_ctx_buffer_output(Pointer context);

    static native int nft_ctx_buffer_error(Pointer context);

    static native Pointer nft_ctx_get_output_buffer(Pointer context);

    static native Pointer nft_ctx_get_error_buffer(Pointer context);

    static native int nft_run_cmd_from_buffer(Pointer context, byte[] command);
}
