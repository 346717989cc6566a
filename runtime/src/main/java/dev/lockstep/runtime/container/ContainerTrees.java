package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Directory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Opens the files of containers. Its methods are those of {@link Containers} that bear the same names. */
final class ContainerTrees {
    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final RunRoot runRoot;
    private final Lifecycle lifecycle;

    ContainerTrees(ContainerRooms rooms, ContainerStore store, Host host, RunRoot runRoot, Lifecycle lifecycle) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.runRoot = runRoot;
        this.lifecycle = lifecycle;
    }

    ContainerTree tree(String id, String action) throws IOException {
        var lock = store.lock(id);
        var taken = false;
        try {
            var record = store.whole(id);
            var run = store.run(id, host.bootId()).filter(Run::started).filter(Run::isAlive);
            if (run.isPresent()) {
                var tree = ContainerTree.running(record, run.get());
                rooms.events().tell(record, action);
                return tree;
            }
            lifecycle.settle(record);
            taken = true;
            var tree = ContainerTree.stopped(rooms, runRoot, record, store.files(id), lock);
            rooms.events().tell(record, action);
            return tree;
        } finally {
            if (!taken) {
                lock.close();
            }
        }
    }

    ContainerTree rootFileSystem(String id) throws IOException {
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            var layers = new ArrayList<>(List.of(WrittenFiles.content(record, store.files(id))));
            layers.addAll(rooms.images().layers(record.made().image()));
            var root = ContainerTree.overlaid(rooms.root(), runRoot, id, layers);
            rooms.events().tell(record, "export");
            return ContainerTree.of(root);
        }
    }

    List<FileChange> changes(String id) throws IOException {
        Directory image;
        Directory upper;
        try (var _ = store.lock(id)) {
            var record = store.whole(id);
            image = ContainerTree.overlaid(
                    rooms.root(),
                    runRoot,
                    id,
                    rooms.images().layers(record.made().image()));
            try {
                upper = Directory.open(WrittenFiles.content(record, store.files(id)));
            } catch (IOException e) {
                image.close();
                throw e;
            }
        }
        try (image;
                upper) {
            return FileChanges.between(image, upper);
        }
    }
}
