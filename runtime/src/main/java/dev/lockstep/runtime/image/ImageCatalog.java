package dev.lockstep.runtime.image;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The images of a store at one moment, to look things up in.
 *
 * @param images in the order they came in, each once
 */
public record ImageCatalog(List<StoredImage> images) {
    private static final Pattern ID = Pattern.compile("(?:sha256:)?([0-9a-f]{1,64})");

    public ImageCatalog {
        images = List.copyOf(images);
    }

    /** An image, and whether it was asked for by a name, and by which. */
    public record Match(StoredImage image, Optional<ImageReference> name) {}

    /**
     * What {@code text} means here: a name; or the id, the digest, or the beginning of one, however short, of one
     * image. A name goes first, as with Docker.
     *
     * @throws InvalidImageException when it is neither a name nor an id, or the beginning of several
     */
    public Optional<Match> find(String text) throws InvalidImageException {
        var id = ID.matcher(text);
        var byName = named(text, id.matches());
        if (byName.isPresent() || !id.matches()) {
            return byName;
        }
        var prefix = id.group(1);
        var found = images.stream().filter(image -> isCalled(image, prefix)).toList();
        if (found.size() > 1) {
            throw new InvalidImageException("\"" + text + "\" is the beginning of several ids: "
                    + found.stream().map(image -> image.id().toString()).collect(Collectors.joining(", ")));
        }
        return found.stream().findFirst().map(image -> new Match(image, Optional.empty()));
    }

    private Optional<Match> named(String text, boolean mayBeId) throws InvalidImageException {
        ImageReference reference;
        try {
            reference = ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            if (mayBeId) {
                return Optional.empty();
            }
            throw new InvalidImageException(String.valueOf(e.getMessage()), e);
        }
        var byName = images.stream()
                .filter(image -> image.names().contains(reference))
                .findFirst()
                .map(image -> new Match(image, Optional.of(reference)));
        // By digest it is the same image whatever it is called.
        return byName.or(() -> reference
                .digest()
                .flatMap(digest -> images.stream()
                        .filter(image -> image.digest().equals(digest))
                        .findFirst()
                        .map(image -> new Match(image, Optional.empty()))));
    }

    private static boolean isCalled(StoredImage image, String prefix) {
        return image.digest().hex().startsWith(prefix)
                || image.whole()
                        .filter(w -> w.id().hex().startsWith(prefix)
                                || w.manifest().hex().startsWith(prefix))
                        .isPresent();
    }
}
