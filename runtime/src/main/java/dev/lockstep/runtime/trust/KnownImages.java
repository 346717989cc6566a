package dev.lockstep.runtime.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.TaggedImage;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this host has found out about images and need not ask again: for a digest which registries gave it and which
 * signatures of it were verified, for a tag what it stood for when the registry was asked last. Files of a few lines,
 * {@code images/known/HEX} and {@code images/checked/HEX}, the latter by the hash of the reference. What cannot be read
 * is as good as not known: then it is found out again.
 */
public final class KnownImages {
    private static final Logger LOG = LoggerFactory.getLogger(KnownImages.class);
    /** What is known of an image that is not here is kept this long: its pull may be about to begin. */
    private static final Duration ABSENT = Duration.ofDays(1);

    private final Root root;
    private final ImageStore store;
    private final InstantSource clock;
    private final Path known;
    private final Path checked;
    /**
     * Read and written by hand: what Jackson finds out about a record of ours costs a cold command more than all else
     * that it does here.
     */
    private final StateFile<JsonNode> files;

    /** @param repositories {@code HOST/PATH} of those that gave it */
    private record Known(Digest digest, List<String> repositories, List<Signature> signatures) {
        Known {
            repositories = List.copyOf(repositories);
            signatures = List.copyOf(signatures);
        }

        /** Whether it says the same of the same image. */
        boolean says(Known other) {
            return repositories.equals(other.repositories) && signatures.equals(other.signatures);
        }

        static Known of(JsonMapper json, JsonNode node) throws IOException {
            var repositories = new ArrayList<String>();
            node.path("repositories").forEach(r -> repositories.add(r.asText()));
            var signatures = new ArrayList<Signature>();
            for (var signature : node.path("signatures")) {
                signatures.add(json.treeToValue(signature, Signature.class));
            }
            return new Known(Digest.parse(node.path("digest").asText()), repositories, signatures);
        }

        JsonNode json(JsonMapper json) {
            var node = json.createObjectNode().put("digest", digest.toString());
            repositories.forEach(node.putArray("repositories")::add);
            var list = node.putArray("signatures");
            signatures.forEach(signature -> list.add(json.<JsonNode>valueToTree(signature)));
            return node;
        }
    }

    /** What a tag stood for when its registry was asked last. */
    public record TagCheck(ImageReference reference, Digest digest, Instant at) {
        static TagCheck of(JsonNode node) {
            return new TagCheck(
                    ImageReference.parse(node.path("reference").asText()),
                    Digest.parse(node.path("digest").asText()),
                    Instant.parse(node.path("at").asText()));
        }

        JsonNode json(JsonMapper json) {
            return json.createObjectNode()
                    .put("reference", reference.toString())
                    .put("digest", digest.toString())
                    .put("at", at.toString());
        }
    }

    public KnownImages(Root root, ImageStore store, InstantSource clock) throws IOException {
        this.root = root;
        this.store = store;
        this.clock = clock;
        this.known = root.room(root.state().resolve("images/known"));
        this.checked = root.room(root.state().resolve("images/checked"));
        this.files = root.stateFile(JsonNode.class, 1);
    }

    /** The last time that the registry said what the tag stands for, and what it said. */
    public Optional<TagCheck> lastCheck(ImageReference tag) {
        return read(file(tag), TagCheck::of).filter(check -> check.reference().equals(tag));
    }

    /** Whether no registry gave this image, for whatever repository: somebody brought it here by hand. */
    public boolean isLocal(Digest digest) {
        return of(digest).map(k -> k.repositories().isEmpty()).orElse(true);
    }

    /** Whether a registry gave this image for the reference's repository. */
    public boolean cameFromRegistry(ImageReference reference, Digest digest) {
        return of(digest)
                .map(k -> k.repositories().contains(repository(reference)))
                .orElse(false);
    }

    /** Signatures of the image that were verified here before. */
    public List<Signature> signatures(Digest digest) {
        return of(digest).map(Known::signatures).orElse(List.of());
    }

