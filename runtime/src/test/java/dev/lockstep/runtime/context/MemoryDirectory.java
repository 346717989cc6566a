package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** A tree that lies in no file system, as that of a commit. */
final class MemoryDirectory implements SourceDirectory {
    private final TreeMap<String, Object> members = new TreeMap<>();

    /** Adds a directory when the path ends in a slash, else a file; what is missing above it, too. */
    MemoryDirectory add(String latin1, byte[] content) {
        var slash = latin1.indexOf('/');
        if (slash < 0) {
            if (!latin1.isEmpty()) {
                members.put(latin1, content);
            }
            return this;
        }
        ((MemoryDirectory) members.computeIfAbsent(latin1.substring(0, slash), _ -> new MemoryDirectory()))
                .add(latin1.substring(slash + 1), content);
        return this;
    }

    /** Adds a symbolic link. */
    MemoryDirectory link(String latin1, String target) {
        members.put(latin1, target);
        return this;
    }

    @Override
    public List<RawPath> names() {
        return members.descendingKeySet().stream().map(RawPath::new).toList();
    }

    @Override
    public Optional<SourceEntry> entry(RawPath name) {
        return Optional.ofNullable(members.get(name.latin1())).map(member -> switch (member) {
            case byte[] content -> SourceEntry.file(0644, content.length, Instant.EPOCH);
            case String target -> SourceEntry.symlink(new RawPath(target), Instant.EPOCH);
            default -> self();
        });
    }

    @Override
    public SourceEntry self() {
        return SourceEntry.directory(0755, Instant.EPOCH);
    }

    @Override
    public SourceDirectory directory(RawPath name) throws IOException {
        if (name.latin1().equals(".")) {
            return this;
        }
        if (members.get(name.latin1()) instanceof MemoryDirectory directory) {
            return directory;
        }
        throw new FileNotFoundException(name + " is no directory");
    }

    @Override
    public SourceContent open(RawPath name) throws IOException {
        if (members.get(name.latin1()) instanceof byte[] content) {
            return SourceContent.of(new ByteArrayInputStream(content));
        }
        throw new FileNotFoundException(name + " is no file");
    }

    @Override
    public void close() {
        // Holds nothing.
    }
}
