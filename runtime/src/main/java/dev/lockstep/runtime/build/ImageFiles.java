package dev.lockstep.runtime.build;

import dev.lockstep.runtime.archive.TarWriter;
import dev.lockstep.runtime.context.Copier;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of an image, as a container would see them, taken out of the store. */
public final class ImageFiles {
    private final Snapshots snapshots;

    /** Those of images whose layers are unpacked there. */
    public ImageFiles(Snapshots snapshots) {
        this.snapshots = snapshots;
    }

    /** Writes them into one archive. */
    public void archive(Image image, OutputStream out) throws IOException {
        if (image.layers().isEmpty()) {
            new TarWriter(out).finish();
            return;
        }
        try (var root = snapshots.look(snapshots.unpack(image, Progress.NONE))) {
            Copying.archiveContent(root, out);
        }
    }

    /** Copies them into a directory, which is made where it is missing; what is there already is merged with them. */
    public void copy(Image image, Path target) throws IOException {
        Files.createDirectories(target);
        if (image.layers().isEmpty()) {
            return;
        }
        try (var source = OpenDirectory.of(snapshots.look(snapshots.unpack(image, Progress.NONE)));
                var directory = Directory.open(target)) {
            var all = new CopySource(SourceTree.stage(source), "/");
            Copier.copy(CopyRequest.of(List.of(all), "/", "/"), directory, directory);
        }
    }
}
