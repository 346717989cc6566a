package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a step's outcome depends on, as one digest: steps of the same key are the same step. The files that it starts
 * from go in by the digests of their layers, so a step that is done again and comes out the same invalidates nothing.
 */
public record StepKey(String hex) {
    /** Another one for each change in what steps do, so that records of an earlier Lockstep are not believed. */
    private static final String GENERATION = "1";

    /** Puts a key together. Two different lists of calls make two different keys. */
    static final class Parts {
        private final StringBuilder text = new StringBuilder();

        private Parts(String kind) {
            add("lockstep build " + GENERATION).add(kind);
        }

        /** Lengths before the texts: no text can be taken for two. */
        Parts add(String part) {
            text.append(part.getBytes(StandardCharsets.UTF_8).length)
                    .append(':')
                    .append(part)
                    .append('\n');
            return this;
        }

        Parts add(Collection<String> parts) {
            text.append(parts.size()).append(" of\n");
            parts.forEach(this::add);
            return this;
        }

        /**
         * Where hardly any step has such parts, those that have none keep the key that they had before there were any.
         */
        Parts addUnlessEmpty(Collection<String> parts) {
            return parts.isEmpty() ? this : add(parts);
        }

        /** In whatever order they come. */
        Parts add(Map<String, String> parts) {
            var all = new ArrayList<String>();
            new TreeMap<>(parts).forEach((name, value) -> {
                all.add(name);
                all.add(value);
            });
            return add(all);
        }

        /** The files that a step starts from. */
        Parts on(List<Layer> layers) {
            return add(layers.stream().map(layer -> layer.diffId().toString()).toList());
        }

        StepKey key() {
            return new StepKey(BlobStore.digest(text.toString().getBytes(StandardCharsets.UTF_8))
                    .hex());
        }
    }

    public StepKey {
        new Digest(hex); // checks it
    }

    /** Begins the key of a kind of step. */
    static Parts of(String kind) {
        return new Parts(kind);
    }
}
