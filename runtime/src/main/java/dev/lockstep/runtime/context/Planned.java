package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.FileStatus;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * What an entry of a source becomes.
 *
 * @param mode without meaning for a symbolic link
 */
record Planned(SourceEntry entry, int mode, Ownership.Owner owner, Instant modified) {
    /** @param owner of what is made where the request names one; else that of the source, or root */
    static Planned of(SourceEntry entry, SourceTree tree, CopyRequest request, Ownership.Owner owner) {
        var isLink = entry.isSymlink();
        return new Planned(
                entry,
                isLink || request.mode().isEmpty()
                        ? entry.mode()
                        : request.mode().get().apply(entry.mode(), entry.isDirectory()),
                request.owner().isPresent() || !tree.keepsOwners()
                        ? owner
                        : new Ownership.Owner(entry.uid(), entry.gid()),
                request.time().orElse(entry.modified()));
    }

    /**
     * Attributes that belong to the file. The rest belongs to the host: {@code trusted.overlay.*} and
     * {@code user.overlay.*} would forge what an overlay shows, {@code security.selinux} is a label of this host.
     */
    Map<String, byte[]> attributes() {
        return carried(entry.attributes(), entry.type() == FileStatus.Type.REGULAR || entry.isDirectory());
    }

    /** @param carries whether Linux has user attributes on such a file (xattr(7)) */
    static Map<String, byte[]> carried(Map<String, byte[]> attributes, boolean carries) {
        if (attributes.isEmpty()) {
            return attributes;
        }
        var kept = new HashMap<String, byte[]>();
        attributes.forEach((name, value) -> {
            var isUser = name.startsWith("user.") && !name.startsWith("user.overlay.");
            if (name.equals("security.capability") || isUser && carries) {
                kept.put(name, value);
            }
        });
        return kept;
    }
}
