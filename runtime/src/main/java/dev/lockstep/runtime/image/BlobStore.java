package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Content by digest, {@code images/blobs/sha256/HEX} (OCI image layout). A blob is there whole, synced and verified, or
 * not there; what is still being received lies in {@code images/tmp}.
 */
public final class BlobStore {
    /** What was set aside stays this long, for somebody to find out what became of the disk. */
    static final Duration DAMAGED_KEPT = Duration.ofDays(7);

    private static final String PARTIAL = ".partial";
    private static final Pattern PART = Pattern.compile("([0-9a-f]{64})\\.partial");

    private final Root root;
    private final Path blobs;
    private final Path temporary;
    private final Path damaged;

    BlobStore(Root root, Path images) throws IOException {
        this.root = root;
        this.blobs = images.resolve("blobs/sha256");
        this.temporary = images.resolve("tmp");
        this.damaged = images.resolve("damaged");
        root.room(blobs);
        root.room(temporary);
    }

    /** Where all blobs are. */
    public Path directory() {
        return blobs;
    }

    /** Where the blob is, or would be. */
    public Path path(Digest digest) {
        return blobs.resolve(digest.hex());
    }

    public boolean has(Digest digest) {
        return Files.isRegularFile(path(digest));
    }

    /** Bytes of a blob; NoSuchFileException when it is not here. */
    public long size(Digest digest) throws IOException {
        return Files.size(path(digest));
    }

    /** Opens a blob; NoSuchFileException when it is not here. */
    public InputStream open(Digest digest) throws IOException {
        return Files.newInputStream(path(digest));
    }

    /**
     * Reads a manifest or configuration whole and verifies it: the disk may have changed it since.
     *
     * @throws NoSuchFileException when it is not here
     */
    public byte[] read(Digest digest) throws IOException {
        byte[] content;
        try (var stream = open(digest)) {
            content = stream.readNBytes(JsonReader.DOCUMENT_LIMIT + 1);
        }
        verify("blob " + path(digest), digest, content);
        return content;
    }

    /** Keeps a small document, verified first. Nothing happens when it is here already. */
    public void put(Digest digest, byte[] content) throws IOException {
        verify("document", digest, content);
        try (var _ = lock(digest)) {
            if (!touch(digest)) {
                AtomicFiles.write(path(digest), content);
            }
        }
    }

    private static void verify(String what, Digest expected, byte[] content) throws WrongDigestException {
        var actual = digest(content);
        if (!actual.equals(expected)) {
            throw new WrongDigestException(what, expected, actual);
        }
    }

    /** The digest of bytes. */
    public static Digest digest(byte[] content) {
        return finished(sha256(), ByteBuffer.wrap(content));
    }

    /** A new sha256; every Java has it. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Java without SHA-256", e);
        }
    }

    private static Digest finished(MessageDigest sha256, ByteBuffer last) {
        sha256.update(last);
        return finished(sha256);
    }

    /** What {@code sha256} has seen, as a digest; resets it. */
    public static Digest finished(MessageDigest sha256) {
        return new Digest(HexFormat.of().formatHex(sha256.digest()));
    }

