package dev.lockstep.runtime.archive;

import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of a file an archive really holds; all else are holes (GNU tar manual, "Storing Sparse Files").
 *
 * @param segments ascending, not overlapping
 * @param size of the file with its holes
 */
record SparseMap(List<Segment> segments, long size) {
    /** Segments of one file: a map in an archive must not fill the memory. */
    static final int SEGMENT_LIMIT = 1 << 20;

    /** A part with data, in bytes. */
    record Segment(long offset, long length) {}

    SparseMap {
        segments = List.copyOf(segments);
    }

    static final class Builder {
        private final List<Segment> segments = new ArrayList<>();

        void add(long offset, long length) throws ArchiveException {
            if (segments.size() == SEGMENT_LIMIT) {
                throw damaged();
            }
            segments.add(new Segment(offset, length));
        }

        /** @param stored bytes that the archive holds for the file */
        SparseMap build(long size, long stored) throws ArchiveException {
            var end = 0L;
            var sum = 0L;
            for (var segment : segments) {
                if (segment.offset < end || segment.length < 0 || segment.offset > size - segment.length) {
                    throw damaged();
                }
                end = segment.offset + segment.length;
                sum += segment.length;
            }
            if (sum != stored) {
                throw damaged();
            }
            return new SparseMap(segments, size);
        }

        private static ArchiveException damaged() {
            return new ArchiveException("damaged tar header: the map of a sparse file contradicts itself");
        }
    }
}
