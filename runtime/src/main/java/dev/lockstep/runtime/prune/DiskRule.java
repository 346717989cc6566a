package dev.lockstep.runtime.prune;

/** How full the file system that images are on may become before any of them goes. */
public sealed interface DiskRule {
    /** Whether images may go at all. */
    boolean isBroken(PrunePlan.Disk disk);

    /** What is broken, for people: a clause. */
    String broken();

    /** What holds when it is not broken, for people: a clause. */
    String kept();

    /**
     * Not more than so much is used.
     *
     * @param percent 0 to 100
     */
    record Used(int percent) implements DiskRule {
        public Used {
            if (percent < 0 || percent > 100) {
                throw new IllegalArgumentException("a part of the disk is between 0 and 100 percent");
            }
        }

        @Override
        public boolean isBroken(PrunePlan.Disk disk) {
            // Doubles are exact enough for a rule in percent, and do not overflow.
            return disk.used() * 100.0 > (double) disk.total() * percent;
        }

        @Override
        public String broken() {
            return "more than " + percent + " % of the disk is used";
        }

        @Override
        public String kept() {
            return "not more than " + percent + " % of the disk is used";
        }
    }

    /** At least so many bytes are free. */
    record Free(long bytes) implements DiskRule {
        public Free {
            if (bytes < 0) {
                throw new IllegalArgumentException("free bytes are not negative");
            }
        }

        @Override
        public boolean isBroken(PrunePlan.Disk disk) {
            return disk.total() - disk.used() < bytes;
        }

        @Override
        public String broken() {
            return "less than " + bytes + " bytes of the disk are free";
        }

        @Override
        public String kept() {
            return "at least " + bytes + " bytes of the disk are free";
        }
    }
}
