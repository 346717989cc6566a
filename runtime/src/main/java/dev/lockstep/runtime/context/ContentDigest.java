package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Digest of exactly what a request would copy: what belongs into the key of its result. Every file is read; size and
 * time alone would take an edited file for the old one. Neither names of users and modes that options give, nor the
 * destination are in it: the request says those.
 */
public final class ContentDigest {
    private static final byte[] NOTHING = {};
    /** Files that may be open, waiting to be hashed. */
    private static final int AHEAD = 128;

    private ContentDigest() {}

    /**
     * Reads all that the request selects.
     *
     * @throws ContextException when a source is not there
     */
    public static Digest of(CopyRequest request) throws IOException {
        var digest = new EntryDigest(request.owner().isPresent());
        try (var hashes = new FileHashes()) {
            for (var pick : new Selection(request).picks()) {
                try (var found = pick.find()) {
                    var ordered = new Ordered(pick.source().tree(), request, digest, hashes);
                    digest.begin(EntryDigest.kind(pick, found.entry()));
                    if (found.entry().isDirectory()) {
                        new SourceWalk(pick.source().tree(), request.excludes(), pick.include(), ordered)
                                .content(found);
                    } else if (!pick.leavesOut(request, found.entry(), found.name())) {
                        ordered.member(found.directory(), pick.baseName(), found.name(), found.entry());
                    }
                    ordered.drain(0);
                    digest.leave();
                }
            }
        }
        return digest.finish();
    }

    /** Puts hashes that come in any order into that of the walk. */
    private static final class Ordered implements SourceWalk.Receiver {
        private final SourceTree tree;
        private final CopyRequest request;
        private final EntryDigest digest;
        private final FileHashes hashes;
        private final Deque<Step> waiting = new ArrayDeque<>();

        private interface Step {
            void run() throws IOException;
        }

        Ordered(SourceTree tree, CopyRequest request, EntryDigest digest, FileHashes hashes) {
            this.tree = tree;
            this.request = request;
            this.digest = digest;
            this.hashes = hashes;
        }

        private Planned planned(SourceEntry entry) {
            return Planned.of(entry, tree, request, Ownership.Owner.ROOT);
        }

        @Override
        public void enter(RawPath name, SourceEntry entry) throws IOException {
            add(() -> digest.entry(name, planned(entry), NOTHING));
        }

        @Override
        public void member(SourceDirectory directory, RawPath name, SourceEntry entry) throws IOException {
            member(directory, name, name, entry);
        }

        void member(SourceDirectory directory, RawPath as, RawPath name, SourceEntry entry) throws IOException {
            if (entry.type() == FileStatus.Type.SOCKET) {
                return;
            }
            Future<byte[]> content = entry.type() == FileStatus.Type.REGULAR
                    ? hashes.hash(directory.open(name))
                    : CompletableFuture.completedFuture(NOTHING);
            add(() -> digest.entry(as, planned(entry), FileHashes.get(content)));
        }

        @Override
        public void leave() throws IOException {
            add(digest::leave);
        }

        private void add(Step entry) throws IOException {
            waiting.add(entry);
            drain(AHEAD);
        }

        void drain(int left) throws IOException {
            while (waiting.size() > left) {
                waiting.remove().run();
            }
        }
    }
}
