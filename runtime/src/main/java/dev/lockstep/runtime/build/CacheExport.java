package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Writes the results of a build's steps for builds of other hosts. */
public final class CacheExport {
    private final BuildRooms rooms;
    private final Packing packing;

    CacheExport(BuildRooms rooms, Packing packing) {
        this.rooms = rooms;
        this.packing = packing;
    }

    /**
     * Writes it, instead of what is there under that name.
     *
     * @param built whose content is held
     * @throws IOException when it cannot be written; the image is not concerned
     */
    public void write(Built built, CacheTo to) throws IOException {
        var images = rooms.images();
        var steps = steps(built, to.mode());
        var unique = new TreeMap<String, Layer>();
        steps.forEach(step ->
                unique.put(step.result().layer().diffId().hex(), step.result().layer()));
        var packed = packing.pack(List.copyOf(unique.values()), to.form());
        var layers = unique.values().stream()
                .map(layer -> packed.getOrDefault(layer, layer))
                .toList();
        var documents = new StoredDocuments(images);
        var config = documents.put(CacheDocument.TYPE, new CacheDocument(images.json()).write(steps, layers));
        var manifest = documents.manifest(MediaType.OCI_MANIFEST, config, layers, Map.of());
        var content = new ArrayList<>(layers.stream().map(Layer::descriptor).toList());
        content.add(config);
        switch (to.place()) {
            case CacheTo.Place.Registry(var reference) -> rooms.caches().write(reference, manifest, content);
            case CacheTo.Place.Local(var directory, var tag) ->
                new CacheLayout(images, directory).write(manifest, content, tag);
        }
    }

    private static List<DoneStep> steps(Built built, CacheTo.Mode mode) {
        var mine = built.image().layers().stream().map(Layer::diffId).collect(Collectors.toSet());
        var steps = new LinkedHashMap<StepKey, DoneStep>();
        for (var step : built.steps()) {
            if (mode == CacheTo.Mode.MAX || mine.contains(diffId(step))) {
                steps.put(step.key(), step);
            }
        }
        return List.copyOf(steps.values());
    }

    private static Digest diffId(DoneStep step) {
        return step.result().layer().diffId();
    }
}
