package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.spec.settings.RefPattern;
import dev.lockstep.spec.settings.TagTemplate;
import dev.lockstep.spec.settings.TagTemplate.Word;
import dev.lockstep.spec.settings.Version;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which tags an image gets for a push: the templates of its target, filled in. Pure. */
public final class BuildTags {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyyMMdd").withZone(ZoneOffset.UTC);

    /** Words that no two builds have in common. */
    private static final Set<Word> OWN = EnumSet.of(Word.SHA, Word.SHA7, Word.BUILD_NUMBER, Word.DATE);

    private BuildTags() {}

    /**
     * Fills the templates in. Those that ask for what the push does not have are left out, and so is what a newer tag
     * of the repository would be called as well ({@code latest}, {@code {major}}): only the newest has that.
     *
     * @param committed when the commit was made
     * @param number of the build
     * @param tags of the repository, by their short names
     * @return in the target's order, each once; empty: the push gives the image no name
     * @throws IllegalArgumentException with a sentence, when a template gives no tag
     */
    public static List<String> of(
            BuildTarget target, Occasion occasion, Instant committed, long number, Collection<String> tags) {
        var values = values(occasion, committed, number);
        var filled = new ArrayList<String>();
        var newer = newer(target, occasion, tags);
        for (var text : target.tags()) {
            var template = new TagTemplate(text);
            if (isHeldBack(template, occasion)) {
                continue;
            }
            template.fill(values)
                    .filter(tag -> !filled.contains(tag))
                    .filter(tag -> newer.stream().noneMatch(other -> isCalled(template, other, tag)))
                    .ifPresent(filled::add);
        }
        return List.copyOf(filled);
    }

    /**
     * Whether a push may give an image that tag, as far as can be told without the commit: when that was made, and its
     * build's number, may be anything.
     */
    public static boolean mayBe(BuildTarget target, Occasion occasion, String tag, Collection<String> tags) {
        try {
            return of(target, occasion, Instant.EPOCH, 0, tags).contains(tag)
                    || target.tags().stream()
                            .map(TagTemplate::new)
                            .anyMatch(template -> template.words().contains(Word.BUILD_NUMBER)
                                    || template.words().contains(Word.DATE));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Map<Word, String> values(Occasion occasion, Instant committed, long number) {
        var values = new EnumMap<Word, String>(Word.class);
        values.put(Word.SHA, occasion.commit());
        values.put(Word.SHA7, occasion.commit().substring(0, 7));
        values.put(Word.BUILD_NUMBER, Long.toString(number));
        values.put(Word.DATE, DATE.format(committed));
        var name = RemoteRef.shortened(occasion.ref());
        if (occasion.ref().startsWith(RemoteRef.TAGS)) {
            values.putAll(ofTag(name));
        } else if (occasion.ref().startsWith(RemoteRef.BRANCHES)) {
            values.put(Word.BRANCH, name);
        }
        return values;
    }

    private static Map<Word, String> ofTag(String tag) {
        var values = new EnumMap<Word, String>(Word.class);
        values.put(Word.TAG, tag);
        Version.ofTag(tag).ifPresent(version -> {
            values.put(Word.VERSION, version.toString());
            if (!version.isPreRelease()) {
                var words = List.of(Word.MAJOR, Word.MINOR, Word.PATCH);
                for (var i = 0; i < version.numbers().size(); i++) {
                    values.put(words.get(i), version.numbers().get(i).toString());
                }
            }
        });
        return values;
    }

    /** What always means the newest release, such as {@code latest}, is never a pre-release. */
    private static boolean isHeldBack(TagTemplate template, Occasion occasion) {
        return template.words().isEmpty() && preRelease(occasion).isPresent();
    }

    private static Optional<Version> preRelease(Occasion occasion) {
        return occasion.ref().startsWith(RemoteRef.TAGS)
                ? Version.ofTag(RemoteRef.shortened(occasion.ref())).filter(Version::isPreRelease)
                : Optional.empty();
    }

    /** Tags of releases that start the same target and come after the one that is built. */
    private static List<String> newer(BuildTarget target, Occasion occasion, Collection<String> tags) {
        if (!occasion.ref().startsWith(RemoteRef.TAGS)) {
            return List.of();
        }
        var own = RemoteRef.shortened(occasion.ref());
        var patterns = target.triggers().tags().stream().map(RefPattern::ofTags).toList();
        return tags.stream()
                .filter(tag -> TagOrder.OLDEST_FIRST.compare(tag, own) > 0)
                .filter(tag -> patterns.stream().anyMatch(pattern -> pattern.matches(tag)))
                .filter(tag -> Version.ofTag(tag).filter(Version::isPreRelease).isEmpty())
                .toList();
    }

    private static boolean isCalled(TagTemplate template, String other, String tag) {
        try {
            return template.words().stream().noneMatch(OWN::contains)
                    && template.fill(ofTag(other)).equals(Optional.of(tag));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
