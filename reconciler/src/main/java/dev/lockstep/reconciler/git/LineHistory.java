package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.eclipse.jgit.diff.HistogramDiff;
import org.eclipse.jgit.diff.RawText;
import org.eclipse.jgit.diff.RawTextComparator;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectReader;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * Says which commit lines come from, as {@code git blame} does, and for one value at a time: only what is printed is
 * looked up. All answers together take no longer than a budget; what is not found by then, and everything in a clone
 * whose history is cut, is not known. For one thread.
 */
public final class LineHistory {
    /** Nobody mounts more, and a longer file is none that people write. */
    private static final long LARGEST = 1 << 20;

    private final CommitObjects objects;
    private final ObjectId start;
    private final Map<String, Optional<LineChange>> known = new HashMap<>();
    private long left;

    LineHistory(CommitObjects objects, String commit, Duration budget) {
        this.objects = objects;
        this.start = ObjectId.fromString(commit);
        this.left = budget.toNanos();
    }

    /**
     * The newest commit that made one of the lines what it is; empty when that is not known.
     *
     * @param path in the repository
     * @param first from 1
     * @param last the same or a later one
     * @param content of the file as it is now, which may have been changed since the commit: a line that was is from no
     *     commit. Absent: as the commit has it
     */
    public Optional<LineChange> of(String path, int first, int last, Optional<byte[]> content) {
        if (path.isEmpty() || path.startsWith("/")) {
            return Optional.empty();
        }
        return known.computeIfAbsent(path + ":" + first + "-" + last, _ -> {
            var begin = System.nanoTime();
            try {
                var lines = IntStream.rangeClosed(first - 1, last - 1).boxed().toList();
                return left <= 0
                        ? Optional.empty()
                        : objects.read(reader -> find(reader, path, lines, content, begin + left));
            } catch (GitException e) {
                return Optional.empty(); // it explains a change, and is no reason not to plan it
            } finally {
                left -= System.nanoTime() - begin;
            }
        });
    }

    private Optional<LineChange> find(
            ObjectReader reader, String path, List<Integer> lines, Optional<byte[]> content, long deadline)
            throws IOException {
        if (!reader.getShallowCommits().isEmpty()) {
            return Optional.empty();
        }
        try (var walk = new RevWalk(reader)) {
            var commit = walk.parseCommit(start);
            var blob = blob(reader, commit, path);
            if (blob.isEmpty()) {
                return Optional.empty();
            }
            var committed = content.isPresent()
                    ? before(text(reader, blob.get()), Optional.of(new RawText(content.get())), lines)
                    : Optional.of(lines);
            if (committed.isEmpty()) {
                return Optional.empty();
            }
            var here = new Place(commit, blob.get(), committed.get());
            while (System.nanoTime() - deadline < 0) {
                var parent = parent(walk, reader, here, path);
                if (parent.isEmpty()) {
                    return Optional.of(change(walk, here.commit()));
                }
                here = parent.get();
            }
            return Optional.empty();
        }
    }

    /** Some lines, from 0, of a version of the file. */
    private record Place(RevCommit commit, ObjectId blob, List<Integer> lines) {}

    /** Where the lines were before that commit; empty when the commit made one of them. */
    private static Optional<Place> parent(RevWalk walk, ObjectReader reader, Place here, String path)
            throws IOException {
        var moved = Optional.<Place>empty();
        for (var parent : here.commit().getParents()) {
            walk.parseHeaders(parent);
            var blob = blob(reader, parent, path);
            if (blob.filter(here.blob()::equals).isPresent()) {
                return Optional.of(new Place(parent, here.blob(), here.lines()));
            }
            if (blob.isPresent() && moved.isEmpty()) {
                var lines = before(text(reader, blob.get()), text(reader, here.blob()), here.lines());
                if (lines.isPresent()) {
                    moved = Optional.of(new Place(parent, blob.get(), lines.get()));
                }
            }
        }
        return moved;
    }

    /** The numbers of the lines in the older text; empty when one of them is not there as it is. */
    private static Optional<List<Integer>> before(
            Optional<RawText> older, Optional<RawText> newer, List<Integer> lines) {
        if (older.isEmpty() || newer.isEmpty()) {
            return Optional.empty();
        }
        var edits = new HistogramDiff().diff(RawTextComparator.DEFAULT, older.get(), newer.get());
        var numbers = new ArrayList<Integer>();
        for (var line : lines) {
            var shift = 0;
            for (var edit : edits) {
                if (line < edit.getBeginB()) {
                    break;
                }
                if (line < edit.getEndB()) {
                    return Optional.empty();
                }
                shift = edit.getEndA() - edit.getEndB();
            }
            numbers.add(line + shift);
        }
        return Optional.of(numbers);
    }

    private static Optional<ObjectId> blob(ObjectReader reader, RevCommit commit, String path) throws IOException {
        try (var walk = TreeWalk.forPath(reader, path, commit.getTree())) {
            return walk == null || walk.getFileMode(0).getObjectType() != Constants.OBJ_BLOB
                    ? Optional.empty()
                    : Optional.of(walk.getObjectId(0));
        }
    }

    private static Optional<RawText> text(ObjectReader reader, ObjectId blob) throws IOException {
        var loader = reader.open(blob, Constants.OBJ_BLOB);
        return loader.getSize() > LARGEST ? Optional.empty() : Optional.of(new RawText(loader.getCachedBytes()));
    }

    private static LineChange change(RevWalk walk, RevCommit commit) throws IOException {
        walk.parseBody(commit);
        var author = Optional.ofNullable(commit.getAuthorIdent());
        var committed = Instant.ofEpochSecond(commit.getCommitTime());
        return new LineChange(
                commit.name(),
                author.map(a -> a.getWhenAsInstant()).orElse(committed),
                committed,
                author.map(a -> a.getName()).orElse(""),
                commit.getShortMessage());
    }
}
