package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.Directory;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;

/** A build context that comes as a tar archive, compressed or not. */
public final class ContextArchive {
    private ContextArchive() {}

    /**
     * Unpacks it as it comes in. Whoever made it may be hostile: it is bounded, and nothing of it comes to lie outside
     * of the directory.
     *
     * @param archive read to its end, whatever stands behind the last member, and closed: a program that writes it into
     *     a pipe is not to be killed for padding
     * @param name what messages call it
     * @param into an empty directory which nobody but root may enter: owners, modes and devices are as the archive says
     * @throws ContextException when it is damaged, or asks for too much
     */
    public static void unpack(InputStream archive, String name, Path into) throws IOException {
        try (archive;
                var target = Directory.open(into)) {
            var open = new FilterInputStream(archive) {
                @Override
                public void close() {
                    // The rest is read first.
                }
            };
            Archives.unpack(SourceContent.of(open), name, target, Optional.empty(), Optional.empty());
            archive.transferTo(OutputStream.nullOutputStream());
        }
    }
}
