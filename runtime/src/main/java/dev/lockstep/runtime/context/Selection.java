package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the sources of a request stand for. A path without {@code *}, {@code ?} and {@code [} must be there; a pattern
 * may match nothing. Components of a pattern match one component each, and never go through a link.
 */
final class Selection {
    private final CopyRequest request;

    Selection(CopyRequest request) {
        this.request = request;
    }

    /**
     * Something that is copied.
     *
     * @param source that it is of
     * @param path in the tree of its source, not resolved; one character per byte
     * @param byPattern whether a pattern matched it
     * @param include what of it is asked for with {@code --parents}
     */
    record Pick(CopySource source, String path, boolean byPattern, Optional<Ignore> include) {
        /** The last component, as it was asked for: of a link its own name. */
        RawPath baseName() {
            var clean = Ignore.clean("/" + path);
            return clean.equals("/") ? new RawPath(".") : new RawPath(clean.substring(clean.lastIndexOf('/') + 1));
        }

        /** Whether a file is left out after all; what is in a directory is looked at by its walk. */
        boolean leavesOut(CopyRequest request, SourceEntry entry, RawPath name) {
            return entry.type() == FileStatus.Type.SOCKET // means nothing without the process that listens
                    || byPattern
                            && !entry.isDirectory()
                            && request.excludes().match(name).ignored();
        }

        /**
         * Opens it.
         *
         * @throws ContextException when it is not there
         */
        SourceLookup.Found find() throws IOException {
            return SourceLookup.require(source.tree(), path);
        }
    }

    /** All of it, in order; what a pattern matches by name. */
    List<Pick> picks() throws IOException {
        var picks = new ArrayList<Pick>();
        for (var source : request.sources()) {
            var written = RawPath.of(source.path()).latin1();
            // As BuildKit: what ".." takes back is never looked for, be it a pattern, a link, or not there.
            var path = Ignore.clean("/" + written).substring(1);
            if (request.parents()) {
                picks.addAll(parents(source, written));
            } else if (Glob.isPattern(path)) {
                for (var match : matches(source.tree(), path)) {
                    picks.add(new Pick(source, match, true, Optional.empty()));
                }
            } else {
                picks.add(new Pick(source, path, false, Optional.empty()));
            }
        }
        return picks;
    }

    /** The part behind {@code /./} is kept below the destination; without one, all is. */
    private List<Pick> parents(CopySource source, String path) throws IOException {
        var pivot = path.indexOf("/./");
        var base = pivot < 0 ? "/" : path.substring(0, pivot);
        var pattern = Ignore.clean("/" + (pivot < 0 ? path : path.substring(pivot + 3)))
                .substring(1);
        if (!Glob.isPattern(base) && !Glob.isPattern(pattern)) {
            // Only looked for: a name that is not there is an error, a pattern without a match is none.
            new Pick(source, base + "/" + pattern, false, Optional.empty())
                    .find()
                    .close();
        }
        var include = pattern.isEmpty() ? Optional.<Ignore>empty() : Optional.of(Ignore.ofPattern(pattern));
        if (!Glob.isPattern(base)) {
            return List.of(new Pick(source, base, true, include));
        }
        var picks = new ArrayList<Pick>();
        for (var match : matches(source.tree(), Ignore.clean("/" + base).substring(1))) {
            var pick = new Pick(source, match, true, include);
            try (var found = pick.find()) {
                // Of a file there is nothing behind the pivot.
                if (found.entry().isDirectory()) {
                    picks.add(pick);
                }
            }
        }
        return picks;
    }

    private static List<String> matches(SourceTree tree, String path) throws IOException {
        var parts = path.split("/", -1);
        var literal = 0;
        while (!Glob.isPattern(parts[literal])) {
            literal++;
        }
        var base = String.join("/", List.of(parts).subList(0, literal));
        var globs = new ArrayList<Glob>();
        for (var part : List.of(parts).subList(literal, parts.length)) {
            globs.add(Glob.of(part));
        }
        var matches = new ArrayList<String>();
        try (var found = SourceLookup.find(tree, base).orElse(null)) {
            if (found != null && found.entry().isDirectory()) {
                try (var directory = found.open()) {
                    match(tree, directory, found.path().latin1(), found.ignored(), globs, base, matches);
                }
            }
        }
        return matches;
    }

    private static void match(
            SourceTree tree,
            SourceDirectory directory,
            String path,
            Ignore.Match above,
            List<Glob> globs,
            String shown,
            List<String> matches)
            throws IOException {
        for (var name : directory.names().stream().map(RawPath::latin1).sorted().toList()) {
            if (!globs.getFirst().matches(name)) {
                continue;
            }
            var at = new RawPath(path.isEmpty() ? name : path + "/" + name);
            var entry = directory.entry(new RawPath(name));
            var ignored = tree.ignore().match(at, above);
            if (entry.isEmpty()
                    || ignored.ignored()
                            && !(entry.get().isDirectory() && tree.ignore().mayTakeBackBelow(at))) {
                continue;
            }
            var below = shown + "/" + name;
            if (globs.size() == 1) {
                if (!ignored.ignored() || isThere(tree, below)) {
                    matches.add(below);
                }
            } else if (entry.get().isDirectory()) {
                try (var inner = directory.directory(new RawPath(name))) {
                    match(tree, inner, at.latin1(), ignored, globs.subList(1, globs.size()), below, matches);
                }
            }
        }
    }

    private static boolean isThere(SourceTree tree, String path) throws IOException {
        try (var found = SourceLookup.find(tree, path).orElse(null)) {
            return found != null;
        }
    }
}
