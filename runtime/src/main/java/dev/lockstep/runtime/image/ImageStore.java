package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The images of one root, as an OCI image layout in {@code images}. Several processes use it at once: what changes the
 * index holds the lock {@code images}, a short one; content is received under a lock per blob.
 */
public final class ImageStore {
    /** Content that nothing refers to is left alone this long: a pull may be about to refer to it. */
    private static final Duration YOUNG = Duration.ofHours(1);

    private static final int NESTING = 4;

    private final Root root;
    private final Platform platform;
    private final InstantSource clock;
    private final BlobStore blobs;
    private final IndexFile index;
    private final ImageConfigParser configs;
    private final NamedRoots roots;
    private final Leases leases;

    /**
     * Opens the store and makes what is missing of it, unless the root is only read.
     *
     * @param platform of the images that are chosen from an index
     */
    public ImageStore(Root root, Platform platform, InstantSource clock) throws IOException {
        var images = root.room(root.state().resolve("images"));
        this.root = root;
        this.platform = platform;
        this.clock = clock;
        this.blobs = new BlobStore(root, images);
        this.index = new IndexFile(root, images);
        this.configs = new ImageConfigParser(root.json());
        this.roots = new NamedRoots(root, images);
        this.leases = new Leases(this, root, clock);
    }

    /** The content itself. */
    public BlobStore blobs() {
        return blobs;
    }

    public Platform platform() {
        return platform;
    }

    /** The mapper that all rooms share. */
    public JsonMapper json() {
        return root.json();
    }

    /**
     * The image that {@code reference} stands for here, or empty when this store does not have it whole. Asks no
     * registry.
     *
     * @throws InvalidImageException when what is here is damaged
     */
    public Optional<Image> find(ImageReference reference) throws IOException {
        if (reference.digest().isPresent()) {
            return find(reference.digest().get());
        }
        // As text: the equality of records is code that the JVM makes at run time, and no AOT cache keeps it.
        var text = reference.toString();
        for (var entry : index.read()) {
            if (entry.name().filter(name -> name.toString().equals(text)).isPresent()) {
                return load(entry.target().digest());
            }
        }
        return Optional.empty();
    }

    /** The image of that index or manifest digest, or empty when this store does not have it whole. */
    public Optional<Image> find(Digest digest) throws IOException {
        return load(digest);
    }

