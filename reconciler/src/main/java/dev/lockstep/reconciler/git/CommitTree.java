package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.spec.load.FileTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.errors.ConfigInvalidException;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * The files of one commit, read from the clone's objects: bytes as they were committed, no filters, no line-ending
 * conversion. Any number of threads may read. Valid as long as what it came from is open.
 *
 * <p>Paths are relative to the repository's root. Symbolic links are followed inside the commit and never out of it: a
 * link to {@code /etc/shadow} or {@code ../..} is refused, whatever exists there.
 */
public final class CommitTree implements FileTree {
    // As many as Linux follows (path_resolution(7)).
    private static final int LINKS = 40;
    private static final int LINK_LENGTH = 4096;

    private final CommitObjects source;
    private final Revision revision;

    CommitTree(CommitObjects source, Revision revision) {
        this.source = source;
        this.revision = revision;
    }

    public Revision revision() {
        return revision;
    }

    /** When it was committed, in whole seconds, by the clock of who did. */
    public Instant committed() throws GitException {
        return source.read(reader -> Revisions.committed(reader, revision));
    }

    /** Whether this commit is that one or comes after it; false as well when that one is not in the clone. */
    public boolean follows(String commit) throws GitException {
        return source.read(reader -> Revisions.isAncestor(reader, commit, revision.commit()));
    }

    /**
     * Values of a trailer of this commit's message, and of those of the commits that it merges: a message that a code
     * host writes for a merge says nothing.
     *
     * @param key in any case
     */
    public List<String> trailers(String key) throws GitException {
        return source.read(reader -> Revisions.trailers(reader, revision, key));
    }

    /** Keeps this commit in its clone, as {@link GitSource#pin} does. */
    public void pin(String name) throws GitException {
        source.pin(name, revision);
    }

    /** How much may be taken from this commit. */
    public GitSettings.Limits limits() {
        return source.settings().limits();
    }

    /** Which commits the lines of its files come from; all answers together take no longer than that. */
    public LineHistory lines(Duration budget) {
        return new LineHistory(source, revision.commit(), budget);
    }

    /** What stands at exactly this path, links not followed. Empty path: the root. */
    public Optional<TreeEntry> entry(String path) throws GitException {
        var normal = normal(path);
        return source.read(reader -> find(reader, normal));
    }

    /**
     * What the path leads to, links followed inside the commit; the result's path is where it really stands.
     *
     * @throws GitException {@link Kind#REFUSED} for a link that leaves the commit or goes in circles
     */
    public Optional<TreeEntry> resolve(String path) throws GitException {
        var normal = normal(path);
        return source.read(reader -> follow(reader, normal));
    }

    /**
     * Content of a file, links followed inside the commit. Absent: there is nothing, or a directory.
     *
     * @throws GitException {@link Kind#REFUSED} for files above the limit for text, links that leave, submodules
     */
    @Override
    public Optional<byte[]> read(String path) throws GitException {
        var found = resolve(path);
        if (found.isEmpty() || found.get().isDirectory()) {
            return Optional.empty();
        }
        var entry = found.get();
        requireFile(entry);
        var limit = source.settings().limits().textFile();
        var size = size(entry);
        if (size > limit) {
            throw refused(entry.path() + " has " + size + " bytes; at most " + limit + " are read");
        }
        var bytes = new ByteArrayOutputStream((int) size);
        copy(entry, bytes);
        return Optional.of(bytes.toByteArray());
    }

    /** Whether there is a file that may be executed, links followed inside the commit. */
    public boolean isExecutable(String path) throws GitException {
        return resolve(path)
                .filter(entry -> entry.mode() == TreeEntry.Mode.EXECUTABLE)
                .isPresent();
    }

    /**
     * The names in a directory, sorted; links to directories count as directories. None where there is no directory.
     */
    @Override
    public List<Entry> list(String directory) throws GitException {
        var found = resolve(directory);
        if (found.isEmpty() || !found.get().isDirectory()) {
            return List.of();
        }
        var entries = new ArrayList<Entry>();
        for (var child : children(found.get())) {
            entries.add(new Entry(child.name(), leadsToDirectory(child)));
        }
        entries.sort(Comparator.comparing(Entry::name));
        return List.copyOf(entries);
    }

