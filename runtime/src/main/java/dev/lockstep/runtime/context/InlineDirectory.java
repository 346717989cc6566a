package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** One file that stands alone: the text of a heredoc, or what was downloaded. */
public final class InlineDirectory implements SourceDirectory {
    private static final RawPath HERE = new RawPath(".");

    private final RawPath name;
    private final SourceEntry file;
    private final Content content;

    /** Opens the content anew each time. */
    private interface Content {
        SourceContent open() throws IOException;
    }

    private InlineDirectory(RawPath name, SourceEntry file, Content content) {
        this.name = name;
        this.file = file;
        this.content = content;
    }

    /** A text of the Dockerfile, mode 0644. */
    public static InlineDirectory text(RawPath name, byte[] text, Instant modified) {
        return new InlineDirectory(
                name,
                SourceEntry.file(0644, text.length, modified),
                () -> SourceContent.of(new ByteArrayInputStream(text)));
    }

    /** A file of the host under another name, with other metadata. */
    public static InlineDirectory file(RawPath name, Path file, SourceEntry entry) {
        return new InlineDirectory(name, entry, () -> SourceContent.of(Fd.open(file)));
    }

    /** A file that is elsewhere still, and known by its digest alone: one to ask a cache for, not to copy. */
    public static InlineDirectory known(RawPath name, SourceEntry entry, Digest digest) {
        return new InlineDirectory(
                name, entry, () -> new SourceContent(Optional.empty(), new Elsewhere(name), Optional.of(digest)));
    }

    private static final class Elsewhere extends InputStream {
        private final RawPath name;

        Elsewhere(RawPath name) {
            this.name = name;
        }

        @Override
        public int read() throws IOException {
            throw new FileNotFoundException(name + " is not here");
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            return read();
        }
    }

    @Override
    public List<RawPath> names() {
        return List.of(name);
    }

    @Override
    public Optional<SourceEntry> entry(RawPath asked) {
        return asked.equals(name) ? Optional.of(file) : Optional.empty();
    }

    @Override
    public SourceEntry self() {
        return SourceEntry.directory(0755, file.modified());
    }

    @Override
    public SourceDirectory directory(RawPath asked) throws IOException {
        if (asked.equals(HERE)) {
            return this;
        }
        throw new FileNotFoundException(asked + " is no directory");
    }

    @Override
    public SourceContent open(RawPath asked) throws IOException {
        if (!asked.equals(name)) {
            throw new FileNotFoundException("there is no " + asked);
        }
        return content.open();
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
