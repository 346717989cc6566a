package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceContent;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.context.SourceEntry;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.treewalk.CanonicalTreeParser;

/**
 * A commit's files with a {@code .git} among them: a repository of that one commit, without those before it, as a
 * shallow clone is. The same commit makes the same repository.
 */
final class GitDirectory implements SourceDirectory {
    private static final RawPath GIT = new RawPath(Constants.DOT_GIT);

    private final SourceDirectory files;
    private final Path git;

    private GitDirectory(SourceDirectory files, Path git) {
        this.files = files;
        this.git = git;
    }

    /**
     * Puts them together.
     *
     * @param files closed with it
     * @param git as {@link #write} has made it
     */
    static SourceDirectory with(SourceDirectory files, Path git) {
        return new GitDirectory(files, git);
    }

    /**
     * Makes the repository.
     *
     * @param target that is not there
     * @param reader of the commit and all that it names
     * @param url without a login
     */
    static void write(Path target, ObjectReader reader, Revision revision, String url) throws IOException {
        var commit = ObjectId.fromString(revision.commit());
        var tree = ObjectId.fromString(revision.tree());
        try (var repository = new FileRepository(target.toFile())) {
            repository.create(false);
            var parents = 0;
            try (var inserter = repository.getObjectDatabase().newPackInserter()) {
                var loaded = reader.open(commit, Constants.OBJ_COMMIT).getCachedBytes();
                parents = RevCommit.parse(loaded).getParentCount();
                inserter.insert(Constants.OBJ_COMMIT, loaded);
                copyTree(reader, inserter, tree, new HashSet<>());
                inserter.flush();
            }
            if (parents > 0) {
                Files.writeString(target.resolve("shallow"), revision.commit() + "\n", StandardCharsets.US_ASCII);
            }
            Files.writeString(target.resolve(Constants.HEAD), revision.commit() + "\n", StandardCharsets.US_ASCII);
            repository.getConfig().setString("remote", "origin", "url", url);
            repository.getConfig().setString("remote", "origin", "fetch", "+refs/heads/*:refs/remotes/origin/*");
            repository.getConfig().save();
            var index = repository.lockDirCache();
            try (var own = repository.newObjectReader()) {
                var builder = index.builder();
                builder.addTree(new byte[0], DirCacheEntry.STAGE_0, own, tree);
                if (!builder.commit()) {
                    throw new IOException("the index of " + target + " cannot be written");
                }
            } finally {
                index.unlock();
            }
        }
    }

    private static void copyTree(ObjectReader reader, ObjectInserter inserter, ObjectId tree, Set<ObjectId> copied)
            throws IOException {
        if (!copied.add(tree)) {
            return;
        }
        inserter.insert(
                Constants.OBJ_TREE, reader.open(tree, Constants.OBJ_TREE).getCachedBytes());
        var parser = new CanonicalTreeParser(null, reader, tree);
        for (; !parser.eof(); parser.next()) {
            var id = parser.getEntryObjectId();
            if (parser.getEntryFileMode().equals(FileMode.TREE)) {
                copyTree(reader, inserter, id, copied);
            } else if (!parser.getEntryFileMode().equals(FileMode.GITLINK) && copied.add(id)) {
                var loader = reader.open(id, Constants.OBJ_BLOB);
                try (var content = loader.openStream()) {
                    inserter.insert(Constants.OBJ_BLOB, loader.getSize(), content);
                }
            }
        }
    }

    @Override
    public List<RawPath> names() throws IOException {
        var all = new ArrayList<>(files.names());
        all.add(GIT); // Git lets no commit have that name.
        return all;
    }

    @Override
    public Optional<SourceEntry> entry(RawPath name) throws IOException {
        return name.equals(GIT)
                ? Optional.of(SourceEntry.directory(0755, files.self().modified()))
                : files.entry(name);
    }

    @Override
    public SourceEntry self() throws IOException {
        return files.self();
    }

    @Override
    public SourceDirectory directory(RawPath name) throws IOException {
        if (name.equals(GIT)) {
            return OpenDirectory.open(git);
        }
        return name.latin1().equals(".") ? with(files.directory(name), git) : files.directory(name);
    }

    @Override
    public SourceContent open(RawPath name) throws IOException {
        return files.open(name);
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
