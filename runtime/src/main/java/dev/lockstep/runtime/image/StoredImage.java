package dev.lockstep.runtime.image;

import java.util.List;
import java.util.Optional;

/**
 * What the store's index says about one image.
 *
 * @param digest of the index or manifest
 * @param names sorted; empty for an image whose last name went to another one
 * @param whole absent when a part of it is missing or damaged
 */
public record StoredImage(Digest digest, List<ImageReference> names, Optional<Image> whole) {
    public StoredImage {
        names = List.copyOf(names);
    }

    /** Whether it has no name. */
    public boolean isDangling() {
        return names.isEmpty();
    }

    /** Names with a tag, as people write them. */
    public List<String> tags() {
        return names.stream()
                .filter(name -> name.tag().isPresent())
                .map(ImageReference::familiar)
                .toList();
    }

    /** Each repository that has it, with its digest, as people write them. */
    public List<String> digests() {
        return names.stream()
                .map(name -> name.withDigest(digest).familiar())
                .distinct()
                .toList();
    }

    /** The image's id, or its digest where that is all that is known. */
    public Digest id() {
        return whole.map(Image::id).orElse(digest);
    }

    /** How it is called in a sentence. */
    public String called() {
        return names.isEmpty() ? id().abbreviated() : names.getFirst().familiar();
    }
}
