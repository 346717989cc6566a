package dev.lockstep.runtime.archive;

import dev.lockstep.runtime.linux.RawPath;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One member of a tar archive as its headers, extended headers included, describe it. Nothing is cleaned: names may be
 * absolute or hold {@code ..}, numbers may be out of any sensible range.
 *
 * @param name as it stands in the archive
 * @param mode permission bits with set-id and sticky
 * @param size bytes that the file will have, holes included; 0 for what has no content
 * @param link target of a link; empty otherwise
 * @param deviceMajor of a device
 * @param attributes extended attributes, values as they are
 */
public record TarEntry(
        RawPath name,
        Type type,
        int mode,
        long uid,
        long gid,
        long size,
        Instant modified,
        RawPath link,
        long deviceMajor,
        long deviceMinor,
        Map<String, byte[]> attributes) {

    /** What kind of member it is. */
    public enum Type {
        FILE,
        HARD_LINK,
        SYMLINK,
        CHARACTER_DEVICE,
        BLOCK_DEVICE,
        DIRECTORY,
        FIFO,
        /** A type that nobody here knows; its content can be skipped. */
        UNKNOWN
    }

    public TarEntry {
        attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }
}
