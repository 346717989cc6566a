package dev.lockstep.runtime.container;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a person types to leave a container and let it run on, as Docker writes it: {@code ctrl-p,ctrl-q}.
 *
 * @param keys bytes in their order; none: there is no way to leave
 */
public record DetachKeys(List<Integer> keys) {
    /** Docker's. */
    public static final DetachKeys DEFAULT = parse("ctrl-p,ctrl-q");

    /** Everything that is typed goes into the container. */
    public static final DetachKeys NONE = new DetachKeys(List.of());

    public DetachKeys {
        keys = List.copyOf(keys);
    }

    /**
     * Reads letters and {@code ctrl-} with a letter or one of {@code @[\]^_}, with commas between.
     *
     * @throws IllegalArgumentException with a sentence for anything else
     */
    public static DetachKeys parse(String text) {
        var keys = new ArrayList<Integer>();
        for (var key : text.isEmpty() ? List.<String>of() : Arrays.asList(text.split(",", -1))) {
            if (key.length() == 1 && key.charAt(0) < 128) {
                keys.add((int) key.charAt(0));
            } else if (key.matches("(?i)ctrl-[a-z@\\[\\\\\\]^_]")) {
                keys.add(key.toUpperCase(Locale.ROOT).charAt(key.length() - 1) & 0x1f);
            } else {
                throw new IllegalArgumentException(
                        "\"" + key
                                + "\" is no key: write a letter, or ctrl- with a letter or one of @[\\]^_, as in ctrl-p,ctrl-q");
            }
        }
        return new DetachKeys(keys);
    }

    /** Looks for the keys in what is typed. A beginning of them is held back until it is known to be none. */
    final class Scanner {
        private int matched;

        /** What was held back, and when nothing more is typed was no beginning of the keys. */
        byte[] held() {
            var held = new ByteArrayOutputStream();
            keys.subList(0, matched).forEach(held::write);
            matched = 0;
            return held.toByteArray();
        }

        /** What goes on into the container; absent: the keys are complete. */
        Optional<byte[]> scan(byte[] typed, int length) {
            if (keys.isEmpty()) {
                return Optional.of(Arrays.copyOf(typed, length));
            }
            var through = new ByteArrayOutputStream();
            for (var i = 0; i < length; i++) {
                if (typed[i] == keys.get(matched)) {
                    matched++;
                    if (matched == keys.size()) {
                        return Optional.empty();
                    }
                } else {
                    for (var held = 0; held < matched; held++) {
                        through.write(keys.get(held));
                    }
                    matched = 0;
                    if (typed[i] == keys.getFirst()) {
                        matched = 1;
                    } else {
                        through.write(typed[i]);
                    }
                }
            }
            return Optional.of(through.toByteArray());
        }
    }
}