    /**
     * Whether the image is signed by one of the keys. What was verified once needs no registry again, as long as its
     * key is among the keys; else the registry is asked, and what is verified is remembered where the root may be
     * written.
     *
     * @param digest of the index or manifest that the reference stands for: signing an index signs all that is in it,
     *     and what is in it is signed only for those who come by that index
     * @param sameRepository whether the signature must say that it was made for the reference's repository
     * @throws IOException when nothing is known and the registry cannot be asked
     */
    public Verdict verify(
            RegistryClient registry,
            ImageReference reference,
            Digest digest,
            List<TrustedKey> keys,
            boolean sameRepository)
            throws IOException {
        for (var signature : signatures(digest)) {
            if (signature.digest().equals(digest)
                    && keys.stream().anyMatch(key -> key.id().equals(signature.key()))
                    && (!sameRepository || signature.isFor(reference))) {
                return new Verdict.Signed(signature);
            }
        }
        var verdict = new Signatures(
                        registry.artifacts(reference), root.json(), clock, reference, digest, keys, sameRepository)
                .find();
        if (verdict instanceof Verdict.Signed(var signature) && root.access() == Root.Access.WRITE) {
            change(digest, k -> {
                var signatures = new ArrayList<>(k.signatures());
                // One for each key and name is enough.
                signatures.removeIf(
                        s -> s.key().equals(signature.key()) && s.names().equals(signature.names()));
                signatures.add(signature);
                return new Known(digest, k.repositories(), signatures);
            });
        }
        return verdict;
    }

    /** A registry has given this image for that reference. */
    public void received(ImageReference reference, Digest digest) throws IOException {
        change(digest, k -> {
            var repositories = new ArrayList<>(k.repositories());
            repositories.remove(repository(reference));
            repositories.add(repository(reference));
            return new Known(digest, repositories, k.signatures());
        });
        if (reference.digest().isEmpty()) {
            checked(reference, digest);
        }
    }

    /**
     * A registry has said what the tag stands for, and this host has it. Lost with the power, it is asked once more.
     */
    public void checked(ImageReference tag, Digest digest) throws IOException {
        files.writeVolatile(file(tag), new TagCheck(tag, digest, clock.instant()).json(root.json()));
    }

    /** Forgets what is about images that are not here, and about tags that nothing here has. */
    public void tidy() throws IOException {
        var names = store.list().stream()
                .map(TaggedImage::reference)
                .flatMap(Optional::stream)
                .map(KnownImages::hash)
                .collect(Collectors.toSet());
        tidy(checked, names::contains);
        tidy(known, hex -> hex.matches("[0-9a-f]{64}") && store.blobs().has(new Digest(hex)));
    }

    private interface Needed {
        boolean test(String name) throws IOException;
    }

    private void tidy(Path directory, Needed needed) throws IOException {
        var old = clock.instant().minus(ABSENT);
        try (var files = Files.list(directory)) {
            for (var file : (Iterable<Path>) files::iterator) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(old)
                        && !needed.test(file.getFileName().toString())) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // Somebody else tidies too.
        }
    }

    private interface Change {
        Known of(Known before);
    }

    private void change(Digest digest, Change change) throws IOException {
        try (var _ = Flock.exclusive(root.lock("known"))) {
            var before = of(digest).orElse(new Known(digest, List.of(), List.of()));
            var after = change.of(before);
            if (!after.says(before)) {
                files.write(known.resolve(digest.hex()), after.json(root.json()));
            }
        }
    }

    private Optional<Known> of(Digest digest) {
        return read(known.resolve(digest.hex()), node -> Known.of(root.json(), node))
                .filter(k -> k.digest().equals(digest));
    }

    private interface Reading<T> {
        T of(JsonNode record) throws IOException;
    }

    private <T> Optional<T> read(Path file, Reading<T> reading) {
        try {
            var record = files.read(file);
            return record.isPresent() ? Optional.of(reading.of(record.get())) : Optional.empty();
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            LOG.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("error", e.getMessage())
                    .log("cannot be read and is found out again");
            return Optional.empty();
        }
    }

    private static String repository(ImageReference reference) {
        return reference.host() + "/" + reference.repository();
    }

    private Path file(ImageReference tag) {
        return checked.resolve(hash(tag));
    }

    private static String hash(ImageReference reference) {
        return BlobStore.digest(reference.toString().getBytes(StandardCharsets.UTF_8))
                .hex();
    }
}
