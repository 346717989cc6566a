package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Lease;
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
import java.util.function.Consumer;

/** The images that a build stands on or copies from. Each name means one image for a whole build. */
final class BaseImages {
    /**
     * An image that is here and unpacked.
     *
     * @param directories of its layers, top layer first
     */
    record Base(Image image, ImageDraft draft, List<Path> directories) {}

    private final BuildRooms rooms;
    private final Lease lease;
    private final BuildRequest request;
    private final BuildEvent.Listener listener;
    private final AtomicInteger numbers;
    private final Cancellation cancellation;
    private final Consumer<Material> used;
    private final Map<String, Base> found = new HashMap<>();

    /** @param lease that keeps them as long as the build is at work */
    BaseImages(
            BuildRooms rooms,
            Lease lease,
            BuildRequest request,
            BuildEvent.Listener listener,
            AtomicInteger numbers,
            Cancellation cancellation,
            Consumer<Material> used) {
        this.used = used;
        this.rooms = rooms;
        this.lease = lease;
        this.request = request;
        this.listener = listener;
        this.numbers = numbers;
        this.cancellation = cancellation;
    }

    /**
     * The image of that name.
     *
     * @param platform that FROM asks for; absent: that of the build
     * @throws BuildException when it cannot be had
     */
    Base image(String name, Optional<String> platform) throws IOException {
        var wanted = platform(platform);
        ImageReference reference;
        try {
            reference = ImageReference.parse(name);
        } catch (IllegalArgumentException e) {
            throw new BuildException(String.valueOf(e.getMessage()), e);
        }
        return image(reference, wanted);
    }

    /** The platform that a FROM asks for; absent: that of the build. */
    Platform platform(Optional<String> text) throws BuildException {
        var asked = text.orElse("");
        if (asked.isEmpty()) {
            return request.platform();
        }
        try {
            // As docker takes it: an architecture alone is one of Linux.
            return Platform.parse(asked.contains("/") ? asked : "linux/" + asked);
        } catch (IllegalArgumentException e) {
            throw new BuildException("failed to parse platform: " + e.getMessage(), e);
        }
    }

    /** The store and the registries' clients choose images for this host: of others what is here alone is taken. */
    private Base foreign(ImageReference reference, Platform wanted) throws IOException {
        var key = reference + " " + wanted;
        var known = found.get(key);
        if (known != null) {
            return known;
        }
        var image = here(reference)
                .filter(here -> here.config().platform().equals(wanted))
                .orElseThrow(() -> new BuildException(reference.familiar() + " for " + wanted + " is not here, and base"
                        + " images are pulled for this host's platform alone, "
                        + rooms.images().platform()
                        + ": load one, or begin this stage with FROM --platform=$BUILDPLATFORM or FROM scratch"));
        check(reference, image);
        var base = base(image, Progress.NONE);
        found.put(key, base);
        used.accept(material(reference, image));
        return base;
    }

    private Optional<Image> here(ImageReference reference) throws IOException {
        var image = rooms.images().find(reference);
        return image.isPresent() && rooms.pull().means(reference, image.get())
                ? lease.keep(image.get().digest())
                : Optional.empty();
    }

    // One after the other: two that need one image pull it once.
    private synchronized Base image(ImageReference reference, Platform wanted) throws IOException {
        if (!rooms.images().platform().runs(wanted)) {
            return foreign(reference, wanted);
        }
        var known = found.get(reference.toString());
        if (known != null) {
            return known;
        }
        var log = StepLog.start(listener, numbers, "FROM " + reference.familiar());
        try {
            var here = request.pull() && reference.digest().isEmpty() ? Optional.<Image>empty() : here(reference);
            if (here.isPresent()) {
                check(reference, here.get());
            }
            var image = here.isPresent() ? here.get() : pulled(reference, progress(log));
            var base = base(image, progress(log));
            found.put(reference.toString(), base);
            used.accept(material(reference, image));
            log.done(here.isPresent());
            return base;
        } catch (BuildCancelledException e) {
            log.cancelled();
            throw e;
        } catch (IOException e) {
            log.failed(String.valueOf(e.getMessage()));
            throw e;
        }
    }

    private void check(ImageReference reference, Image here) throws IOException {
        var _ = cancellation.interrupting(() -> {
            rooms.pull().check(reference, here);
            return here;
        });
    }

    private Image pulled(ImageReference reference, Progress progress) throws IOException {
        var image = cancellation.interrupting(() -> rooms.pull().pull(reference, progress));
        return lease.keep(image.digest())
                .orElseThrow(() -> new BuildException(
                        reference.familiar() + " has been removed since it was pulled; build it again"));
    }

    /** As SLSA names it: a package URL (package-url/purl-spec, "docker"). */
    private static Material material(ImageReference reference, Image image) {
        var name = reference.host().equals("docker.io")
                ? reference.repository()
                : reference.host() + "/" + reference.repository();
        var tag = reference.tag().map(text -> "@" + text).orElse("");
        return new Material(
                "pkg:docker/" + name.replace(":", "%3A") + tag + "?platform="
                        + image.config().platform().toString().replace("/", "%2F"),
                Map.of("sha256", image.digest().hex()));
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
        var directories = cancellation.interrupting(() -> rooms.unpack().unpack(image.layers(), progress));
        var document = rooms.images().json().readTree(rooms.images().blobs().read(image.id()));
        return new Base(image, ImageDocument.read(document, image.config().platform(), image.layers()), directories);
    }

    /** The image that a named context is. */
    synchronized Base context(String name) throws IOException {
        return switch (named(name)) {
            case BuildRequest.NamedContext.Named(var reference) -> image(reference, request.platform());
            case BuildRequest.NamedContext.Here(var digest) -> {
                var known = found.get(digest.toString());
                if (known != null) {
                    yield known;
                }
                var image = lease.keep(digest)
                        .orElseThrow(() -> new BuildException("the image " + digest.abbreviated()
                                + " of the build context \"" + name + "\" is not here any more"));
                var base = base(image, Progress.NONE);
                found.put(digest.toString(), base);
                used.accept(new Material("oci:" + name, Map.of("sha256", digest.hex())));
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