    @Override
    public void requireInside(String path) throws IOException {
        FileTree.super.requireInside(path);
        resolve(path);
    }

    private boolean leadsToDirectory(TreeEntry entry) throws GitException {
        if (entry.mode() != TreeEntry.Mode.SYMLINK) {
            return entry.isDirectory();
        }
        try {
            return resolve(entry.path()).filter(TreeEntry::isDirectory).isPresent();
        } catch (GitException e) {
            if (e.kind() == Kind.REFUSED) {
                // Listing a directory is no reason to complain about a link that nobody uses.
                return false;
            }
            throw e;
        }
    }

    /** The directory above, up to the repository's root. */
    @Override
    public Optional<String> parent(String directory) {
        return directory.isEmpty() ? Optional.empty() : Optional.of(RepositoryPath.parent(directory));
    }

    /** Last part of the directory; the root is called as the repository is. */
    @Override
    public String nameOf(String directory) {
        return directory.isEmpty() ? source.name() : FileTree.super.nameOf(directory);
    }

    /** The names in a directory of this commit, links among them as they are. */
    public List<TreeEntry> children(TreeEntry directory) throws GitException {
        return source.read(reader -> {
            var entries = new ArrayList<TreeEntry>();
            try (var walk = new TreeWalk(reader)) {
                walk.addTree(ObjectId.fromString(directory.objectId()));
                while (walk.next()) {
                    entries.add(entry(walk, directory.path()));
                }
            }
            return List.copyOf(entries);
        });
    }

    /** Everything below a directory but the directories themselves, in Git's order. */
    public List<TreeEntry> walk(TreeEntry directory) throws GitException {
        return source.read(reader -> {
            var entries = new ArrayList<TreeEntry>();
            try (var walk = new TreeWalk(reader)) {
                walk.addTree(ObjectId.fromString(directory.objectId()));
                walk.setRecursive(true);
                while (walk.next()) {
                    entries.add(entry(walk, directory.path()));
                }
            }
            return List.copyOf(entries);
        });
    }

    /** Bytes of a file or of a link's text. */
    public long size(TreeEntry entry) throws GitException {
        return source.read(reader -> reader.getObjectSize(ObjectId.fromString(entry.objectId()), Constants.OBJ_BLOB));
    }

    /**
     * Writes a file's content. Nothing is written before the object is known to be readable; a damaged object may fail
     * in the middle.
     *
     * @throws IOException from {@code target} only
     */
    public void copyTo(TreeEntry entry, OutputStream target) throws IOException {
        source.copy(entry.objectId(), target);
    }

    private void copy(TreeEntry entry, ByteArrayOutputStream target) throws GitException {
        try {
            copyTo(entry, target);
        } catch (IOException e) {
            throw new IllegalStateException("a byte array cannot fail", e);
        }
    }

    /** Text of a symbolic link. */
    public String linkTarget(TreeEntry link) throws GitException {
        return source.read(reader -> linkText(reader, link));
    }

    /**
     * A directory of this commit as files for a build; links on the way to it are followed inside the commit. Good as
     * long as this is.
     *
     * @param path of a directory, empty for the whole commit
     * @throws GitException when there is no such directory
     */
    public SourceDirectory directory(String path) throws GitException {
        return directory(path, (at, _) -> {
            throw refused(at + " is a submodule; its files are not part of this repository."
                    + " Name it in .dockerignore when the build does not need it");
        });
    }

    /** The same with what it names of other repositories. */
    public SourceDirectory directory(String path, Submodules submodules) throws GitException {
        var entry = resolve(path).filter(TreeEntry::isDirectory);
        if (entry.isEmpty()) {
            throw refused("there is no directory \"" + path + "\"");
        }
        var committed = committed();
        return CommitDirectory.open(
                this,
                submodules,
                source,
                committed,
                RawPath.of(entry.get().path()),
                ObjectId.fromString(entry.get().objectId()));
    }

    /**
     * All files of this commit with a {@code .git} among them.
     *
     * @param git where that lies meanwhile; is made when it is not there
     * @param remote that it names as where it is from, without a login
     */
    public SourceDirectory withGit(Path git, Remote remote, Submodules submodules) throws IOException {
        if (Files.notExists(git)) {
            source.read(reader -> {
                GitDirectory.write(git, reader, revision, remote.url());
                return git;
            });
        }
        return GitDirectory.with(directory("", submodules), git);
    }