    private Optional<Image> load(Digest digest) throws IOException {
        try {
            var manifest = resolve(digest, NESTING);
            if (manifest.isEmpty()) {
                return Optional.empty();
            }
            var image = image(digest, manifest.get());
            return image.layers().stream().allMatch(layer -> blobs.has(layer.blob()))
                    ? Optional.of(image)
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** The manifest for this platform. */
    private record Resolved(Digest digest, Document.Manifest document) {}

    /** Goes through indexes to the manifest for this platform; empty when there is none for it. */
    private Optional<Resolved> resolve(Digest digest, int depth) throws IOException {
        var document = parse(digest);
        // No switch over types: its code is made when it is first run, and every cold command that needs an image runs
        // it.
        if (document instanceof Document.Manifest manifest) {
            return Optional.of(new Resolved(digest, manifest));
        }
        var picked = ((Document.Index) document).pick(platform);
        if (picked.isEmpty()) {
            return Optional.empty();
        }
        if (depth == 0) {
            throw new InvalidImageException("image " + digest + " nests more than " + NESTING + " indexes");
        }
        return resolve(picked.get().digest(), depth - 1);
    }

    private Document parse(Digest digest) throws IOException {
        return Document.parse(root.json(), blobs.read(digest), Optional.empty(), digest);
    }

    /**
     * The layers of a manifest whose configuration is here, whether they are or not.
     *
     * @throws InvalidImageException when manifest and configuration do not belong together
     */
    public List<Layer> layers(Digest manifest) throws IOException {
        return parse(manifest) instanceof Document.Manifest document
                ? image(manifest, new Resolved(manifest, document)).layers()
                : List.of();
    }

    /** Checks that manifest and configuration belong together. */
    private Image image(Digest digest, Resolved manifest) throws IOException {
        var document = manifest.document();
        var id = document.config().digest();
        var config = configs.parse(blobs.read(id), id);
        if (config.diffIds().size() != document.layers().size()) {
            throw new InvalidImageException("image " + manifest.digest() + " has "
                    + document.layers().size() + " layers, its configuration names "
                    + config.diffIds().size());
        }
        var layers = new ArrayList<Layer>();
        for (var i = 0; i < document.layers().size(); i++) {
            var layer = document.layers().get(i);
            layers.add(
                    new Layer(layer.digest(), config.diffIds().get(i), layer.mediaType(), layer.size(), layer.urls()));
        }
        return new Image(digest, manifest.digest(), id, config, layers);
    }

    /** All names, and the images that have none, in the order they came in. */
    public List<TaggedImage> list() throws IOException {
        return index.read().stream()
                .map(entry -> new TaggedImage(entry.name(), entry.target().digest()))
                .toList();
    }

    /** All images with their names, each image once, in the order they came in. */
    public ImageCatalog catalog() throws IOException {
        return catalog(index.read());
    }

    ImageCatalog catalog(List<IndexFile.Entry> entries) {
        var names = new LinkedHashMap<Digest, List<ImageReference>>();
        for (var entry : entries) {
            var own = names.computeIfAbsent(entry.target().digest(), d -> new ArrayList<>());
            entry.name().ifPresent(own::add);
        }
        var images = new ArrayList<StoredImage>();
        names.forEach((digest, own) -> {
            own.sort(Comparator.comparing(ImageReference::toString));
            images.add(new StoredImage(digest, own, whole(digest)));
        });
        return new ImageCatalog(images);
    }

    private Optional<Image> whole(Digest digest) {
        try {
            return load(digest);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * What an image says about itself.
     *
     * @throws InvalidImageException when that is no image configuration
     */
    public ImageDetails details(Image image) throws IOException {
        return configs.details(blobs.read(image.id()), image);
    }

    /**
     * Writes images with all their names into one archive that is an OCI layout and what {@code docker load} reads at
     * once. The same images make the same bytes, in whatever order they are asked for; content that several share is
     * there once.
     *
     * @param images whole ones
     */
    public void save(Collection<StoredImage> images, OutputStream out) throws IOException {
        var digests = images.stream().map(StoredImage::digest).collect(Collectors.toUnmodifiableSet());
        try (var _ = lease("saving of images", digests)) {
            new ArchiveExport(this).write(images, out);
        }
    }

    /**
     * Writes the same as files of a directory.
     *
     * @param directory must not exist, or be empty
     */
    public void saveLayout(Collection<StoredImage> images, Path directory) throws IOException {
        Files.createDirectories(directory);
        try (var there = Files.list(directory)) {
            if (there.findAny().isPresent()) {
                throw new FileAlreadyExistsException(directory + " is not empty, and a layout is written as a whole");
            }
        }
        var digests = images.stream().map(StoredImage::digest).collect(Collectors.toUnmodifiableSet());
        try (var _ = lease("saving of images", digests)) {
            new ArchiveExport(this).write(images, directory);
        }
    }

    /**
     * Imports the images of an archive: what {@code docker save} writes, or an OCI layout, as a tar file (plain, gzip,
     * zstd, xz) or, for a layout, as a directory. An archive that has no manifest gets one, always the same for the
     * same content, so that every image has a digest. All of the archive's images come in, or none.
     *
     * @param name for the only image of an archive, instead of the names in it
     */
    public List<TaggedImage> importArchive(Path source, Optional<ImageReference> name, Progress progress)
            throws IOException {
        if (Files.isDirectory(source)) {
            try (var _ = lease("import of " + source)) {
                return register(archiveImport(progress).fromDirectory(source, name));
            }
        }
        try (var stream = Files.newInputStream(source)) {
            return importArchive(stream, name, progress);
        }
    }

    /** The same from a stream, which is read to its end and not closed. */
    public List<TaggedImage> importArchive(InputStream source, Optional<ImageReference> name, Progress progress)
            throws IOException {
        try (var _ = lease("import of an archive")) {
            return register(archiveImport(progress).fromTar(source, name));
        }
    }

    /**
     * Makes an image of one layer from the tar archive of a root file system, compressed or not, as {@code docker
     * import} does.
     *
     * @param source read to its end and not closed
     * @param changes instructions of a Dockerfile that say how the image wants to be run, such as {@code CMD ["/app"]}
     * @param message for the image's history
     * @throws IllegalArgumentException when a change is none; nothing was read then
     */
    public TaggedImage importRootfs(
            InputStream source, Optional<ImageReference> name, List<String> changes, String message)
            throws IOException {
        var config = ConfigChanges.of(root.json(), changes);
        try (var _ = lease("import of a root file system")) {
            var manifest =
                    new RootfsImport(blobs, root.json(), platform).publish(source, config, message, clock.instant());
            return register(List.of(new IndexFile.Entry(name, manifest))).getFirst();
        }
    }

    private ArchiveImport archiveImport(Progress progress) {
        return new ArchiveImport(blobs, root.json(), platform, configs, progress);
    }

    /**
     * Gives a name to content whose every blob is here. What had the name before keeps its content and loses the name.
     *
     * @throws InvalidImageException when part of the image is not here
     */
    public void add(ImageReference reference, Descriptor target) throws IOException {
        register(List.of(new IndexFile.Entry(Optional.of(reference), target)));
    }

    /**
     * Adds an image that has no name; nothing when it is here under one.
     *
     * @throws InvalidImageException when part of the image is not here
     */
    public void addUnnamed(Descriptor target) throws IOException {
        register(List.of(new IndexFile.Entry(Optional.empty(), target)));
    }

    private List<TaggedImage> register(List<IndexFile.Entry> additions) throws IOException {
        try (var _ = lock()) {
            for (var addition : additions) {
                if (load(addition.target().digest()).isEmpty()) {
                    throw new InvalidImageException(
                            "image " + addition.target().digest() + " is not here whole, or it is not for " + platform);
                }
            }
            var entries = new ArrayList<>(index.read());
            for (var addition : additions) {
                replace(entries, addition);
            }
            index.write(entries);
        }
        return additions.stream()
                .map(entry -> new TaggedImage(entry.name(), entry.target().digest()))
                .toList();
    }

    private static void replace(List<IndexFile.Entry> entries, IndexFile.Entry addition) {
        var displaced = entries.stream()
                .filter(e -> e.name().isPresent() && e.name().equals(addition.name()))
                .toList();
        entries.removeAll(displaced);
        displaced.forEach(entry -> keepUnnamed(entries, entry));
        var digest = addition.target().digest();
        if (addition.name().isPresent()) {
            entries.removeIf(e -> e.name().isEmpty() && e.target().digest().equals(digest));
            entries.add(addition);
        } else {
            keepUnnamed(entries, addition);
        }
    }

    /** An image without a name stays until a {@link StoreChange} finds it unused. */
    static void keepUnnamed(List<IndexFile.Entry> entries, IndexFile.Entry entry) {
        if (entries.stream()
                .noneMatch(e -> e.target().digest().equals(entry.target().digest()))) {
            entries.add(new IndexFile.Entry(Optional.empty(), entry.target()));
        }
    }

    /**
     * Gives another name to an image that is here.
     *
     * @throws InvalidImageException when it is not here
     */
    public void tag(Digest digest, ImageReference reference) throws IOException {
        if (!blobs.has(digest)) {
            throw new InvalidImageException("there is no image " + digest + " here");
        }
        add(reference, describe(digest));
    }

    /** Describes a manifest or index that is here. */
    public Descriptor describe(Digest digest) throws IOException {
        var bytes = blobs.read(digest);
        var reader = JsonReader.of(root.json(), bytes, "manifest " + digest.abbreviated());
        var type =
                reader.text("mediaType").orElse(reader.has("manifests") ? MediaType.OCI_INDEX : MediaType.OCI_MANIFEST);
        return new Descriptor(type, digest, bytes.length);
    }

    /**
     * Takes a name away. The content stays until a {@link StoreChange} finds it unused.
     *
     * @return whether there was such a name
     */
    public boolean remove(ImageReference reference) throws IOException {
        try (var _ = lock()) {
            var entries = new ArrayList<>(index.read());
            var removed = entries.stream()
                    .filter(e -> e.name().equals(Optional.of(reference)))
                    .toList();
            entries.removeAll(removed);
            removed.forEach(entry -> keepUnnamed(entries, entry));
            if (!removed.isEmpty()) {
                index.write(entries);
            }
            return !removed.isEmpty();
        }
    }

    /**
     * What was removed.
     *
     * @param blobs number of blobs
     * @param bytes that they had
     * @param held bytes that nobody is known to need and that stay for those who hold a lease
     */
    public record Collected(int blobs, long bytes, long held) {}

    /** Images that callers want kept. */
    public NamedRoots roots() {
        return roots;
    }

    /** Statements about images. */
    public Attachments attachments() {
        return new Attachments(this);
    }

    /**
     * To be held while content is received that gets its name only afterwards: what comes from now on, or is asked for
     * and found here, stays meanwhile.
     *
     * @param why what is done, for whoever is told that it stays: {@code pull of nginx:1}
     */
    public Lease lease(String why) throws IOException {
        try (var _ = lock()) {
            return leases.takeForWhatComes(why);
        }
    }

    /**
     * To be held while these images are used and nothing else says so yet. They and what they were unpacked to stay
     * meanwhile; other content is free to go.
     *
     * @param images indexes or manifests
     */
    public Lease lease(String why, Set<Digest> images) throws IOException {
        try (var _ = lock()) {
            return leases.takeFor(why, images);
        }
    }

    /** See {@link Lease#keep}. */
    Optional<Image> keep(Lease lease, Digest digest) throws IOException {
        try (var _ = lock()) {
            var image = load(digest);
            if (image.isPresent()) {
                lease.add(digest);
            }
            return image;
        }
    }

    /** Holds the store still to take things out of it. */
    public StoreChange change() throws IOException {
        var held = lock();
        try {
            return new StoreChange(this, index, leases, held);
        } catch (IOException | RuntimeException e) {
            held.close();
            throw e;
        }
    }

    /** Diff ids of the image's layers; empty when manifest or configuration are missing or damaged. */
    Optional<List<Digest>> diffIds(Digest digest) {
        try {
            var manifest = resolve(digest, NESTING);
            return manifest.isPresent()
                    ? Optional.of(image(digest, manifest.get()).config().diffIds())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Hashes everything that is here. What is not what its name says is set aside in {@code images/damaged}, so that
     * the next pull fetches it again.
     */
    public Verification verify() throws IOException {
        return new StoreVerification(this).verify();
    }

    /**
     * The manifest for this platform, or empty when there is none for it.
     *
     * @throws NoSuchFileException that names the blob, when a document on the way is not here
     */
    Optional<Document.Manifest> manifest(Digest digest) throws IOException {
        return resolve(digest, NESTING).map(Resolved::document);
    }

    /** Everything that an index or manifest refers to, itself included; what is damaged is followed no further. */
    Set<Digest> reachable(Digest digest) throws IOException {
        var reached = new HashSet<Digest>();
        mark(digest, reached);
        return reached;
    }

    /** Adds everything that is reachable and here; what is damaged is followed no further. */
    private void mark(Digest digest, Set<Digest> needed) throws IOException {
        if (!blobs.has(digest) || !needed.add(digest)) {
            return;
        }
        Document document;
        try {
            document = parse(digest);
        } catch (InvalidImageException e) {
            needed.addAll(artifact(digest));
            return;
        }
        switch (document) {
            case Document.Index nested -> {
                for (var manifest : nested.manifests()) {
                    mark(manifest.digest(), needed);
                }
            }
            case Document.Manifest manifest -> {
                needed.add(manifest.config().digest());
                manifest.layers().forEach(layer -> needed.add(layer.digest()));
            }
        }
    }

    /** What a manifest names that is about no image; nothing when it is damaged. */
    private Set<Digest> artifact(Digest digest) throws IOException {
        return attachments()
                .find(digest)
                .map(attached ->
                        attached.content().stream().map(Descriptor::digest).collect(Collectors.toSet()))
                .orElse(Set.of());
    }

    boolean isYoung(Path file) throws IOException {
        return !isOlder(file, YOUNG);
    }

    /** Whether the file has not been touched for so long; not when it is gone. */
    boolean isOlder(Path file, Duration age) throws IOException {
        try {
            return Files.getLastModifiedTime(file)
                    .toInstant()
                    .isBefore(clock.instant().minus(age));
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private Flock lock() throws IOException {
        return lock(root);
    }

    /** The store's lock: of names, roots and leases. */
    static Flock lock(Root root) throws IOException {
        return Flock.exclusive(root.lock("images"));
    }
}
