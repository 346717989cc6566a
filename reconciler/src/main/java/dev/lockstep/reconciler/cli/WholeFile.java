package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** A file that a command writes for a person: it has its old content or all of the new, and is the writer's alone. */
final class WholeFile {
    private static final int BUFFER = 128 * 1024;

    private WholeFile() {}

    /** What is written. */
    @FunctionalInterface
    interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** Writes it; a device or a FIFO is written to and not replaced. */
    static void write(Path file, Content content) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            try (var out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER)) {
                content.write(out);
            }
            return;
        }
        var temporary = AtomicFiles.temporaryBeside(file);
        try {
            Files.createFile(
                    temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
                    var out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
                content.write(out);
                out.flush();
                channel.force(true); // before it takes the place of an older one, which may be the only backup
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw NoSpace.isWhy(e) ? new IOException("no room for " + file + "; nothing of it was written", e) : e;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
