package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** The images that a build stands on or copies from. Each name means one image for a whole build. */
final class BaseImages {
    /**
     * An image that is here and unpacked.
     *
     * @param directories of its layers, top layer first
     */
    record Base(Image image, ImageDraft draft, List<Path> directories) {}

    private final BuildRooms rooms;
    private final BuildRequest request;
    private final BuildEvent.Listener listener;
    private final AtomicInteger numbers;
    private final Map<String, Base> found = new HashMap<>();

    BaseImages(BuildRooms rooms, BuildRequest request, BuildEvent.Listener listener, AtomicInteger numbers) {
        this.rooms = rooms;
        this.request = request;
        this.listener = listener;
        this.numbers = numbers;
    }

    /**
     * The image of that name.
     *
     * @param platform that FROM asks for
     * @throws BuildException when it cannot be had, or does not run here
     */
    Base image(String name, Optional<String> platform) throws IOException {
        if (platform.isPresent()) {
            check(platform.get());
        }
        ImageReference reference;
        try {
            reference = ImageReference.parse(name);
        } catch (IllegalArgumentException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
        return image(reference);
    }

    private void check(String text) throws BuildException {
        Platform platform;
        try {
            // As docker takes it: an architecture alone is one of Linux.
            platform = Platform.parse(text.contains("/") ? text : "linux/" + text);
        } catch (IllegalArgumentException e) {
            throw new BuildException("failed to parse platform: " + e.getMessage(), e);
        }
        if (!rooms.images().platform().runs(platform)) {
            throw new BuildException("images of " + platform + " are not built here: this host is "
                    + rooms.images().platform());
        }
    }

    // One after the other: two that need one image pull it once.
    private synchronized Base image(ImageReference reference) throws IOException {
        var known = found.get(reference.toString());
        if (known != null) {
            return known;
        }
        var log = StepLog.start(listener, numbers, "FROM " + reference.familiar());
        try {
            var here = request.pull() && reference.digest().isEmpty()
                    ? Optional.<Image>empty()
                    : rooms.images().find(reference);
            var image = here.isPresent() ? here.get() : rooms.pull().pull(reference, progress(log));
            var base = base(image, progress(log));
            found.put(reference.toString(), base);
            log.done(here.isPresent());
            return base;
        } catch (IOException e) {
            log.failed(String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private Progress progress(StepLog log) {
        return (step, content, done, total) -> {
            if (step != Progress.Step.PRESENT) {
                listener.happened(new BuildEvent.Progressed(
                        log.number(), step.name().toLowerCase(Locale.ROOT) + " " + content.abbreviated(), done, total));
            }
        };
    }

    private Base base(Image image, Progress progress) throws IOException {
        var directories = rooms.unpack().unpack(image.layers(), progress);
        var document = rooms.images().json().readTree(rooms.images().blobs().read(image.id()));
        return new Base(image, ImageDocument.read(document, image.config().platform(), image.layers()), directories);
    }

    /** The image that a named context is. */
    synchronized Base context(String name) throws IOException {
        return switch (named(name)) {
            case BuildRequest.NamedContext.Named(var reference) -> image(reference);
            case BuildRequest.NamedContext.Here(var digest) -> {
                var known = found.get(digest.toString());
                if (known != null) {
                    yield known;
                }
                var image = rooms.images()
                        .find(digest)
                        .orElseThrow(() -> new BuildException("the image " + digest.abbreviated()
                                + " of the build context \"" + name + "\" is not here any more"));
                var base = base(image, Progress.NONE);
                found.put(digest.toString(), base);
                yield base;
            }
            case BuildRequest.NamedContext.Files _ ->
                throw new BuildException("the build context \"" + name
                        + "\" is a directory, and a stage is built from an image; copy from it instead");
        };
    }

    /** What the command line gives as the context of that name. */
    BuildRequest.NamedContext named(String name) throws BuildException {
        var context = request.contexts().get(name);
        if (context == null) {
            throw new BuildException("there is no build context \"" + name + "\"");
        }
        return context;
    }
}
