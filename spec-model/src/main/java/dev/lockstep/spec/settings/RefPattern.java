package dev.lockstep.spec.settings;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Which tags, branches or paths are meant, always as a whole: {@code *} stands for any letters but {@code /},
 * {@code **} for any, {@code ?} for one; of tags also a range of versions.
 */
public sealed interface RefPattern {
    /** Whether the name of a tag, a branch or a path is meant. */
    boolean matches(String name);

    /** How all that match begin; {@code ""} where that is not known. */
    String prefix();

    /** Whether exactly one name is meant. */
    boolean isExact();

    /**
     * Letters and wildcards.
     *
     * @param parts code points, and below zero what stands for something
     */
    record Glob(String text, List<Integer> parts) implements RefPattern {
        private static final String WILDCARDS = "*?";

        /** {@code ?}: one letter but a slash. */
        private static final int ONE = -1;
        /** {@code *}: any letters but slashes. */
        private static final int ANY = -2;
        /** {@code **}: any letters. */
        private static final int ALL = -3;
        /** {@code **} and the slash behind it: any directories, or none. */
        private static final int DIRECTORIES = -4;

        public Glob {
            parts = List.copyOf(parts);
        }

        static Glob parse(String text) {
            if (text.isBlank() || text.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" is not a pattern. Write for example v*, or >=1.2 <2 for versions of tags");
            }
            if (text.startsWith("!") || text.indexOf('[') >= 0 || text.indexOf('\\') >= 0) {
                throw new IllegalArgumentException("\"" + text
                        + "\": only *, ** and ? stand for something here. Write each pattern that is meant");
            }
            var letters = text.codePoints().toArray();
            var parts = new ArrayList<Integer>();
            for (var i = 0; i < letters.length; i++) {
                if (letters[i] != '*') {
                    parts.add(letters[i] == '?' ? ONE : letters[i]);
                    continue;
                }
                var stars = 1;
                while (i + 1 < letters.length && letters[i + 1] == '*') {
                    i++;
                    stars++;
                }
                if (stars > 1 && i + 1 < letters.length && letters[i + 1] == '/' && endsDirectory(parts)) {
                    parts.add(DIRECTORIES); // "a/**/b" is "a/b" too
                    i++;
                } else {
                    parts.add(stars > 1 ? ALL : ANY);
                }
            }
            return new Glob(text, parts);
        }

        private static boolean endsDirectory(List<Integer> parts) {
            return parts.isEmpty() || parts.getLast() == '/';
        }

        /**
         * All places in the pattern where one may be are looked at together: names and patterns are written by
         * strangers, and trying one way after the other takes time without end.
         */
        @Override
        public boolean matches(String name) {
            var places = new BitSet(parts.size() + 1);
            enter(places, 0);
            for (var letter : name.codePoints().toArray()) {
                var next = new BitSet(parts.size() + 1);
                for (var at = places.nextSetBit(0); at >= 0 && at < parts.size(); at = places.nextSetBit(at + 1)) {
                    step(next, at, letter);
                }
                places = next;
            }
            return places.get(parts.size());
        }

        private void step(BitSet next, int at, int letter) {
            switch (parts.get(at)) {
                case ONE -> {
                    if (letter != '/') {
                        enter(next, at + 1);
                    }
                }
                case ANY -> {
                    if (letter != '/') {
                        enter(next, at);
                    }
                }
                case ALL -> enter(next, at);
                case DIRECTORIES -> {
                    next.set(at);
                    if (letter == '/') {
                        enter(next, at + 1);
                    }
                }
                case Integer same -> {
                    if (same == letter) {
                        enter(next, at + 1);
                    }
                }
            }
        }

        /** A place, and those behind it that need no letter. */
        private void enter(BitSet places, int at) {
            var place = at;
            places.set(place);
            while (place < parts.size() && parts.get(place) <= ANY) {
                place++;
                places.set(place);
            }
        }

        @Override
        public String prefix() {
            var end = 0;
            while (end < text.length() && WILDCARDS.indexOf(text.charAt(end)) < 0) {
                end++;
            }
            return text.substring(0, end);
        }

        @Override
        public boolean isExact() {
            return prefix().equals(text);
        }

        // The text says it all.
        @Override
        public boolean equals(Object other) {
            return other instanceof Glob glob && glob.text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Versions. */
    record Range(VersionRange versions) implements RefPattern {
        @Override
        public boolean matches(String name) {
            return Version.parse(name).filter(versions::takes).isPresent();
        }

        @Override
        public String prefix() {
            return "";
        }

        @Override
        public boolean isExact() {
            return false;
        }

        @Override
        public String toString() {
            return versions.toString();
        }
    }

    /**
     * Of branches and paths.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static RefPattern of(String text) {
        return Glob.parse(text);
    }

    /**
     * Of tags. What no tag can be called is a range: a blank, or an operator at its beginning.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static RefPattern ofTags(String text) {
        var range = !text.isBlank() && (text.indexOf(' ') >= 0 || "<>=^~".indexOf(text.charAt(0)) >= 0);
        return range || text.startsWith("!=") ? new Range(VersionRange.parse(text)) : Glob.parse(text);
    }
}
