package dev.lockstep.runtime.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.registry.Artifacts;
import dev.lockstep.runtime.trust.Claim.NoClaimException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Looks beside one image for a signature of cosign's: in the tag {@code sha256-HEX.sig}, and in what refers to the
 * image, by the registry's own list or by the tag {@code sha256-HEX}. A signature counts when one of the keys made it
 * and when what it signs is exactly this digest. Everything is bounded, and nothing that no key has signed is believed.
 */
final class Signatures {
    private static final String SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
    private static final String SIGNATURE = "dev.cosignproject.cosign/signature";
    private static final int MOST_SIGNATURES = 256;
    private static final int MOST_REFERRERS = 64;
    private static final int PAYLOAD_LIMIT = 64 << 10;
    private static final int BUNDLE_LIMIT = 1 << 20;

    private final Artifacts artifacts;
    private final JsonMapper json;
    private final InstantSource clock;
    private final ImageReference reference;
    private final Digest digest;
    private final List<TrustedKey> keys;
    private final boolean sameRepository;
    private final Set<String> found = new LinkedHashSet<>();
    private int strangers;

    /** @param sameRepository whether a signature must say that it was made for the reference's repository */
    Signatures(
            Artifacts artifacts,
            JsonMapper json,
            InstantSource clock,
            ImageReference reference,
            Digest digest,
            List<TrustedKey> keys,
            boolean sameRepository) {
        this.artifacts = artifacts;
        this.json = json;
        this.clock = clock;
        this.reference = reference;
        this.digest = digest;
        this.keys = List.copyOf(keys);
        this.sameRepository = sameRepository;
    }

    /**
     * Looks until one is found.
     *
     * @throws IOException when the registry cannot be asked
     */
    Verdict find() throws IOException {
        var tag = artifacts.manifest("sha256-" + digest.hex() + ".sig");
        var signature = tag.isPresent() ? ofManifest(tag.get()) : Optional.<Signature>empty();
        if (signature.isEmpty()) {
            signature = ofReferrers();
        }
        return signature.<Verdict>map(Verdict.Signed::new).orElseGet(() -> new Verdict.NotSigned(why()));
    }

    private String why() {
        if (strangers > 0) {
            found.add(
                    strangers == 1
                            ? "has a signature that no listed key made"
                            : "has " + strangers + " signatures that no listed key made");
        }
        return found.isEmpty() ? "has no signature" : String.join("; ", found);
    }

    /** Who signed before the registry knew the question has left a tag, so that is looked at too. */
    private Optional<Signature> ofReferrers() throws IOException {
        var signature = ofIndexes(artifacts.referrers(digest).orElse(List.of()));
        return signature.isPresent()
                ? signature
                : ofIndexes(
                        artifacts.manifest("sha256-" + digest.hex()).stream().toList());
    }

    private Optional<Signature> ofIndexes(List<byte[]> indexes) throws IOException {
        var looked = 0;
        for (var index : indexes) {
            for (var referrer : tree(index).path("manifests")) {
                var target = digest(referrer);
                if (target.isEmpty() || !maySign(referrer.path("artifactType").asText())) {
                    continue;
                }
                if (looked++ == MOST_REFERRERS) {
                    found.add("has more than " + MOST_REFERRERS + " documents that refer to it; only those were read");
                    return Optional.empty();
                }
                var manifest = artifacts.manifest(target.get().toString());
                var signature = manifest.isPresent() ? ofManifest(manifest.get()) : Optional.<Signature>empty();
                if (signature.isPresent()) {
                    return signature;
                }
            }
        }
        return Optional.empty();
    }

    /** A list that is kept under a tag may have the type of the empty configuration, or none: then who knows. */
    private static boolean maySign(String artifactType) {
        return artifactType.isEmpty()
                || artifactType.equals("application/vnd.oci.empty.v1+json")
                || artifactType.startsWith("application/vnd.dev.cosign.")
                || artifactType.startsWith(Bundle.MEDIA_TYPE);
    }

