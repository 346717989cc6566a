package dev.lockstep.reconciler.secret;

import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code external: true} stands for: {@code STACK/secrets/NAME} below a directory of the host's owner, usually
 * {@code /etc/lockstep/stacks}. A file there is believed only when it is root's, closed to all others, and nobody but
 * root can put another in its place.
 */
public final class HostSecrets {
    /** As much as Docker takes is half of it; what is bigger is no secret but a file. */
    public static final int LARGEST = 1 << 20;

    /** Stands in a stack's place for secrets of builds; see {@link #ofBuilds}. */
    public static final String BUILDS = "builds";

    private static final String NAME = "[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}";
    private static final int OTHERS = 077;
    private static final int WRITABLE = 022;
    private static final int STICKY = 01000;

    private final Path directory;

    /** @param directory has one directory for each stack; need not exist */
    public HostSecrets(Path directory) {
        this.directory = directory.toAbsolutePath();
    }

    /**
     * Those of builds: {@code builds/secrets/NAME} beside the directory of the stacks, usually in
     * {@code /etc/lockstep}. None is a stack's, whatever it is called.
     */
    public HostSecrets ofBuilds() {
        return new HostSecrets(Objects.requireNonNull(directory.getParent(), "the directory of the stacks is not /"));
    }

    /**
     * One that is kept.
     *
     * @param changed when its value was set last
     * @param touched when anything about its file was: also who may read it, and that another file took its place
     */
    public record Kept(String stack, String name, Instant changed, Instant touched) {}

    /**
     * The value of a secret, byte for byte; empty when there is none of that name.
     *
     * @throws IOException with a sentence, when the file is not one to be believed
     */
    public Optional<byte[]> find(String stack, String name) throws IOException {
        var file = file(stack, name);
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        requireClosed(file);
        try (var channel = Files.newByteChannel(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
                var in = Channels.newInputStream(channel)) {
            var value = in.readNBytes(LARGEST + 1);
            if (value.length > LARGEST) {
                throw new IOException(file + " has more than " + LARGEST + " bytes, which no secret has.");
            }
            return Optional.of(value);
        }
    }

    /** Gives a secret a value, which replaces the one that it has. */
    public void set(String stack, String name, byte[] value) throws IOException {
        var file = file(stack, name);
        if (value.length == 0 || value.length > LARGEST) {
            throw new IllegalArgumentException(
                    "a secret has 1 to " + LARGEST + " bytes, this one has " + (value.length == 0 ? "none" : "more"));
        }
        var own = Objects.requireNonNull(file.getParent());
        Files.createDirectories(directory);
        for (var missing : new Path[] {directory.resolve(stack), own}) {
            if (Files.notExists(missing)) {
                Files.createDirectory(
                        missing, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        }
        requireSafe(own);
        AtomicFiles.write(file, value);
    }

    /** Forgets a secret; false when there is none of that name. */
    public boolean remove(String stack, String name) throws IOException {
        var file = file(stack, name);
        var there = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        AtomicFiles.delete(file);
        return there;
    }

    /** All of a stack, or of every stack, by name. */
    public List<Kept> list(Optional<String> stack) throws IOException {
        var all = new ArrayList<Kept>();
        for (var one : stack.isPresent() ? List.of(stack.get()) : names(directory)) {
            if (one.matches(NAME)) {
                for (var name : names(directory.resolve(one).resolve("secrets"))) {
                    if (name.matches(NAME)) {
                        var file = file(one, name);
                        all.add(new Kept(
                                one,
                                name,
                                Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                                        .toInstant(),
                                ((FileTime) Files.getAttribute(file, "unix:ctime", LinkOption.NOFOLLOW_LINKS))
                                        .toInstant()));
                    }
                }
            }
        }
        return List.copyOf(all);
    }

    private static List<String> names(Path directory) throws IOException {
        if (Files.notExists(directory)) {
            return List.of();
        }
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> String.valueOf(entry.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    /** Whether a secret may be called so. */
    public static boolean isName(String text) {
        return text.matches(NAME);
    }

    /** Where a secret is kept, or would be. */
    public Path file(String stack, String name) {
        for (var word : List.of(stack, name)) {
            if (!isName(word)) {
                throw new IllegalArgumentException("\"" + word
                        + "\" is no name: letters, digits, dots, dashes and underscores, beginning with a letter or"
                        + " digit");
            }
        }
        return directory.resolve(stack).resolve("secrets").resolve(name);
    }

    /**
     * Believes a file of the host's owner only when it is root's, closed to all others, and nobody but root can put
     * another in its place.
     *
     * @throws IOException with a sentence, and the command that mends it
     */
    public static void requireClosed(Path file) throws IOException {
        requireSafe(Objects.requireNonNull(file.getParent()));
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(
                    file + (Files.isSymbolicLink(file) ? " is a link, which is not followed." : " is not a file."));
        }
        var mode = mode(file);
        if (!isRoots(file) || (mode & OTHERS) != 0) {
            throw new IOException(
                    file + " is open to others than root, so its value is not believed; run chown root:root " + file
                            + " && chmod 600 " + file + ".");
        }
    }

    /** Nobody but root can rename or replace what is in it, all the way up. */
    private static void requireSafe(Path directory) throws IOException {
        for (var at = directory; at != null; at = at.getParent()) {
            if (Files.isSymbolicLink(at)) {
                // The owner's own way of putting it elsewhere; what it leads to counts as well.
                requireSafe(at.toRealPath());
            }
            var mode = mode(at);
            if (!isRoots(at) || (mode & WRITABLE) != 0 && (mode & STICKY) == 0) {
                throw new IOException("others than root may write to " + at
                        + ", so no secret below is believed; run chown root:root " + at + " && chmod go-w " + at + ".");
            }
        }
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode");
    }

    private static boolean isRoots(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid").equals(0);
    }
}