    /**
     * Where submodules are from, by their paths: what {@code .gitmodules} says (gitmodules(5)).
     *
     * @throws GitException when it cannot be read
     */
    public Map<String, String> submodules() throws GitException {
        var text = read(".gitmodules");
        if (text.isEmpty()) {
            return Map.of();
        }
        var config = new Config();
        try {
            config.fromText(new String(text.get(), StandardCharsets.UTF_8));
        } catch (ConfigInvalidException e) {
            throw refused(".gitmodules is damaged: " + e.getMessage());
        }
        var addresses = new TreeMap<String, String>();
        for (var name : config.getSubsections("submodule")) {
            var path = config.getString("submodule", name, "path");
            var url = config.getString("submodule", name, "url");
            if (path != null && url != null) {
                addresses.put(path.replaceAll("/+$", ""), url);
            }
        }
        return addresses;
    }

    private Optional<TreeEntry> find(ObjectReader reader, String path) throws IOException {
        var root = ObjectId.fromString(revision.tree());
        if (path.isEmpty()) {
            return Optional.of(new TreeEntry("", TreeEntry.Mode.DIRECTORY, revision.tree()));
        }
        try (var walk = TreeWalk.forPath(reader, path, root)) {
            return walk == null
                    ? Optional.empty()
                    : Optional.of(
                            new TreeEntry(path, mode(walk), walk.getObjectId(0).name()));
        }
    }

    /** Goes name by name, as a kernel would whose root is the commit and who is not let out of it. */
    private Optional<TreeEntry> follow(ObjectReader reader, String path) throws IOException {
        var rest = path;
        var here = "";
        for (var links = 0; ; ) {
            if (rest.isEmpty()) {
                return find(reader, here);
            }
            var slash = rest.indexOf('/');
            var name = slash < 0 ? rest : rest.substring(0, slash);
            var after = slash < 0 ? "" : rest.substring(slash + 1);
            var at = RepositoryPath.child(here, name);
            var entry = find(reader, at);
            if (entry.isEmpty()) {
                return Optional.empty();
            }
            if (entry.get().mode() != TreeEntry.Mode.SYMLINK) {
                here = at;
                rest = after;
                continue;
            }
            if (++links > LINKS) {
                throw refused(path + ": too many symbolic links, or they go in circles");
            }
            var target = linkText(reader, entry.get());
            // The rest is kept apart: "a/link/.." is the parent of where the link leads.
            var resolved = RepositoryPath.resolve(here, target);
            if (resolved.isEmpty()) {
                throw refused(at + " is a symbolic link that leaves the repository: " + target);
            }
            rest = after.isEmpty() ? resolved.get() : RepositoryPath.child(resolved.get(), after);
            here = "";
        }
    }

    private String linkText(ObjectReader reader, TreeEntry link) throws IOException {
        var loader = reader.open(ObjectId.fromString(link.objectId()), Constants.OBJ_BLOB);
        if (loader.getSize() > LINK_LENGTH) {
            throw refused(link.path() + " is a symbolic link of " + loader.getSize() + " bytes");
        }
        return new String(loader.getCachedBytes(), StandardCharsets.UTF_8);
    }

    private void requireFile(TreeEntry entry) throws GitException {
        if (entry.mode() == TreeEntry.Mode.GITLINK) {
            throw refused(entry.path() + " is a submodule; its files are not part of this repository");
        }
    }

    private static TreeEntry entry(TreeWalk walk, String below) {
        return new TreeEntry(
                RepositoryPath.child(below, walk.getPathString()),
                mode(walk),
                walk.getObjectId(0).name());
    }

    private static TreeEntry.Mode mode(TreeWalk walk) {
        FileMode mode = walk.getFileMode(0);
        return TreeEntry.Mode.of(mode.getBits());
    }

    private String normal(String path) throws GitException {
        return RepositoryPath.resolve("", path).orElseThrow(() -> refused(path + " leaves the repository"));
    }

    /** An exception about this commit's content; the message names repository and commit. */
    public GitException refused(String problem) {
        return new GitException(
                Kind.REFUSED, "repository " + revision.repository() + " at " + revision.shortCommit() + ": " + problem);
    }

    @Override
    public String toString() {
        return revision.repository() + "@" + revision.commit();
    }
}
