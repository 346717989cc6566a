package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.TreeMap;

/**
 * Digest of entries in the order of a walk: names, types, content, modes, owners, link targets, devices and the
 * attributes that are copied. Not times: a file that was only touched is the same. Every part says how long it is, so
 * that no two selections have one text.
 */
final class EntryDigest {
    private static final char END = 'e';

    private final MessageDigest sha256 = BlobStore.sha256();
    private final boolean givesOwner;

    /** @param givesOwner whether the request names who gets everything: the owners are not of the content then */
    EntryDigest(boolean givesOwner) {
        this.givesOwner = givesOwner;
    }

    /** What the next entries belong to: {@code directory}, {@code file} or {@code archive}. */
    void begin(String what) {
        text(what);
    }

    static String kind(Selection.Pick pick, SourceEntry entry) {
        return entry.isDirectory() ? "directory" : pick.source().unpack() ? "archive" : "file";
    }

    /**
     * An entry as it will be.
     *
     * @param content sha256 of a regular file's content; empty of all others
     */
    void entry(RawPath name, Planned planned, byte[] content) {
        var entry = planned.entry();
        sha256.update((byte) letter(entry.type()));
        text(name.latin1());
        number(planned.mode());
        number(givesOwner ? 0 : planned.owner().uid());
        number(givesOwner ? 0 : planned.owner().gid());
        text(entry.link().latin1());
        number(entry.device().major());
        number(entry.device().minor());
        var attributes = new TreeMap<>(planned.attributes());
        number(attributes.size());
        attributes.forEach((key, value) -> {
            text(key);
            bytes(value);
        });
        bytes(content);
    }

    void leave() {
        sha256.update((byte) END);
    }

    /** What all was; begins anew. */
    Digest finish() {
        return BlobStore.finished(sha256);
    }

    private static char letter(FileStatus.Type type) {
        return switch (type) {
            case DIRECTORY -> 'd';
            case REGULAR -> 'f';
            case SYMLINK -> 'l';
            case CHARACTER_DEVICE -> 'c';
            case BLOCK_DEVICE -> 'b';
            case FIFO -> 'p';
            case SOCKET -> 's';
        };
    }

    private void text(String latin1) {
        bytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void bytes(byte[] bytes) {
        number(bytes.length);
        sha256.update(bytes);
    }

    private void number(int number) {
        sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, number));
    }
}
