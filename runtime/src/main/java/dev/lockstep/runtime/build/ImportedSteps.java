package dev.lockstep.runtime.build;

import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.WrongDigestException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Steps that one other cache has. It is read when a step is first missing here. A cache that cannot be reached, or is
 * not what it should be, is said once and not asked again: the build does without.
 */
final class ImportedSteps {
    private static final int DOCUMENT_LIMIT = 4 << 20;

    private final BuildRooms rooms;
    private final CacheFrom from;
    private final BuildEvent.Listener listener;
    private final Cancellation cancellation;
    private Optional<Content> content = Optional.empty();
    private boolean given;
    private boolean said;

    ImportedSteps(BuildRooms rooms, CacheFrom from, BuildEvent.Listener listener, Cancellation cancellation) {
        this.cancellation = cancellation;
        this.rooms = rooms;
        this.from = from;
        this.listener = listener;
    }

    private record Content(CacheSource source, Map<StepKey, StepResult> steps) {
        Content {
            steps = Map.copyOf(steps);
        }
    }

    /**
     * What the step made, with its layer in the store as if it had been made here. Platform threads only.
     *
     * @throws BuildCancelledException when the build is called off meanwhile
     */
    Optional<StepResult> find(StepKey key) throws BuildCancelledException {
        try {
            return cancellation.interrupting(() -> look(key));
        } catch (BuildCancelledException e) {
            throw e;
        } catch (IOException e) {
            giveUp(e);
            return Optional.empty();
        }
    }

    private Optional<StepResult> look(StepKey key) throws IOException {
        var opened = open();
        if (opened.isEmpty()) {
            return Optional.empty();
        }
        var result = Optional.ofNullable(opened.get().steps().get(key));
        if (result.isEmpty()) {
            return Optional.empty();
        }
        if (!rooms.images().blobs().renew(result.get().layer().diffId())) {
            opened.get().source().fetch(result.get().layer());
        }
        return Optional.of(
                new StepResult(plain(result.get().layer()), result.get().created()));
    }

    private synchronized Optional<Content> open() throws IOException {
        if (given) {
            return content;
        }
        given = true;
        var source = rooms.caches().open(from);
        var document = new CacheDocument(rooms.images().json());
        var manifest = source.manifest();
        var named = document.config(manifest);
        content = Optional.of(
                new Content(source, document.read(manifest, named, source.document(named.digest(), DOCUMENT_LIMIT))));
        return content;
    }

    private synchronized void giveUp(IOException e) {
        content = Optional.empty();
        if (said) {
            return; // By another stage, at the same time.
        }
        said = true;
        listener.happened(new BuildEvent.Warning(
                "the build cache " + from.called() + " is not used: " + String.valueOf(e.getMessage())));
    }

    /**
     * As a step here would have left it, without compression: else the same build were another image where its steps
     * were imported.
     */
    private Layer plain(Layer layer) throws IOException {
        var images = rooms.images();
        if (!images.blobs().has(layer.diffId())) {
            uncompress(images, layer);
        }
        return new Layer(
                layer.diffId(),
                layer.diffId(),
                MediaType.OCI_LAYER,
                images.blobs().size(layer.diffId()),
                List.of());
    }

    private static void uncompress(ImageStore images, Layer layer) throws IOException {
        try (var blob = images.blobs().create();
                var source = Compression.uncompress(images.blobs().open(layer.blob()))) {
            source.transferTo(blob.stream());
            var actual = blob.finish();
            if (!actual.equals(layer.diffId())) {
                throw new WrongDigestException("uncompressed layer " + layer.blob(), layer.diffId(), actual);
            }
            blob.publish(actual);
        }
    }
}