    /**
     * Makes the blob young again, so that {@link StoreChange#sweep} leaves it alone until it is referred to.
     *
     * @return whether it is here
     */
    boolean touch(Digest digest) throws IOException {
        try {
            Files.setLastModifiedTime(path(digest), FileTime.from(Instant.now()));
            return true;
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    /**
     * The same for who has found the blob here and needs it: from now on it is kept by whoever holds a {@link Lease}
     * for what comes. Platform threads only.
     *
     * @return whether it is here; somebody may have taken it away since it was found
     */
    public boolean renew(Digest digest) throws IOException {
        try (var _ = lock(digest)) {
            return touch(digest);
        }
    }

    /**
     * Begins to receive a blob of this digest, for this process alone: another one that wants the same waits here and
     * then finds it {@link Reception#present}. Platform threads only.
     */
    public Reception receive(Digest digest, long size) throws IOException {
        var lock = lock(digest);
        try {
            return new Reception(this, lock, digest, size, temporary.resolve(digest.hex() + PARTIAL));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Files in the store's own directory for content whose digest is not known yet. */
    Spool spool() throws IOException {
        return Spool.open(temporary);
    }

    /** Removes what killed processes have spooled. What is being written is left alone. */
    public void clearSpools() throws IOException {
        Spool.clear(temporary);
    }

    /** Begins a blob that is made here. */
    public NewBlob create() throws IOException {
        var spool = spool();
        try {
            return new NewBlob(this, spool);
        } catch (IOException | RuntimeException e) {
            spool.close();
            throw e;
        }
    }

    /** Publishes a spooled file of that digest, which the caller has computed while writing it. */
    void publish(Path spooled, Digest digest) throws IOException {
        try (var channel = FileChannel.open(spooled, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        publishSynced(spooled, digest);
    }

    /** The same, of a file that is on the disk already. */
    void publishSynced(Path spooled, Digest digest) throws IOException {
        try (var _ = lock(digest)) {
            if (touch(digest)) {
                Files.delete(spooled);
                return;
            }
            AtomicFiles.publish(spooled, path(digest));
        }
    }

    /**
     * Whoever finds a blob here, or brings it, holds this; so does whoever takes it away. Its file goes with it: more
     * and more blobs come for as long as a host runs, and the file lies in memory.
     */
    private Flock lock(Digest digest) throws IOException {
        return Flock.fleeting(root.lock("blob/" + digest.hex()));
    }

    /** Digests of all blobs. */
    List<Digest> digests() throws IOException {
        try (var whole = Files.list(blobs)) {
            return whole.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("[0-9a-f]{64}"))
                    .sorted()
                    .map(Digest::new)
                    .toList();
        }
    }

    /**
     * Hashes a blob, and sets it aside when its content is not what its name says. Nobody receives it meanwhile.
     *
     * @return what is wrong with it
     * @throws IOException when it cannot be read: that says nothing about its content, and it stays where it is
     */
    Optional<Verification.Damaged> check(Digest digest) throws IOException {
        try (var _ = lock(digest)) {
            var sha256 = sha256();
            try (var stream = new DigestInputStream(open(digest), sha256)) {
                stream.transferTo(OutputStream.nullOutputStream());
            }
            var actual = finished(sha256);
            return actual.equals(digest) ? Optional.empty() : Optional.of(setAside(digest, actual));
        } catch (NoSuchFileException e) {
            return Optional.empty(); // Removed since it was listed.
        }
    }

    private Verification.Damaged setAside(Digest digest, Digest actual) throws IOException {
        root.room(damaged);
        var now = Instant.now();
        var aside = damaged.resolve(digest.hex() + "." + Long.toHexString(now.toEpochMilli()));
        // From now on it is kept for a while, however old it is.
        Files.setLastModifiedTime(path(digest), FileTime.from(now));
        AtomicFiles.publish(path(digest), aside);
        AtomicFiles.syncDirectory(blobs);
        return new Verification.Damaged(digest, "has the digest " + actual, aside);
    }

    /** What a {@link #check} set aside. */
    List<Path> setAside() throws IOException {
        return Files.exists(damaged) ? list(damaged) : List.of();
    }

    /** What is being received, or was when a process died. */
    List<Path> unfinished() throws IOException {
        return list(temporary).stream().filter(file -> !Spool.isOne(file)).toList();
    }

    private static List<Path> list(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** Something to do with a file. */
    interface Task {
        void run() throws IOException;
    }

    /** Does it unless somebody is working on that blob. */
    void ifIdle(Digest digest, Task task) throws IOException {
        try (var lock = Flock.tryFleeting(root.lock("blob/" + digest.hex())).orElse(null)) {
            if (lock != null) {
                task.run();
            }
        }
    }

    /** Does it unless somebody is working on the blob that the unfinished file is a part of. */
    void ifIdle(Path unfinished, Task task) throws IOException {
        var part = PART.matcher(unfinished.getFileName().toString());
        if (part.matches()) {
            ifIdle(new Digest(part.group(1)), task);
        } else {
            task.run();
        }
    }
}
