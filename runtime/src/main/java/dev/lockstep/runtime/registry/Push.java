package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Document;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.TaggedImage;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One push: blobs first, then the manifest that names them, an index after its manifests, so that a registry never has
 * a tag for what is not there whole. Bytes are sent as they are in the store: the digest stays.
 */
final class Push {
    private final ImageStore store;
    private final RegistrySettings settings;
    private final RegistryHttp http;
    private final ImageReference reference;
    private final Endpoint endpoint;
    private final Progress progress;
    private final Map<Digest, String> elsewhere = new HashMap<>();

    Push(
            ImageStore store,
            RegistrySettings settings,
            RegistryHttp http,
            ImageReference reference,
            Endpoint endpoint,
            Progress progress) {
        this.store = store;
        this.settings = settings;
        this.http = http;
        this.reference = reference;
        this.endpoint = endpoint;
        this.progress = progress;
    }

    RegistryClient.Pushed run() throws IOException {
        var digest = local();
        rememberOtherRepositories();
        var whole = isWhole(digest);
        // Of an index that was pulled only this host's part is here.
        var pushed = whole ? digest : part(digest);
        var name = whole
                ? reference.tag().orElse(digest.toString())
                : reference.tag().orElse(pushed.toString());
        send(store.describe(pushed), name);
        for (var attached : store.attachments().of(pushed)) {
            sendArtifact(
                    attached.manifest(),
                    attached.content(),
                    attached.manifest().digest().toString());
        }
        return new RegistryClient.Pushed(pushed, whole);
    }

    /** Sends what is no image. */
    void artifact(Descriptor manifest, List<Descriptor> content, String name) throws IOException {
        rememberOtherRepositories();
        sendArtifact(manifest, content, name);
    }

    private void sendArtifact(Descriptor manifest, List<Descriptor> content, String name) throws IOException {
        ParallelLayers.forEach(new LinkedHashSet<>(content), settings.layersAtOnce(), this::upload);
        put(manifest, name);
    }

    private Digest local() throws IOException {
        var digest = reference.digest().isPresent()
                ? reference.digest().filter(store.blobs()::has)
                : store.list().stream()
                        .filter(image -> image.reference().equals(Optional.of(reference)))
                        .map(TaggedImage::digest)
                        .findFirst();
        return digest.orElseThrow(() -> new InvalidImageException(
                "there is no image " + reference.familiar() + " here; 'lockstep image ls' lists those that are"));
    }

    private Document parse(Digest digest) throws IOException {
        return Document.parse(store.json(), store.blobs().read(digest), Optional.empty(), digest);
    }

    /** Whether all that an index names is here, or in the repository already. */
    private boolean isWhole(Digest digest) throws IOException {
        if (!store.blobs().has(digest)) {
            return http.retrying(() -> {
                try (var answer =
                        http.send("HEAD", endpoint, endpoint.manifest(digest.toString()), RegistryClient.accept())) {
                    answer.body().drain();
                    return answer.isSuccess();
                }
            });
        }
        if (parse(digest) instanceof Document.Index(var manifests)) {
            for (var manifest : manifests) {
                if (!isWhole(manifest.digest())) {
                    return false;
                }
            }
        }
        return true;
    }

    private Digest part(Digest digest) throws IOException {
        return store.find(digest)
                .orElseThrow(() -> new InvalidImageException("of image " + reference.familiar()
                        + " neither all platforms are here nor " + store.platform() + "; pull it again"))
                .manifest();
    }

    /** What other repositories of the registry should have: the registry takes it from there if it agrees. */
    private void rememberOtherRepositories() throws IOException {
        for (var tagged : store.list()) {
            var other = tagged.reference().filter(r -> r.host().equals(reference.host()));
            if (other.isPresent() && !other.get().repository().equals(reference.repository())) {
                try {
                    store.find(tagged.digest())
                            .ifPresent(image -> image.layers()
                                    .forEach(layer -> elsewhere.putIfAbsent(
                                            layer.blob(), other.get().repository())));
                } catch (InvalidImageException e) {
                    // A damaged image is no help; it is no harm either.
                }
            }
        }
    }

    private void send(Descriptor document, String name) throws IOException {
        if (!store.blobs().has(document.digest())) {
            return; // isWhole saw it in the repository
        }
        switch (parse(document.digest())) {
            case Document.Index(var manifests) -> {
                for (var manifest : manifests) {
                    send(manifest, manifest.digest().toString());
                }
            }
            case Document.Manifest(var config, var layers) -> {
                var blobs = new LinkedHashSet<Descriptor>();
                blobs.add(config);
                layers.stream()
                        .filter(layer -> !MediaType.isForeign(layer.mediaType()))
                        .forEach(blobs::add);
                ParallelLayers.forEach(List.copyOf(blobs), settings.layersAtOnce(), this::upload);
            }
        }
        put(document, name);
    }

    private void put(Descriptor document, String name) throws IOException {
        var bytes = store.blobs().read(document.digest());
        var listed = http.retrying(() -> {
            var request = new RegistryHttp.Exchange("PUT", endpoint.manifest(name))
                    .header("Content-Type", document.mediaType())
                    .body(HttpRequest.BodyPublishers.ofByteArray(bytes));
            try (var answer = http.send(endpoint, request)) {
                if (!answer.isSuccess()) {
                    throw answer.status() == 403 ? http.denied(endpoint, answer) : http.failed(endpoint.host(), answer);
                }
                answer.body().drain();
                BlobUpload.checkDigest(endpoint, answer, document.digest());
                return answer.header("OCI-Subject").isPresent();
            }
        });
        var manifest = store.json().readTree(bytes);
        var subject = manifest.path("subject").path("digest").asText("");
        if (!listed && !subject.isEmpty()) {
            new Referrers(http, store.json(), endpoint).add(subject(subject), document, manifest);
        }
    }

    private Digest subject(String text) throws InvalidImageException {
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidImageException("the subject of " + reference.familiar() + " has no valid digest", e);
        }
    }

    private void upload(Descriptor blob) throws IOException {
        if (!store.blobs().has(blob.digest())) {
            throw new InvalidImageException(
                    "content " + blob.digest() + " of " + reference.familiar() + " is not here any more");
        }
        var step = http.retrying(new BlobUpload(
                http,
                settings.idle(),
                endpoint,
                blob,
                store.blobs().path(blob.digest()),
                Optional.ofNullable(elsewhere.get(blob.digest())),
                progress));
        progress.report(step, blob.digest(), blob.size(), blob.size());
    }
}
