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
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Content by digest, {@code images/blobs/sha256/HEX} (OCI image layout). A blob is there whole, synced and verified, or
 * not there; what is still being received lies in {@code images/tmp}.
 */
public final class BlobStore {
    private static final String PARTIAL = ".partial";

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
        if (!touch(digest)) {
            AtomicFiles.write(path(digest), content);
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
     * Begins to receive a blob of this digest, for this process alone: another one that wants the same waits here and
     * then finds it {@link Reception#present}. Platform threads only.
     */
    public Reception receive(Digest digest, long size) throws IOException {
        var lock = Flock.exclusive(root.lock("blob/" + digest.hex()));
        try {
            return new Reception(this, lock, digest, size, temporary.resolve(digest.hex() + PARTIAL));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** A file in the store's own directory for content whose digest is not known yet. */
    Path spoolFile() {
        return AtomicFiles.temporaryBeside(temporary.resolve("spool"));
    }

    /** Publishes a spooled file of that digest, which the caller has computed while writing it. */
    void publish(Path spooled, Digest digest) throws IOException {
        if (touch(digest)) {
            Files.delete(spooled);
        } else {
            try (var channel = FileChannel.open(spooled, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            AtomicFiles.publish(spooled, path(digest));
        }
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
     * Hashes a blob, and sets it aside when it is bad. Nobody receives it meanwhile.
     *
     * @return what is wrong with it
     */
    Optional<Verification.Damaged> check(Digest digest) throws IOException {
        try (var _ = Flock.exclusive(root.lock("blob/" + digest.hex()))) {
            var why = wrong(digest);
            if (why.isEmpty()) {
                return Optional.empty();
            }
            root.room(damaged);
            var aside = damaged.resolve(
                    digest.hex() + "." + Long.toHexString(Instant.now().toEpochMilli()));
            AtomicFiles.publish(path(digest), aside);
            AtomicFiles.syncDirectory(blobs);
            return Optional.of(new Verification.Damaged(digest, why.get(), aside));
        } catch (NoSuchFileException e) {
            // Removed since it was listed.
            return Optional.empty();
        }
    }

    private Optional<String> wrong(Digest digest) throws NoSuchFileException {
        var sha256 = sha256();
        try (var stream = new DigestInputStream(open(digest), sha256)) {
            stream.transferTo(OutputStream.nullOutputStream());
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            return Optional.of("cannot be read: " + e.getMessage());
        }
        var actual = finished(sha256);
        return actual.equals(digest) ? Optional.empty() : Optional.of("has the digest " + actual);
    }

    private Stream<Path> setAside() throws IOException {
        if (Files.notExists(damaged)) {
            return Stream.empty();
        }
        try (var files = Files.list(damaged)) {
            return files.toList().stream();
        }
    }

    /** All files of the store: blobs, what is unfinished, and what was set aside. */
    List<Path> files() throws IOException {
        try (var whole = Files.list(blobs);
                var unfinished = Files.list(temporary)) {
            return Stream.concat(Stream.concat(whole, unfinished), setAside()).toList();
        }
    }
}
