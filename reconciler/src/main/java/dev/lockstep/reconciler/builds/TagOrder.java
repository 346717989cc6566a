package dev.lockstep.reconciler.builds;

import dev.lockstep.spec.settings.Version;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tags of Git, the oldest first: what has a version by that, above all that has none; those by the letters and numbers
 * in them, so that {@code nightly-9} comes before {@code nightly-10}. Two tags are never equal.
 */
enum TagOrder implements Comparator<String> {
    OLDEST_FIRST;

    private static final Pattern PART = Pattern.compile("[0-9]+|[^0-9]+");

    @Override
    public int compare(String a, String b) {
        var ofA = Version.ofTag(a);
        var ofB = Version.ofTag(b);
        if (ofA.isPresent() && ofB.isPresent()) {
            var compared = ofA.get().compareTo(ofB.get());
            if (compared != 0) {
                return compared;
            }
        } else if (ofA.isPresent() || ofB.isPresent()) {
            return Boolean.compare(ofA.isPresent(), ofB.isPresent());
        }
        return byParts(a, b);
    }

    private static int byParts(String a, String b) {
        var ofA = PART.matcher(a);
        var ofB = PART.matcher(b);
        while (true) {
            var inA = ofA.find();
            var inB = ofB.find();
            if (!inA || !inB) {
                // Leading zeros are all that is left.
                return inA == inB ? a.compareTo(b) : Boolean.compare(inA, inB);
            }
            var compared = number(ofA.group())
                    .flatMap(x -> number(ofB.group()).map(x::compareTo))
                    .orElseGet(() -> ofA.group().compareTo(ofB.group()));
            if (compared != 0) {
                return compared;
            }
        }
    }

    private static Optional<BigInteger> number(String part) {
        return Character.isDigit(part.charAt(0)) ? Optional.of(new BigInteger(part)) : Optional.empty();
    }
}
