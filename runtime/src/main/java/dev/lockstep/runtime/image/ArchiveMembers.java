package dev.lockstep.runtime.image;

import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.linux.NoSpace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The files of an image archive, each copied into the store's temporary directory while it is hashed: entries of a tar
 * may come in any order, and what is published later must be what was hashed. Closing it removes what was not
 * published.
 */
final class ArchiveMembers implements AutoCloseable {
    private static final int MEMBER_LIMIT = 100_000;
    private static final int LINK_LIMIT = 8;

    /** A file of the archive, as it lies in the temporary directory. */
    record Member(String name, Path file, Digest digest, long size) {
        /** Content of a small one. */
        byte[] read() throws IOException {
            try (var stream = Files.newInputStream(file)) {
                return stream.readNBytes(JsonReader.DOCUMENT_LIMIT + 1);
            }
        }

        Compression compression() throws IOException {
            try (var stream = Files.newInputStream(file)) {
                return Compression.of(stream.readNBytes(6));
            }
        }
    }

    private final BlobStore blobs;
    private final Spool spool;
    private final Optional<Path> directory;
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Map<String, String> links = new HashMap<>();

    private ArchiveMembers(BlobStore blobs, Optional<Path> directory) throws IOException {
        this.blobs = blobs;
        this.spool = blobs.spool();
        this.directory = directory;
    }

    /** Files are copied when they are asked for. */
    static ArchiveMembers ofDirectory(BlobStore blobs, Path directory) throws IOException {
        return new ArchiveMembers(blobs, Optional.of(directory));
    }

    /** Reads the stream to its end. */
    static ArchiveMembers ofTar(BlobStore blobs, InputStream source) throws IOException {
        var members = new ArchiveMembers(blobs, Optional.empty());
        try {
            members.spool(new TarReader(ArchiveStream.of(source)));
            return members;
        } catch (IOException | RuntimeException e) {
            members.close();
            throw e;
        }
    }

    private void spool(TarReader tar) throws IOException {
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            if (members.size() + links.size() > MEMBER_LIMIT) {
                throw new InvalidImageException("the archive has more than " + MEMBER_LIMIT + " entries");
            }
            var name = clean("", entry.get().name().latin1());
            // A later entry of the same name replaces the earlier one, as in any tar archive.
            switch (entry.get().type()) {
                case FILE -> {
                    remove(name);
                    members.put(name, copy(name, tar));
                }
                case SYMLINK -> {
                    remove(name);
                    links.put(name, clean(parent(name), entry.get().link().latin1()));
                }
                case HARD_LINK -> {
                    remove(name);
                    links.put(name, clean("", entry.get().link().latin1()));
                }
                case DIRECTORY -> {}
                case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, UNKNOWN ->
                    throw new InvalidImageException(
                            "the archive holds " + entry.get().name() + ", which is no file: this is no image archive");
            }
        }
    }

    private Member copy(String name, TarReader tar) throws IOException {
        return spool(
                name,
                out -> tar.copyTo(new TarReader.Sink() {
                    private final byte[] zeros = new byte[8192];

                    @Override
                    public void write(byte[] source, int offset, int length) throws IOException {
                        out.write(source, offset, length);
                    }

                    @Override
                    public void skip(long bytes) throws IOException {
                        for (var left = bytes; left > 0; left -= zeros.length) {
                            out.write(zeros, 0, (int) Math.min(left, zeros.length));
                        }
                    }
                }));
    }

    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private Member spool(String name, Content content) throws IOException {
        var file = spool.file();
        var kept = false;
        var sha256 = BlobStore.sha256();
        try (var out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            content.writeTo(new DigestOutputStream(out, sha256));
            kept = true;
        } catch (IOException e) {
            throw NoSpace.isWhy(e)
                    ? new IOException("no room for " + name + " of the archive in " + blobs.directory(), e)
                    : e;
        } finally {
            if (!kept) {
                Files.deleteIfExists(file);
            }
        }
        return new Member(name, file, BlobStore.finished(sha256), Files.size(file));
    }

    private void remove(String name) throws IOException {
        links.remove(name);
        var replaced = members.remove(name);
        if (replaced != null) {
            Files.deleteIfExists(replaced.file());
        }
    }

    /** The file of that name; links in the archive lead to its other files only. */
    Optional<Member> find(String name) throws IOException {
        var at = clean("", name);
        for (var i = 0; links.containsKey(at); i++) {
            if (i == LINK_LIMIT) {
                throw new InvalidImageException("the archive's link " + name + " leads nowhere");
            }
            at = links.getOrDefault(at, at);
        }
        if (!members.containsKey(at) && directory.isPresent()) {
            var file = directory.get().resolve(at);
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                members.put(at, spool(at, out -> Files.copy(file, out)));
            }
        }
        return Optional.ofNullable(members.get(at));
    }

    Member get(String name) throws IOException {
        return find(name)
                .orElseThrow(() -> new InvalidImageException("the archive lacks " + name + ", which it refers to"));
    }

    /** Moves the file into the store. It can be published again, or by another name: the content is the same. */
    void publish(Member member) throws IOException {
        if (Files.exists(member.file())) {
            blobs.publish(member.file(), member.digest());
        }
    }

    /** Relative, without empty, {@code .} and {@code ..} parts; never above the archive. One character is one byte. */
    private static String clean(String base, String path) {
        var parts = new ArrayDeque<String>();
        for (var part : (path.startsWith("/") ? path : base + "/" + path).split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return String.join("/", parts);
    }

    private static String parent(String name) {
        return name.substring(0, Math.max(name.lastIndexOf('/'), 0));
    }

    /** A name in a JSON document, as the archive spells it. */
    static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        try (spool) {
            for (var member : members.values()) {
                Files.deleteIfExists(member.file());
            }
        }
    }
}
