package dev.lockstep.runtime.context;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.linux.Directory;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/**
 * Archives among the sources of ADD: what begins as a tar archive, compressed or not, whatever it is called. Whoever
 * made one may be hostile: it is bounded, and nothing of it comes to lie outside of the directory that it is unpacked
 * into.
 */
final class Archives {
    /** Most uncompressed bytes for a compressed one, once so many have come out. */
    private static final long RATIO = 1000;

    private static final long RATIO_FROM = 1L << 30;

    private Archives() {}

    /** Whether the content is an archive with at least one member. */
    static boolean isArchive(SourceContent content) throws IOException {
        try (content;
                var archive = ArchiveStream.of(content.stream())) {
            return new TarReader(archive).next().isPresent();
        } catch (ArchiveException | EOFException e) {
            return false;
        } catch (IOException e) {
            // The library for xz has exceptions of its own for what is damaged.
            if (e.getClass().getPackageName().startsWith("org.tukaani")) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Unpacks an archive.
     *
     * @param target what {@code /} means for names and links in it
     * @param owner of everything; as the archive says when empty
     * @param time of directories that are not in the archive; now when empty
     * @throws ContextException when it is damaged, or asks for too much
     */
    static long unpack(
            SourceContent content,
            String name,
            Directory target,
            Optional<Ownership.Owner> owner,
            Optional<Instant> time)
            throws IOException {
        try (content;
                var bounded = new Bounded(content.stream());
                var members = new ArchiveMembers(target, owner, time)) {
            return members.unpack(new TarReader(bounded));
        } catch (ArchiveException | EOFException e) {
            throw new ContextException("cannot unpack " + name + ": " + e.getMessage(), e);
        }
    }

    /** The uncompressed archive, stopped when it grows out of proportion. */
    private static final class Bounded extends InputStream {
        private final InputStream uncompressed;
        private final byte[] one = new byte[1];
        private long in;
        private long out;

        Bounded(InputStream source) throws IOException {
            this.uncompressed = ArchiveStream.of(new InputStream() {
                @Override
                public int read() throws IOException {
                    var value = source.read();
                    in += value < 0 ? 0 : 1;
                    return value;
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    var n = source.read(target, offset, length);
                    in += Math.max(n, 0);
                    return n;
                }
            });
        }

        @Override
        public int read() throws IOException {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            var n = uncompressed.read(target, offset, length);
            out += Math.max(n, 0);
            if (out > RATIO_FROM && out / RATIO > in) {
                throw new ArchiveException("it grows to more than " + RATIO + " times its size");
            }
            return n;
        }

        @Override
        public void close() throws IOException {
            uncompressed.close();
        }
    }
}
