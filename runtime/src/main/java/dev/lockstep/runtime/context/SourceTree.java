package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * What one source of COPY or ADD is looked up in.
 *
 * @param root what {@code /} means; stays open as long as this is used, and is closed by who opened it
 * @param ignore what of it is not there for the build; nothing for stages and images
 * @param keepsOwners whether files keep their owner: those of stages and images do, those of a context become root's
 */
public record SourceTree(SourceDirectory root, Ignore ignore, boolean keepsOwners) {
    /** A build context. */
    public static SourceTree context(SourceDirectory root, Ignore ignore) {
        return new SourceTree(root, ignore, false);
    }

    /**
     * The content of a file, such as the Dockerfile of a context; links are followed inside the tree.
     *
     * @param path from the root
     * @param most bytes that it may have
     * @return empty when there is nothing
     * @throws ContextException when it has more, or is no file
     */
    public Optional<byte[]> read(String path, int most) throws IOException {
        var found = SourceLookup.find(this, RawPath.of(path).latin1());
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (var there = found.get()) {
            if (there.entry().type() != FileStatus.Type.REGULAR) {
                // A FIFO would keep the reader waiting; what is not read must not be taken for nothing.
                var type = there.entry().type().name().toLowerCase(Locale.ROOT).replace('_', ' ');
                throw new ContextException(path + " is a " + type + " and no file");
            }
            try (var content = there.directory().open(there.name())) {
                var bytes = content.stream().readNBytes(most + 1);
                if (bytes.length > most) {
                    throw new ContextException(path + " is larger than " + most + " bytes");
                }
                return Optional.of(bytes);
            }
        }
    }

    /** The root file system of a stage or an image. */
    public static SourceTree stage(SourceDirectory root) {
        return new SourceTree(root, Ignore.NOTHING, true);
    }

    /**
     * What a path leads to; links are followed inside the root, as a copy follows them.
     *
     * @throws ContextException when nothing is there
     */
    public SourceEntry entry(String path) throws IOException {
        try (var found = SourceLookup.require(this, path)) {
            return found.entry();
        }
    }
}
