package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.Fd;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * The content of a file, open. One made by one thread may be read by another.
 *
 * @param file where the content lies in a file system: the kernel copies it then without our reading it
 * @param stream the same content; closing it closes this
 * @param known its digest, where nobody has to read it for that
 */
public record SourceContent(Optional<Fd> file, InputStream stream, Optional<Digest> known) implements AutoCloseable {
    /** Content that comes from somewhere else. */
    public static SourceContent of(InputStream stream) {
        return new SourceContent(Optional.empty(), stream, Optional.empty());
    }

    /** Content of an open file, which is closed with this. */
    public static SourceContent of(Fd file) {
        return new SourceContent(Optional.of(file), file.inputStream(), Optional.empty());
    }

    @Override
    public void close() throws IOException {
        stream.close();
        file.ifPresent(Fd::close);
    }
}
