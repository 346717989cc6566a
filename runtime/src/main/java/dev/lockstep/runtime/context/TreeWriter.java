package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;

/**
 * Writes what a walk tells into a directory. What is there already stays beside it; a directory that is there takes
 * what the source says of it.
 */
final class TreeWriter implements SourceWalk.Receiver, AutoCloseable {
    private static final byte[] NOTHING = {};

    private final Directory top;
    private final Function<SourceEntry, Planned> plan;
    private final FileWriter files;
    private final EntryDigest digest;
    private final Deque<Level> levels = new ArrayDeque<>();
    /** Of the innermost directory, from the root that is written to. */
    private final List<String> place;

    private record Level(Directory directory, RawPath name, Planned planned) {}

    TreeWriter(
            Directory top,
            List<String> place,
            Function<SourceEntry, Planned> plan,
            FileWriter files,
            EntryDigest digest) {
        this.top = top;
        this.place = new ArrayList<>(place);
        this.plan = plan;
        this.files = files;
        this.digest = digest;
        files.forgetLinks();
    }

    private Directory directory() {
        return levels.isEmpty() ? top : levels.peek().directory();
    }

    @Override
    public void enter(RawPath name, SourceEntry entry) throws IOException {
        var parent = directory();
        var status = parent.status(name);
        place.add(name.latin1());
        if (status.isEmpty()) {
            parent.makeDirectory(name, 0700);
        } else if (!status.get().isDirectory()) {
            throw new ContextException("cannot copy to non-directory: /" + Destination.shown(place));
        }
        var planned = plan.apply(entry);
        digest.entry(name, planned, NOTHING);
        levels.push(new Level(parent.directory(name), name, planned));
    }

    @Override
    public void member(SourceDirectory directory, RawPath name, SourceEntry entry) throws IOException {
        if (entry.type() == FileStatus.Type.SOCKET) {
            return; // means nothing without the process that listens
        }
        var planned = plan.apply(entry);
        digest.entry(name, planned, files.write(directory, name, planned, directory(), name, place));
    }

    /** Times last: what is put into a directory changes them. */
    @Override
    public void leave() throws IOException {
        var level = levels.pop();
        level.directory().close();
        place.removeLast();
        files.describe(directory(), level.name(), level.planned());
        digest.leave();
    }

    @Override
    public void close() {
        levels.forEach(level -> level.directory().close());
        levels.clear();
    }
}