    private Optional<Signature> ofManifest(byte[] manifest) throws IOException {
        var layers = new ArrayList<JsonNode>();
        tree(manifest).path("layers").forEach(layers::add);
        if (layers.size() > MOST_SIGNATURES) {
            found.add("has " + layers.size() + " signatures; only the newest " + MOST_SIGNATURES + " were read");
        }
        // Each signature is added behind the others, so the last is the newest.
        for (var layer : layers.reversed().stream().limit(MOST_SIGNATURES).toList()) {
            var type = layer.path("mediaType").asText();
            var signature = type.equals(SIMPLE_SIGNING)
                    ? simple(layer)
                    : type.startsWith(Bundle.MEDIA_TYPE) ? bundle(layer) : Optional.<Signature>empty();
            if (signature.isPresent()) {
                return signature;
            }
        }
        return Optional.empty();
    }

    private Optional<Signature> simple(JsonNode layer) throws IOException {
        var written = layer.path("annotations").path(SIGNATURE);
        var signature = Bundle.base64(written);
        if (signature.isEmpty()) {
            found.add("has a signature that is not base64");
            return Optional.empty();
        }
        var payload = content(layer, PAYLOAD_LIMIT);
        if (payload.isEmpty()) {
            return Optional.empty();
        }
        return claimed(
                payload.get(),
                List.of(signature.get()),
                Signature.Form.SIMPLE_SIGNING,
                () -> Claim.ofSimpleSigning(json, payload.get()));
    }

    private Optional<Signature> bundle(JsonNode layer) throws IOException {
        var content = content(layer, BUNDLE_LIMIT);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        var bundle = Bundle.parse(json, content.get());
        if (bundle.isEmpty()) {
            found.add("has a bundle that cannot be read");
            return Optional.empty();
        }
        return switch (bundle.get()) {
            case Bundle.Envelope envelope ->
                claimed(envelope.signed(), envelope.signatures(), Signature.Form.BUNDLE, () -> {
                    if (!envelope.isStatement()) {
                        throw new NoClaimException("is no in-toto statement");
                    }
                    return Claim.ofStatement(json, envelope.payload());
                });
            case Bundle.Message message -> {
                // What is signed is the manifest itself; that it is the one is seen from its digest.
                var manifest = artifacts.manifest(digest.toString());
                yield manifest.isEmpty()
                        ? Optional.empty()
                        : claimed(
                                manifest.get(),
                                List.of(message.signature()),
                                Signature.Form.BUNDLE,
                                () -> new Claim(Set.of(digest.toString()), List.of()));
            }
        };
    }

    private interface Claiming {
        Claim read() throws NoClaimException;
    }

    /** First who signed, then what: bytes that no key has signed are not even parsed. */
    private Optional<Signature> claimed(
            byte[] message, List<byte[]> signatures, Signature.Form form, Claiming claiming) {
        var key = keys.stream()
                .filter(k -> signatures.stream().anyMatch(s -> KeyCheck.verifies(k, message, s)))
                .findFirst();
        if (key.isEmpty()) {
            strangers++;
            return Optional.empty();
        }
        Claim claim;
        try {
            claim = claiming.read();
        } catch (NoClaimException e) {
            found.add("has a document by " + key.get().name() + " that " + e.getMessage());
            return Optional.empty();
        }
        if (!claim.digests().contains(digest.toString())) {
            found.add("has a signature by " + key.get().name() + " that is for another image");
            return Optional.empty();
        }
        var signature = new Signature(digest, key.get().id(), form, claim.names(), clock.instant());
        if (sameRepository && !signature.isFor(reference)) {
            found.add("has a signature by " + key.get().name() + " that was made for "
                    + (claim.names().isEmpty() ? "no repository" : "another repository"));
            return Optional.empty();
        }
        return Optional.of(signature);
    }

    /** A missing document is none, one that is too big is said to be. */
    private Optional<byte[]> content(JsonNode layer, int limit) throws IOException {
        var target = digest(layer);
        if (target.isEmpty()) {
            found.add("has a signature without a digest of its document");
            return Optional.empty();
        }
        if (layer.path("size").asLong(Long.MAX_VALUE) > limit) {
            found.add("has a signature of more than " + (limit >> 10) + " KiB, which was not read");
            return Optional.empty();
        }
        return artifacts.blob(target.get(), limit);
    }

    private static Optional<Digest> digest(JsonNode descriptor) {
        try {
            return Optional.of(Digest.parse(descriptor.path("digest").asText()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** What is no JSON has nothing in it. */
    private JsonNode tree(byte[] bytes) {
        try {
            return json.readTree(bytes);
        } catch (IOException e) {
            found.add("has a list of signatures that is not JSON");
            return json.missingNode();
        }
    }
}
