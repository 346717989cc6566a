package dev.lockstep.runtime.prune;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * What stays although nobody needs it.
 *
 * @param named everything that has a name
 * @param age what came, or came again, less than so long ago
 * @param perRepository that many of each repository, the newest
 * @param diskPercent everything as long as not more than so much of the disk is used, the newest longest
 */
public record KeepRules(boolean named, Duration age, int perRepository, OptionalInt diskPercent) {
    /** Only what has no name goes, as with {@code docker image prune}. */
    public static final KeepRules NAMED = new KeepRules(true, Duration.ZERO, 0, OptionalInt.empty());
    /** Everything that nobody needs goes, as with {@code docker image prune --all}. */
    public static final KeepRules NOTHING = new KeepRules(false, Duration.ZERO, 0, OptionalInt.empty());

    public KeepRules {
        if (age.isNegative() || perRepository < 0) {
            throw new IllegalArgumentException("an age and a number of images are not negative");
        }
        if (diskPercent.isPresent() && (diskPercent.getAsInt() < 0 || diskPercent.getAsInt() > 100)) {
            throw new IllegalArgumentException("a part of the disk is between 0 and 100 percent");
        }
    }
}
