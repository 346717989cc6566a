package dev.lockstep.reconciler.content;

/**
 * A relative bind source as a Compose file has it.
 *
 * @param service who mounts it, for messages
 * @param source path relative to the stack's directory, e.g. {@code ./html} or {@code ../shared/ca.pem}
 * @param readOnly whether the service cannot write
 * @param create whether a missing source is made as a directory ({@code create_host_path}, the short form's default)
 */
public record BindMount(String service, String source, boolean readOnly, boolean create) {
    public BindMount {
        if (source.startsWith("/")) {
            throw new IllegalArgumentException("an absolute source is the host's: " + source);
        }
    }
}
