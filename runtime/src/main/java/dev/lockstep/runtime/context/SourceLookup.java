package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Finds paths in a source tree, component by component: links are followed inside its root, {@code ..} of the root is
 * the root, and what is ignored is not there.
 */
final class SourceLookup implements AutoCloseable {
    /** As many links as Linux follows (path_resolution(7)). */
    private static final int LINKS = 40;

    private static final RawPath HERE = new RawPath(".");

    private final SourceTree tree;
    /** The way from the root, without it; all open. */
    private final Deque<Step> way = new ArrayDeque<>();

    /** Where the way ended. */
    private RawPath missing = new RawPath("");
    /** Whether there is something, and it is ignored. */
    private boolean hidden;

    /** A directory on the way. */
    private record Step(RawPath name, SourceDirectory directory, Ignore.Match ignored) {}

    /**
     * Where something is.
     *
     * @param directory that it is in, closed with this
     * @param name in it; {@code .} is the root itself
     * @param path from the root, without links; empty for the root
     * @param ignored what became of it
     */
    record Found(SourceDirectory directory, RawPath name, RawPath path, SourceEntry entry, Ignore.Match ignored)
            implements AutoCloseable {
        /** Opens it, which is a directory. */
        SourceDirectory open() throws IOException {
            return directory.directory(name);
        }

        @Override
        public void close() throws IOException {
            directory.close();
        }
    }

    private SourceLookup(SourceTree tree) {
        this.tree = tree;
    }

    /**
     * Finds a path.
     *
     * @param path as somebody wrote it, one character per byte
     * @return empty when there is nothing
     */
    static Optional<Found> find(SourceTree tree, String path) throws IOException {
        try (var lookup = new SourceLookup(tree)) {
            return lookup.find(path);
        }
    }

    /**
     * Finds a path that must be there.
     *
     * @throws ContextException with what of it is missing: of a link what it leads to
     */
    static Found require(SourceTree tree, String path) throws IOException {
        try (var lookup = new SourceLookup(tree)) {
            var found = lookup.find(path);
            if (found.isPresent()) {
                return found.get();
            }
            var asked = Ignore.clean("/" + path);
            var missing = "/" + lookup.missing.latin1();
            var through = asked.equals(missing) ? "" : " (on the way to \"" + text(asked) + "\")";
            throw new ContextException("\"" + text(missing) + "\": not found" + through
                    + (lookup.hidden ? "; the ignore file leaves it out" : ""));
        }
    }

    private Optional<Found> find(String path) throws IOException {
        var rest = new ArrayDeque<>(parts(path));
        for (var links = 0; !rest.isEmpty(); ) {
            var part = rest.removeFirst();
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                if (!way.isEmpty()) {
                    way.pop().directory().close();
                }
                continue;
            }
            var name = new RawPath(part);
            var ignored = tree.ignore().match(below(name), above());
            var entry = directory().entry(name);
            if (entry.isEmpty() || isHidden(name, entry.get(), ignored)) {
                hidden = entry.isPresent();
                missing = below(name);
                rest.stream()
                        .filter(other -> !other.isEmpty())
                        .forEach(other -> missing = new RawPath(missing.latin1() + "/" + other));
                return Optional.empty();
            }
            if (entry.get().isSymlink()) {
                if (++links > LINKS) {
                    throw new ContextException("too many symlinks on the way to \"" + text(path) + "\"");
                }
                var target = entry.get().link().latin1();
                if (target.startsWith("/")) {
                    clear();
                }
                parts(target).reversed().forEach(rest::addFirst);
                continue;
            }
            if (entry.get().isDirectory()) {
                way.push(new Step(name, directory().directory(name), ignored));
                continue;
            }
            if (rest.stream().allMatch(String::isEmpty)) {
                return Optional.of(new Found(directory().directory(HERE), name, below(name), entry.get(), ignored));
            }
            missing = new RawPath(below(name).latin1() + "/" + String.join("/", rest));
            return Optional.empty();
        }
        var here =
                new Found(directory().directory(HERE), HERE, path(), directory().self(), above());
        if (above().ignored() && !holdsSomething(here)) {
            here.close();
            hidden = true;
            missing = path();
            return Optional.empty();
        }
        return Optional.of(here);
    }

    /** An ignored directory is there for what is taken back in it, and only then. */
    private boolean holdsSomething(Found directory) throws IOException {
        var any = new boolean[1];
        new SourceWalk(tree, Ignore.NOTHING, Optional.empty(), new SourceWalk.Receiver() {
                    @Override
                    public void enter(RawPath name, SourceEntry entry) {
                        any[0] = true;
                    }

                    @Override
                    public void member(SourceDirectory parent, RawPath name, SourceEntry entry) {
                        any[0] = true;
                    }

                    @Override
                    public void leave() {
                        // Nothing is counted.
                    }
                })
                .content(directory);
        return any[0];
    }

    private boolean isHidden(RawPath name, SourceEntry entry, Ignore.Match ignored) {
        return ignored.ignored() && !(entry.isDirectory() && tree.ignore().mayTakeBackBelow(below(name)));
    }

    private static List<String> parts(String path) {
        return new ArrayList<>(Arrays.asList(path.split("/", -1)));
    }

    private SourceDirectory directory() {
        return way.isEmpty() ? tree.root() : way.peek().directory();
    }

    private Ignore.Match above() {
        return way.isEmpty() ? Ignore.Match.ROOT : way.peek().ignored();
    }

    private RawPath path() {
        return new RawPath(String.join(
                "/", way.reversed().stream().map(step -> step.name().latin1()).toList()));
    }

    private RawPath below(RawPath name) {
        return way.isEmpty() ? name : new RawPath(path().latin1() + "/" + name.latin1());
    }

    private static String text(String latin1) {
        return new RawPath(latin1).toString();
    }

    private void clear() throws IOException {
        while (!way.isEmpty()) {
            way.pop().directory().close();
        }
    }

    @Override
    public void close() throws IOException {
        clear();
    }
}
