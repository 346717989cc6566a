package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Does what COPY and ADD ask for in a root file system. Nothing is written outside of it, whatever links it holds. If
 * it throws, part of the copy is there. Platform threads only.
 */
public final class Copier {
    private static final RawPath HERE = new RawPath(".");

    private final CopyRequest request;
    private final Destination destination;
    private final Ownership.Owner owner;
    private final FileWriter files;
    private final EntryDigest digest;

    /**
     * What was copied.
     *
     * @param files everything but directories
     * @param bytes of regular files
     * @param content digest of what was read for it, by the rules of {@link ContentDigest}: another one than before
     *     says that the sources have changed since
     */
    public record Result(long files, long bytes, Digest content) {}

    private Copier(CopyRequest request, Directory root, Ownership.Owner owner, FileWriter files) {
        this.request = request;
        this.owner = owner;
        this.destination = new Destination(root, owner, request.time());
        this.files = files;
        this.digest = new EntryDigest(request.owner().isPresent());
    }

    /**
     * Copies.
     *
     * @param root what {@code /} means for the destination
     * @param users root of the stage whose passwd and group have the names of {@code --chown}
     * @throws ContextException when a source is not there, or the destination is of a kind that does not fit
     */
    public static Result copy(CopyRequest request, Directory root, Directory users) throws IOException {
        var owner = request.owner().isPresent() ? request.owner().get().resolve(users) : Ownership.Owner.ROOT;
        try (var files = new FileWriter(root)) {
            var copier = new Copier(request, root, owner, files);
            copier.copy();
            return new Result(files.count(), files.bytes(), copier.digest.finish());
        }
    }

    private void copy() throws IOException {
        var picks = new Selection(request).picks();
        checkDestination(picks);
        for (var pick : picks) {
            copy(pick);
        }
        destination.finish();
    }

    /** Several files that would all be one: the last would be left, and nobody wants that. */
    private void checkDestination(List<Selection.Pick> picks) throws IOException {
        if (picks.size() < 2
                || request.parents()
                || request.saysDirectory()
                || destination.isDirectory(destination.resolve(path()))) {
            return;
        }
        for (var pick : picks) {
            try (var found = pick.find()) {
                if (!found.entry().isDirectory() && !isUnpacked(pick, found)) {
                    throw new ContextException("When using COPY or ADD with more than one source file, the destination"
                            + " must be a directory and end with a /");
                }
            }
        }
    }

    private static boolean isUnpacked(Selection.Pick pick, SourceLookup.Found found) throws IOException {
        return pick.source().unpack()
                && found.entry().type() == FileStatus.Type.REGULAR
                && Archives.isArchive(found.directory().open(found.name()));
    }

    private String path() {
        return RawPath.of(request.absoluteDestination()).latin1();
    }

    private void copy(Selection.Pick pick) throws IOException {
        try (var found = pick.find()) {
            digest.begin(EntryDigest.kind(pick, found.entry()));
            var path = path();
            // As a directory where the text says so: "COPY a /new/" makes /new, and then a in it.
            var above = request.saysDirectory() ? path : path.substring(0, path.lastIndexOf('/'));
            destination.make(destination.resolve(above)).close();
            var place = destination.resolve(path);
            if (isUnpacked(pick, found)) {
                archive(pick, found, place);
            } else if (found.entry().isDirectory()) {
                directory(pick, found, place);
            } else if (!pick.leavesOut(request, found.entry(), found.name())) {
                file(pick, found, place);
            }
            digest.leave();
        }
    }

    private void directory(Selection.Pick pick, SourceLookup.Found found, List<String> place) throws IOException {
        var status = destination.status(place);
        if (status.isPresent() && !status.get().isDirectory()) {
            throw new ContextException("cannot copy to non-directory: /" + Destination.shown(place));
        }
        var tree = pick.source().tree();
        try (var target = destination.make(place);
                var into = new TreeWriter(target, place, entry -> planned(tree, entry), files, digest)) {
            new SourceWalk(tree, request.excludes(), pick.include(), into).content(found);
            if (!request.parents()) {
                // Neither owner nor mode, but the time: so Docker has it, and equal copies have equal layers.
                target.setModified(HERE, request.time().orElse(found.entry().modified()));
            }
        }
    }

    private void archive(Selection.Pick pick, SourceLookup.Found found, List<String> place) throws IOException {
        var content = files.hash(found.directory().open(found.name()));
        digest.entry(pick.baseName(), planned(pick.source().tree(), found.entry()), content);
        try (var target = destination.make(place)) {
            files.add(Archives.unpack(
                    found.directory().open(found.name()),
                    found.path().toString(),
                    target,
                    request.owner().isPresent() ? Optional.of(owner) : Optional.empty(),
                    request.time()));
        }
    }

    private void file(Selection.Pick pick, SourceLookup.Found found, List<String> place) throws IOException {
        var inside = destination.isDirectory(place);
        var name = inside ? pick.baseName() : new RawPath(place.getLast());
        var above = inside ? place : place.subList(0, place.size() - 1);
        try (var target = destination.make(above)) {
            files.forgetLinks();
            var planned = planned(pick.source().tree(), found.entry());
            var content = files.write(found.directory(), found.name(), planned, target, name, above);
            digest.entry(pick.baseName(), planned, content);
        }
    }

    private Planned planned(SourceTree tree, SourceEntry entry) {
        return Planned.of(entry, tree, request, owner);
    }
}
