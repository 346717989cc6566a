package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.context.SourceContent;
import dev.lockstep.runtime.context.SourceDirectory;
import dev.lockstep.runtime.context.SourceEntry;
import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.treewalk.CanonicalTreeParser;

/**
 * A directory of a commit as a source of files for a build: read from the objects, no file of it is written for that.
 * Names keep their bytes. Modes are 0644, 0755 and 0755 for directories; all times are that of the commit, so that the
 * same commit is the same everywhere. Holds nothing open.
 */
final class CommitDirectory implements SourceDirectory {
    private static final int LINK_LENGTH = 4096;

    private final CommitTree tree;
    private final Submodules submodules;
    private final CommitObjects objects;
    private final Instant committed;
    private final RawPath path;
    private final Map<RawPath, Member> members;

    private record Member(FileMode mode, ObjectId id) {}

    private CommitDirectory(
            CommitTree tree,
            Submodules submodules,
            CommitObjects objects,
            Instant committed,
            RawPath path,
            Map<RawPath, Member> members) {
        this.tree = tree;
        this.submodules = submodules;
        this.objects = objects;
        this.committed = committed;
        this.path = path;
        this.members = members;
    }

    /** Opens a tree object. */
    static CommitDirectory open(
            CommitTree tree, Submodules submodules, CommitObjects objects, Instant committed, RawPath path, ObjectId id)
            throws GitException {
        var members = objects.read(reader -> members(reader, id));
        return new CommitDirectory(tree, submodules, objects, committed, path, members);
    }

    private static Map<RawPath, Member> members(ObjectReader reader, ObjectId id) throws IOException {
        var members = new TreeMap<RawPath, Member>((a, b) -> a.latin1().compareTo(b.latin1()));
        var parser = new CanonicalTreeParser(null, reader, id);
        for (; !parser.eof(); parser.next()) {
            var name = new byte[parser.getNameLength()];
            parser.getName(name, 0);
            members.put(RawPath.of(name), new Member(parser.getEntryFileMode(), parser.getEntryObjectId()));
        }
        return members;
    }

    private RawPath at(RawPath name) {
        return path.isEmpty() ? name : new RawPath(path.latin1() + "/" + name.latin1());
    }

    @Override
    public List<RawPath> names() {
        return List.copyOf(members.keySet());
    }

    @Override
    public SourceEntry self() {
        return SourceEntry.directory(0755, committed);
    }

    @Override
    public Optional<SourceEntry> entry(RawPath name) throws IOException {
        var member = members.get(name);
        return member == null ? Optional.empty() : Optional.of(entry(name, member));
    }

    private SourceEntry entry(RawPath name, Member member) throws IOException {
        return switch (TreeEntry.Mode.of(member.mode().getBits())) {
            case DIRECTORY, GITLINK -> self();
            case FILE -> SourceEntry.file(0644, size(member), committed);
            case EXECUTABLE -> SourceEntry.file(0755, size(member), committed);
            case SYMLINK -> SourceEntry.symlink(link(name, member), committed);
        };
    }

    private long size(Member member) throws GitException {
        return objects.read(reader -> reader.getObjectSize(member.id(), Constants.OBJ_BLOB));
    }

    private RawPath link(RawPath name, Member member) throws GitException {
        var text = objects.read(reader -> {
            var loader = reader.open(member.id(), Constants.OBJ_BLOB);
            return loader.getSize() > LINK_LENGTH ? new byte[0] : loader.getCachedBytes();
        });
        var latin1 = new String(text, StandardCharsets.ISO_8859_1);
        if (latin1.isEmpty() || latin1.indexOf('\0') >= 0) {
            throw tree.refused(at(name) + " is a symbolic link with a text that Linux does not allow");
        }
        return new RawPath(latin1);
    }

    @Override
    public SourceDirectory directory(RawPath name) throws IOException {
        if (name.latin1().equals(".")) {
            return this;
        }
        var member = members.get(name);
        if (member != null && member.mode().equals(FileMode.GITLINK)) {
            return submodules.open(at(name).toString(), member.id().name());
        }
        if (member == null || !member.mode().equals(FileMode.TREE)) {
            throw tree.refused(at(name) + " is no directory");
        }
        return open(tree, submodules, objects, committed, at(name), member.id());
    }

    @Override
    public SourceContent open(RawPath name) throws IOException {
        var member = members.get(name);
        if (member == null || TreeEntry.Mode.of(member.mode().getBits()) == TreeEntry.Mode.DIRECTORY) {
            throw tree.refused(at(name) + " is no file");
        }
        var loader = objects.read(reader -> reader.open(member.id(), Constants.OBJ_BLOB));
        return SourceContent.of(
                loader.isLarge() ? loader.openStream() : new ByteArrayInputStream(loader.getCachedBytes()));
    }

    @Override
    public void close() {
        // Objects are read when they are asked for.
    }
}
