package dev.lockstep.spec.settings;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A tag of an image with words in it that stand for parts of what was pushed, in one pair of braces or two.
 *
 * @param text as the file has it
 */
public record TagTemplate(String text) {
    private static final Pattern WORD = Pattern.compile("\\{\\{ *([^{}]*?) *}}|\\{ *([^{}]*?) *}");
    /** Of the distribution specification. */
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

    /** Longer makes no tag, and costs time to look at. */
    private static final int LONGEST = 400;

    /** What can stand in it. */
    public enum Word {
        /** Of the tag that was pushed. */
        TAG(Of.TAG),
        VERSION(Of.TAG),
        MAJOR(Of.TAG),
        MINOR(Of.TAG),
        PATCH(Of.TAG),
        /** Of the branch that was pushed. */
        BRANCH(Of.BRANCH),
        SHA(Of.BOTH),
        SHA7(Of.BOTH),
        BUILD_NUMBER(Of.BOTH),
        DATE(Of.BOTH);

        private final Of of;

        Word(Of of) {
            this.of = of;
        }

        private enum Of {
            TAG,
            BRANCH,
            BOTH
        }

        /** As it is written. */
        public String written() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        static Optional<Word> parse(String text) {
            return Arrays.stream(values()).filter(w -> w.written().equals(text)).findFirst();
        }
    }

    /** @throws IllegalArgumentException with a sentence for the user, when no push could make a tag of this */
    public TagTemplate {
        if (text.length() > LONGEST) {
            throw new IllegalArgumentException(
                    "a template of a tag has up to " + LONGEST + " letters, and not " + text.length());
        }
        var matcher = WORD.matcher(text);
        while (matcher.find()) {
            if (Word.parse(word(matcher)).isEmpty()) {
                throw new IllegalArgumentException("\"" + matcher.group() + "\" stands for nothing. Known are "
                        + Arrays.stream(Word.values())
                                .map(Word::written)
                                .sorted()
                                .collect(Collectors.joining(", ")));
            }
        }
        if (!TAG.matcher(WORD.matcher(text).replaceAll("1")).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" makes no tag of an image. Write letters, digits, \"_\", \".\" and \"-\", and words like"
                    + " {version}");
        }
    }

    private static String word(java.util.regex.MatchResult match) {
        return Optional.ofNullable(match.group(1)).orElseGet(() -> match.group(2));
    }

    /** The words in it. */
    public Set<Word> words() {
        var words = new LinkedHashSet<Word>();
        WORD.matcher(text).results().forEach(match -> Word.parse(word(match)).ifPresent(words::add));
        return words;
    }

    /** Whether the push of a tag has what it asks for. */
    public boolean isForTags() {
        return words().stream().allMatch(w -> w.of != Word.Of.BRANCH);
    }

    /** Whether the push of a branch has what it asks for. */
    public boolean isForBranches() {
        return words().stream().allMatch(w -> w.of != Word.Of.TAG);
    }

    /**
     * The tag. Where a value has what a tag of an image cannot have, {@code +} becomes {@code _}, which no version has,
     * and all else {@code -}.
     *
     * @param values of the words that there are values for
     * @return empty when a word has none: the template says nothing of what was pushed
     * @throws IllegalArgumentException with a sentence, when that makes no tag
     */
    public Optional<String> fill(Map<Word, String> values) {
        var missing = words().stream().anyMatch(w -> !values.containsKey(w));
        if (missing) {
            return Optional.empty();
        }
        var filled = WORD.matcher(text)
                .replaceAll(match -> Word.parse(word(match))
                        .flatMap(word -> Optional.ofNullable(values.get(word)))
                        .map(value -> value.replace('+', '_').replaceAll("[^A-Za-z0-9_.-]", "-"))
                        .orElse(""));
        if (!TAG.matcher(filled).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" gives \"" + filled
                    + "\", which is no tag of an image: those have up to 128 letters, digits, \"_\", \".\" and \"-\", and"
                    + " do not begin with \".\" or \"-\"");
        }
        return Optional.of(filled);
    }

    @Override
    public String toString() {
        return text;
    }
}
