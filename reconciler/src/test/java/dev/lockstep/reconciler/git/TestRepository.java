package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.TagBuilder;
import org.eclipse.jgit.revwalk.RevWalk;

/** A bare repository that tests commit to: each commit is the whole set of files that {@link #put} gathered. */
public final class TestRepository implements AutoCloseable {
    private record Entry(FileMode mode, ObjectId id) {}

    private final Path directory;
    private final FileRepository repository;
    private final Map<String, Entry> files = new LinkedHashMap<>();
    private Instant now = Instant.parse("2026-11-24T10:00:00Z");

    private TestRepository(Path directory, FileRepository repository) {
        this.directory = directory;
        this.repository = repository;
    }

    public static TestRepository create(Path directory) throws IOException {
        QuietSystemReader.install();
        var repository = new FileRepository(directory.toFile());
        repository.create(true);
        var head = repository.updateRef(Constants.HEAD);
        head.link("refs/heads/main");
        return new TestRepository(directory, repository);
    }

    public Path directory() {
        return directory;
    }

    public FileRepository repository() {
        return repository;
    }

    /** The object that an expression of gitrevisions(7) names. */
    public ObjectId id(String expression) throws IOException {
        return Optional.ofNullable(repository.resolve(expression)).orElseThrow();
    }

    public TestRepository put(String path, String content) throws IOException {
        return put(path, FileMode.REGULAR_FILE, content);
    }

    public TestRepository putExecutable(String path, String content) throws IOException {
        return put(path, FileMode.EXECUTABLE_FILE, content);
    }

    public TestRepository putLink(String path, String target) throws IOException {
        return put(path, FileMode.SYMLINK, target);
    }

    public TestRepository putSubmodule(String path) {
        return putSubmodule(path, "0123456789012345678901234567890123456789");
    }

    public TestRepository putSubmodule(String path, String commit) {
        files.put(path, new Entry(FileMode.GITLINK, ObjectId.fromString(commit)));
        return this;
    }

    public TestRepository putBytes(String path, byte[] content) throws IOException {
        try (var inserter = repository.newObjectInserter()) {
            files.put(path, new Entry(FileMode.REGULAR_FILE, inserter.insert(Constants.OBJ_BLOB, content)));
            inserter.flush();
        }
        return this;
    }

    private TestRepository put(String path, FileMode mode, String content) throws IOException {
        try (var inserter = repository.newObjectInserter()) {
            files.put(path, new Entry(mode, inserter.insert(Constants.OBJ_BLOB, Constants.encode(content))));
            inserter.flush();
        }
        return this;
    }

    public TestRepository remove(String path) {
        files.keySet().removeIf(f -> f.equals(path) || f.startsWith(path + "/"));
        return this;
    }

    /** Commits to {@code main}. */
    public String commit(String message) throws IOException {
        return commit("refs/heads/main", message);
    }

    public String commit(String ref, String message) throws IOException {
        var parent = repository.resolve(ref);
        var commit = write(message, Optional.ofNullable(parent));
        set(ref, commit);
        return commit;
    }

    /** Replaces the branch by a commit without a parent. */
    public String forcePush(String ref, String message) throws IOException {
        var commit = write(message, Optional.empty());
        set(ref, commit);
        return commit;
    }

    private String write(String message, Optional<ObjectId> parent) throws IOException {
        var cache = DirCache.newInCore();
        var builder = cache.builder();
        for (var file : files.entrySet()) {
            var entry = new DirCacheEntry(file.getKey());
            entry.setFileMode(file.getValue().mode());
            entry.setObjectId(file.getValue().id());
            builder.add(entry);
        }
        builder.finish();
        try (var inserter = repository.newObjectInserter()) {
            var commit = new CommitBuilder();
            commit.setTreeId(cache.writeTree(inserter));
            parent.ifPresent(commit::setParentId);
            var ident = ident();
            commit.setAuthor(ident);
            commit.setCommitter(ident);
            commit.setMessage(message);
            var id = inserter.insert(commit);
            inserter.flush();
            return id.name();
        }
    }

    private PersonIdent ident() {
        now = now.plusSeconds(60);
        return new PersonIdent("Ada", "ada@example.org", now, ZoneOffset.UTC);
    }

    public void set(String ref, String id) throws IOException {
        var update = repository.updateRef(ref, true);
        update.setNewObjectId(ObjectId.fromString(id));
        update.setForceUpdate(true);
        update.update();
    }

    public String annotatedTag(String name, String commit) throws IOException {
        try (var inserter = repository.newObjectInserter();
                var walk = new RevWalk(repository)) {
            var tag = new TagBuilder();
            tag.setTag(name);
            tag.setObjectId(walk.parseCommit(ObjectId.fromString(commit)));
            tag.setTagger(ident());
            tag.setMessage("release " + name);
            var id = inserter.insert(tag);
            inserter.flush();
            set("refs/tags/" + name, id.name());
            return id.name();
        }
    }

    public void delete(String ref) throws IOException {
        var update = repository.updateRef(ref, true);
        update.setForceUpdate(true);
        update.delete();
    }

    /** A source for this repository whose clone lies in a root of its own. */
    public GitSource open(Root root) throws IOException {
        return new GitRepositories(root, GitSettings.defaults()).open(Remote.parse(directory.toString()));
    }

    /** The files of {@code main} as a fresh fetch sees them. */
    public CommitTree fetchMain(GitSource source) throws IOException {
        return source.open(source.fetch(new FollowedRef("main")).revision());
    }

    @Override
    public void close() {
        repository.close();
    }
}
