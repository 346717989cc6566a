package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Document;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves, pulls and pushes images. Making one costs nothing: the HTTP client comes with the first request. Several
 * threads may use it; they wait for the network, so platform threads.
 */
public final class RegistryClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
    private static final int NESTING = 4;
    private static final int PAGE = 1000;
    private static final int MANIFEST_LIMIT = 4 << 20;

    private final ImageStore store;
    private final RegistrySettings settings;
    private @Nullable RegistryHttp http;

    public RegistryClient(ImageStore store, RegistrySettings settings) {
        this.store = store;
        this.settings = settings;
    }

    private synchronized RegistryHttp http() {
        if (http == null) {
            http = new RegistryHttp(settings, store.json());
        }
        return http;
    }

    /**
     * Begins to make what the first question to the reference's registry needs, above all the TLS that reads every
     * authority of the host, on a thread of its own: in a cold command that takes as long as all before the question.
     * What goes wrong goes wrong again for whoever asks.
     */
    public void prepare(ImageReference reference) {
        var preparing = Thread.ofPlatform().name("prepare-registry").daemon().unstarted(() -> {
            try {
                http().connections().prepare(reference.host());
            } catch (IOException e) {
                LOG.debug("nothing prepared registry={} because={}", reference.host(), e.getMessage());
            }
        });
        preparing.start();
    }

    /** A manifest or index that is verified. */
    private record Received(Document document, Descriptor descriptor, ByteBuffer content) {
        Digest digest() {
            return descriptor.digest();
        }
    }

    /**
     * What a reference stands for in its registry now: the digest of an index or manifest. A reference by digest stands
     * for itself, and nobody is asked.
     *
     * @throws RegistryException when the registry has no such image, or cannot be asked
     */
    public Digest resolve(ImageReference reference) throws IOException {
        if (reference.digest().isPresent()) {
            return reference.digest().get();
        }
        return sources(reference).first(endpoint -> resolve(reference, endpoint));
    }

    /** The same, and a digest is asked for as well: whether the registry has it still. */
    public Digest lookUp(ImageReference reference) throws IOException {
        return reference.digest().isEmpty()
                ? resolve(reference)
                : sources(reference)
                        .first(endpoint -> fetch(
                                        reference,
                                        endpoint,
                                        reference.digest().get().toString())
                                .digest());
    }

    private Digest resolve(ImageReference reference, Endpoint endpoint) throws IOException {
        var tag = reference.tag().orElse("latest");
        Optional<Digest> digest = http().retrying(endpoint, () -> {
            try (var answer = http().send("HEAD", endpoint, endpoint.manifest(tag), accept())) {
                if (answer.status() == 403) {
                    throw http().denied(endpoint, answer);
                }
                answer.body().drain();
                return answer.isSuccess() ? announced(endpoint, answer) : Optional.empty();
            }
        });
        // Some registries know no HEAD, or do not say the digest.
        return digest.isPresent()
                ? digest.get()
                : fetch(reference, endpoint, tag).digest();
    }

    private Sources sources(ImageReference reference) {
        var places = settings.hosts().rule(reference.host()).mirrors().stream()
                .map(m -> new Sources.Place(
                        m.host(),
                        m.path().isEmpty() ? reference.repository() : m.path() + "/" + reference.repository(),
                        true))
                .toList();
        var origin = new Sources.Place(reference.host(), reference.repository(), false);
        return new Sources(places, origin, this::reach, http().failedMirrors());
    }

    private Endpoint reach(Sources.Place place) throws IOException {
        var base = http().retrying(() -> http().connections().base(place.host()), place.isMirror());
        var endpoint = Endpoint.repository(place.host(), base, place.repository(), List.of("pull"));
        return place.isMirror() ? endpoint.asMirror() : endpoint;
    }

    private Endpoint endpoint(ImageReference reference, List<String> actions) throws IOException, InterruptedException {
        return Endpoint.repository(
                reference.host(), http().connections().base(reference.host()), reference.repository(), actions);
    }

    static Map<String, String> accept() {
        return Map.of("Accept", String.join(", ", MediaType.ACCEPTED));
    }

    private static Optional<Digest> announced(Endpoint endpoint, Answer answer) throws RegistryException {
        // Of another algorithm: we hash the content ourselves.
        var header = answer.header("Docker-Content-Digest").filter(text -> text.startsWith("sha256:"));
        try {
            return header.map(Digest::parse);
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    RegistryException.Reason.BROKEN,
                    "registry " + endpoint.host() + " announces a digest that is none");
        }
    }

    /**
     * Pulls the image for the store's platform, as far as it is not here, and gives it its name in the store. What was
     * received before a failure or an interruption is kept and not received again. Where all of it is here, the
     * registry is asked only whether the tag still stands for it.
     *
     * @param intake uses the layers while they arrive
     * @throws RegistryException when the registry does not have or give it
     * @throws InvalidImageException when what it gives is no image
     */
    public Image pull(ImageReference reference, Progress progress, LayerIntake intake) throws IOException {
        var here = store.find(reference);
        if (here.isPresent()
                && isComplete(here.get(), intake)
                && resolve(reference).equals(here.get().digest())) {
            for (var layer : here.get().layers()) {
                progress.report(Progress.Step.PRESENT, layer.blob(), layer.size(), layer.size());
            }
            return here.get();
        }
        var sources = sources(reference);
        var top = fetch(
                reference,
                sources,
                reference.digest().map(Digest::toString).or(reference::tag).orElse("latest"));
        keep(top);
        var manifest = top;
        for (var depth = 0; manifest.document() instanceof Document.Index index; depth++) {
            if (depth == NESTING) {
                throw new InvalidImageException(reference + " nests more than " + NESTING + " indexes");
            }
            var picked = index.pick(store.platform())
                    .orElseThrow(() -> new InvalidImageException("no matching manifest for " + store.platform()
                            + " in the manifest list entries of " + reference.familiar()));
            manifest = fetch(reference, sources, picked.digest().toString());
            keep(manifest);
        }
        if (manifest.document() instanceof Document.Manifest document) {
            var config = document.config();
            if (config.size() > MANIFEST_LIMIT) {
                throw new InvalidImageException("the configuration of " + reference + " has more than 4 MiB");
            }
            var pull = new BlobPull(store, http(), intake, progress);
            sources.first(endpoint -> pull.config(blobs(reference, endpoint), config));
            // The configuration first: it says what the layers are when they are uncompressed.
            ParallelLayers.forEach(
                    new LinkedHashSet<>(store.layers(manifest.digest())),
                    settings.layersAtOnce(),
                    layer -> pull(reference, sources, pull, layer));
        }
        store.add(reference.digest().map(reference::withDigest).orElse(reference), top.descriptor());
        var image = store.find(top.digest())
                .orElseThrow(
                        () -> new InvalidImageException("image " + reference + " was removed while it was pulled"));
        warnAboutPlatform(reference, image);
        LOG.atInfo()
                .addKeyValue("image", reference)
                .addKeyValue("digest", image.digest())
                .log("pulled image");
        return image;
    }

    /** A layer of the registry's; one that is not to be distributed, which it has not got, of who has it. */
    private void pull(ImageReference reference, Sources sources, BlobPull pull, Layer layer) throws IOException {
        try {
            sources.first(endpoint -> pull.layer(blobs(reference, endpoint), layer));
        } catch (RegistryException e) {
            if (e.reason() != RegistryException.Reason.NOT_FOUND
                    || !layer.isForeign()
                    || layer.urls().isEmpty()) {
                throw e;
            }
            new Strangers(http(), settings).pull(layer, pull, e);
        }
    }

    private BlobSource blobs(ImageReference reference, Endpoint endpoint) {
        return new RepositoryBlobs(http(), endpoint, (answer, what) -> checkFound(reference, endpoint, answer, what));
    }

    private static boolean isComplete(Image image, LayerIntake intake) throws IOException {
        for (var layer : image.layers()) {
            if (intake.wants(layer)) {
                return false;
            }
        }
        return true;
    }

    private void keep(Received received) throws IOException {
        store.blobs().put(received.digest(), received.content().array());
    }

    /** An image without an index says only inside what it is for. */
    private void warnAboutPlatform(ImageReference reference, Image image) {
        if (!store.platform().runs(image.config().platform())) {
            LOG.atWarn()
                    .addKeyValue("image", reference)
                    .addKeyValue("platform", image.config().platform())
                    .addKeyValue("host", store.platform())
                    .log("image is for another platform");
        }
    }

    private Received fetch(ImageReference reference, Sources sources, String tagOrDigest) throws IOException {
        return sources.first(endpoint -> fetch(reference, endpoint, tagOrDigest));
    }

    /** Gets a manifest or index, and verifies it against the digest asked for or announced. */
    private Received fetch(ImageReference reference, Endpoint endpoint, String tagOrDigest) throws IOException {
        return http().retrying(endpoint, () -> {
            try (var answer = http().send("GET", endpoint, endpoint.manifest(tagOrDigest), accept())) {
                checkFound(reference, endpoint, answer, "manifest for " + reference.familiar());
                var what = "the manifest of " + reference.familiar();
                return verified(
                        reference,
                        endpoint,
                        tagOrDigest,
                        answer,
                        http().read(endpoint.host(), answer, MANIFEST_LIMIT, what));
            }
        });
    }

    private Received verified(
            ImageReference reference, Endpoint endpoint, String tagOrDigest, Answer answer, byte[] bytes)
            throws IOException {
        var digest = BlobStore.digest(bytes);
        var expected = tagOrDigest.startsWith("sha256:")
                ? Optional.of(Digest.parse(tagOrDigest))
                : announced(endpoint, answer);
        if (expected.isPresent() && !expected.get().equals(digest)) {
            throw wrong(new WrongDigestException("the manifest of " + reference.familiar(), expected.get(), digest));
        }
        var type =
                answer.header("Content-Type").map(t -> t.replaceFirst(";.*", "").strip());
        Document document;
        try {
            document = Document.parse(store.json(), bytes, type, digest);
        } catch (InvalidImageException e) {
            throw new InvalidImageException(
                    "what registry " + endpoint.host() + " has as " + reference.familiar() + ": " + e.getMessage(), e);
        }
        var isIndex = document instanceof Document.Index;
        return new Received(
                document,
                new Descriptor(
                        type.filter(MediaType.ACCEPTED::contains)
                                .orElse(isIndex ? MediaType.OCI_INDEX : MediaType.OCI_MANIFEST),
                        digest,
                        bytes.length),
                ByteBuffer.wrap(bytes));
    }

    private static RegistryException wrong(WrongDigestException e) {
        return new RegistryException(RegistryException.Reason.WRONG_CONTENT, String.valueOf(e.getMessage()), e);
    }

    private void checkFound(ImageReference reference, Endpoint endpoint, Answer answer, String what)
            throws IOException, InterruptedException {
        if (answer.isSuccess()) {
            return;
        }
        throw switch (answer.status()) {
            case 404 ->
                new RegistryException(
                        RegistryException.Reason.NOT_FOUND,
                        what + " not found in registry " + endpoint.host()
                                + (what.contains(reference.familiar()) ? "" : " (of " + reference.familiar() + ")"));
            case 403 -> http().denied(endpoint, answer);
            default -> http().failed(endpoint.host(), answer);
        };
    }

    /**
     * What a push did.
     *
     * @param digest of what the registry has now under that name
     * @param whole false when the image is an index of which only this platform's part is here, and that part was
     *     pushed alone
     */
    public record Pushed(Digest digest, boolean whole) {}

    /**
     * Pushes the image that has this name here to the registry that the name says. What the registry has is not sent;
     * what was sent before a failure is not sent again where the registry knows it.
     *
     * @throws InvalidImageException when there is no such image here
     */
    public Pushed push(ImageReference reference, Progress progress) throws IOException {
        return new Push(store, settings, http(), reference, forChanges(reference, List.of("pull", "push")), progress)
                .run();
    }

    /**
     * Puts what is no image into the reference's repository: its content first.
     *
     * @param reference with the tag that it gets there
     * @param manifest it and its content are in the store
     */
    public void pushArtifact(ImageReference reference, Descriptor manifest, List<Descriptor> content, Progress progress)
            throws IOException {
        new Push(store, settings, http(), reference, forChanges(reference, List.of("pull", "push")), progress)
                .artifact(manifest, content, reference.tag().orElse("latest"));
    }

    /**
     * Pulls a layer of the reference's repository, as far as it is not here.
     *
     * @param intake uses it while it arrives
     */
    public void pullLayer(ImageReference reference, Layer layer, Progress progress, LayerIntake intake)
            throws IOException {
        pull(reference, sources(reference), new BlobPull(store, http(), intake, progress), layer);
    }

    /** Mirrors are never changed. */
    private Endpoint forChanges(ImageReference reference, List<String> actions) throws IOException {
        return http().retrying(() -> endpoint(reference, actions));
    }

    /** The tags of the reference's repository, in the registry's order. */
    public List<String> tags(ImageReference reference) throws IOException {
        var endpoint = forChanges(reference, List.of("pull"));
        return new Listing(http(), store.json(), endpoint)
                .all(
                        endpoint.tags(PAGE),
                        "tags",
                        "the tags of " + reference.familiar().replaceFirst("(@.*|:[^/:]*)$", ""));
    }

    /**
     * The repositories of a registry, in its order. Big public registries do not tell them.
     *
     * @param host as references name it
     */
    public List<String> catalog(String host) throws IOException {
        var base = http().retrying(() -> http().connections().base(host));
        var endpoint = new Endpoint(host, base, "_catalog", List.of("registry:catalog:*"), false);
        return new Listing(http(), store.json(), endpoint)
                .all(base.resolve("/v2/_catalog?n=" + PAGE), "repositories", "the repositories");
    }

    /**
     * Deletes a manifest or index from its registry, and with it every tag that stands for it.
     *
     * @return its digest
     * @throws RegistryException also when the registry does not allow it
     */
    public Digest delete(ImageReference reference) throws IOException {
        var endpoint = forChanges(reference, List.of("pull", "delete"));
        var digest = reference.digest().isPresent() ? reference.digest().get() : resolve(reference, endpoint);
        return http().retrying(() -> {
            try (var answer = http().send("DELETE", endpoint, endpoint.manifest(digest.toString()), Map.of())) {
                if (answer.status() == 405) {
                    throw new RegistryException(
                            RegistryException.Reason.DENIED,
                            "registry " + endpoint.host() + " does not let anybody delete images");
                }
                checkFound(reference, endpoint, answer, "manifest for " + reference.familiar());
                return digest;
            }
        });
    }

    /** What the reference's repository keeps beside its images; mirrors are asked first. */
    public Artifacts artifacts(ImageReference reference) throws IOException {
        return new Artifacts(http(), sources(reference));
    }

    /**
     * Shows the registry an account. One that everybody may read may ask for none, and takes any.
     *
     * @param host as references name it
     * @throws RegistryException when it does not take it
     */
    public void login(String host, Credential.Account account) throws IOException {
        Credentials alone = asked -> asked.equals(host) ? Optional.of(account) : Optional.empty();
        try (var own = new RegistryHttp(settings.with(alone, settings.hosts()), store.json())) {
            var endpoint =
                    own.retrying(() -> new Endpoint(host, own.connections().base(host), "", List.of(), false));
            own.retrying(() -> {
                try (var answer = own.send("GET", endpoint, endpoint.base().resolve("/v2/"), Map.of())) {
                    if (!answer.isSuccess()) {
                        throw own.failed(host, answer);
                    }
                    return true;
                }
            });
        } catch (RegistryException e) {
            throw e.reason() == RegistryException.Reason.DENIED
                    ? new RegistryException(
                            RegistryException.Reason.DENIED,
                            "registry " + host + " does not take the password of " + account.user())
                    : e;
        }
    }

    /** Gives up what is still open. */
    @Override
    public synchronized void close() {
        if (http != null) {
            http.close();
        }
    }
}
