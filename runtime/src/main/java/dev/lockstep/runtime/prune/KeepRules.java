package dev.lockstep.runtime.prune;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What stays although nobody needs it.
 *
 * @param named everything that has a name
 * @param age what came, or came again, less than so long ago
 * @param perRepository that many of each repository, the newest
 * @param disk everything as long as that rule is kept, the newest longest; absent: the disk does not matter
 * @param labels everything but what each of these lets go
 */
public record KeepRules(
        boolean named, Duration age, int perRepository, Optional<DiskRule> disk, List<LabelRule> labels) {
    /** Only what has no name goes, as with {@code docker image prune}. */
    public static final KeepRules NAMED = new KeepRules(true, Duration.ZERO, 0, Optional.empty());
    /** Everything that nobody needs goes, as with {@code docker image prune --all}. */
    public static final KeepRules NOTHING = new KeepRules(false, Duration.ZERO, 0, Optional.empty());

    public KeepRules {
        labels = List.copyOf(labels);
        if (age.isNegative() || perRepository < 0) {
            throw new IllegalArgumentException("an age and a number of images are not negative");
        }
    }

    /** Whatever labels images have. */
    public KeepRules(boolean named, Duration age, int perRepository, Optional<DiskRule> disk) {
        this(named, age, perRepository, disk, List.of());
    }

    /** The same where the disk does not matter, since it is full. */
    public KeepRules whateverTheDisk() {
        return new KeepRules(named, age, perRepository, Optional.empty(), labels);
    }
}
