package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NftablesLibraryTest {
    /** JNA takes all or none of a class: one function that is missing, and the library counts as missing. */
    @Test
    void what_must_be_there_every_version_has() {
        assertThat(Arrays.stream(NftablesLibrary.class.getDeclaredMethods())
                        .filter(method -> Modifier.isNative(method.getModifiers()))
                        .map(Method::getName))
                // LIBNFTABLES_1 in libnftables.map, which is there since nftables 0.9.
                .isSubsetOf(
                        "nft_ctx_buffer_error",
                        "nft_ctx_buffer_output",
                        "nft_ctx_free",
                        "nft_ctx_get_error_buffer",
                        "nft_ctx_get_output_buffer",
                        "nft_ctx_new",
                        "nft_ctx_output_set_flags",
                        "nft_run_cmd_from_buffer");
    }
}
