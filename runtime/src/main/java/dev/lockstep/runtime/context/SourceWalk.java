package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.SortedNames;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Goes through what a copy takes of a directory, in the order of names: what is ignored, excluded or not asked for is
 * left out, and directories come with the first thing in them that is taken. Holds names of one directory for each
 * level, of a huge one not all at once, and nothing of the rest.
 */
final class SourceWalk {
    /** A process can nest directories without end, and each open one costs a descriptor. */
    private static final int DEEPEST = 2000;

    private final SourceTree tree;
    private final Ignore excludes;
    private final Optional<Ignore> includes;
    private final Receiver receiver;
    /** From the innermost to the top. No recursion: how deep it goes is up to whoever made the tree. */
    private final Deque<Level> levels = new ArrayDeque<>();

    /** Where it goes. */
    interface Receiver {
        /** A directory that is taken; what follows up to its {@link #leave} is in it. */
        void enter(RawPath name, SourceEntry entry) throws IOException;

        /** Anything else that is taken. */
        void member(SourceDirectory directory, RawPath name, SourceEntry entry) throws IOException;

        /** The end of the directory that was entered last. */
        void leave() throws IOException;
    }

    /** A directory that is gone through. */
    private static final class Level {
        final SourceDirectory directory;
        final RawPath name;
        final SourceEntry entry;
        /** From the root of the tree, and from where the walk begins; with a slash at their ends unless empty. */
        final String path;

        final String relative;
        final Verdict verdict;
        final SortedNames names;
        boolean entered;

        Level(SourceDirectory directory, RawPath name, SourceEntry entry, String path, String relative, Verdict verdict)
                throws IOException {
            this.directory = directory;
            this.name = name;
            this.entry = entry;
            this.path = path;
            this.relative = relative;
            this.verdict = verdict;
            this.names = directory.sortedNames();
        }
    }

    /** What the patterns say of a path. */
    private record Verdict(Ignore.Match ignored, Ignore.Match excluded, Ignore.Match included) {}

    /**
     * @param excludes relative to where the walk begins
     * @param includes what is asked for, relative to where the walk begins; everything when empty
     */
    SourceWalk(SourceTree tree, Ignore excludes, Optional<Ignore> includes, Receiver receiver) {
        this.tree = tree;
        this.excludes = excludes;
        this.includes = includes;
        this.receiver = receiver;
    }

    /** Goes through what is in a directory. The directory itself is not told. */
    void content(SourceLookup.Found top) throws IOException {
        try {
            var path = top.path().isEmpty() ? "" : top.path().latin1() + "/";
            var start = new Verdict(top.ignored(), Ignore.Match.ROOT, Ignore.Match.ROOT);
            var first = new Level(top.open(), top.name(), top.entry(), path, "", start);
            first.entered = true;
            levels.push(first);
            while (!levels.isEmpty()) {
                var level = levels.peek();
                if (level.names.hasNext()) {
                    next(level, level.names.next());
                    continue;
                }
                levels.pop().directory.close();
                if (level.entered && !levels.isEmpty()) {
                    receiver.leave();
                }
            }
        } finally {
            for (var level : levels) {
                level.directory.close();
            }
            levels.clear();
        }
    }

    private void next(Level level, RawPath name) throws IOException {
        var entry = level.directory.entry(name);
        if (entry.isEmpty()) {
            return; // went away since it was listed
        }
        var path = new RawPath(level.path + name.latin1());
        var relative = new RawPath(level.relative + name.latin1());
        var verdict = new Verdict(
                tree.ignore().match(path, level.verdict.ignored()),
                excludes.match(relative, level.verdict.excluded()),
                includes.isEmpty() ? Ignore.Match.ROOT : includes.get().match(relative, level.verdict.included()));
        var taken = !verdict.ignored().ignored()
                && !verdict.excluded().ignored()
                && (includes.isEmpty() || verdict.included().ignored());
        if (!entry.get().isDirectory()) {
            if (taken) {
                enterAll();
                receiver.member(level.directory, name, entry.get());
            }
            return;
        }
        if (!taken && !mayHoldSomething(path, relative, verdict)) {
            return;
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
        if (levels.size() > DEEPEST) {
            throw new ContextException("directories are nested more than " + DEEPEST + " deep at " + path);
        }
        levels.push(new Level(
                level.directory.directory(name),
                name,
                entry.get(),
                path.latin1() + "/",
                relative.latin1() + "/",
                verdict));
        if (taken) {
            enterAll();
        }
    }

    private boolean mayHoldSomething(RawPath path, RawPath relative, Verdict verdict) {
        return (!verdict.ignored().ignored() || tree.ignore().mayTakeBackBelow(path))
                && (!verdict.excluded().ignored() || excludes.mayTakeBackBelow(relative))
                && (includes.isEmpty()
                        || verdict.included().ignored()
                        || includes.get().mayMatchBelow(relative));
    }

    private void enterAll() throws IOException {
        for (var levelsDown = levels.descendingIterator(); levelsDown.hasNext(); ) {
            var level = levelsDown.next();
            if (!level.entered) {
                level.entered = true;
                receiver.enter(level.name, level.entry);
            }
        }
    }
}
