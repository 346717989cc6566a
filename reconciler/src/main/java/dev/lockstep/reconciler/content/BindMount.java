package dev.lockstep.reconciler.content;

/**
 * A relative bind source as a Compose file has it.
 *
 * @param who mounts it, for messages: {@code service web}, or {@code volume data}, which is a directory by its options
 * @param source path relative to the stack's directory, e.g. {@code ./html} or {@code ../shared/ca.pem}
 * @param readOnly whether whoever mounts it cannot write
 * @param create whether a missing source is made as a directory ({@code create_host_path}, the short form's default)
 */
public record BindMount(String who, String source, boolean readOnly, boolean create) {
    public BindMount {
        if (source.startsWith("/")) {
            throw new IllegalArgumentException("an absolute source is the host's: " + source);
        }
    }
}
