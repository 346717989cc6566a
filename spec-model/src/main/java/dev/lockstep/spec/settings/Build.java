package dev.lockstep.spec.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An image that is built from the repository when a tag or a branch asks for it.
 *
 * @param image where it goes, without a tag
 * @param tags what it is tagged with; {@code {{version}}} and the like stand for parts of what was pushed
 * @param context directory of the repository that is sent to the build, {@code ""} for all of it
 * @param dockerfile relative to {@code context}
 * @param target the stage that is wanted; the last one when absent
 * @param arguments for {@code ARG}
 * @param platforms {@code OS/ARCHITECTURE}; the building host's own when empty
 * @param gitTags patterns of Git tags that start a build
 * @param branches patterns of branches whose pushes start a build
 * @param where the hosts that may build it
 */
public record Build(
        String image,
        List<String> tags,
        String context,
        String dockerfile,
        Optional<String> target,
        Map<String, String> arguments,
        List<String> platforms,
        List<String> gitTags,
        List<String> branches,
        HostSelector where) {
    private static final Set<String> WORDS =
            Set.of("tag", "version", "major", "minor", "patch", "sha", "sha7", "branch", "date");
    private static final Pattern WORD = Pattern.compile("\\{\\{ *([^{}]*?) *}}");
    /** Of the distribution specification. */
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

    public Build {
        tags = List.copyOf(tags);
        arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
        platforms = List.copyOf(platforms);
        gitTags = List.copyOf(gitTags);
        branches = List.copyOf(branches);
    }

    /** @throws IllegalArgumentException with a sentence for the user, when no push could make a tag of this */
    static String tag(String template) {
        var matcher = WORD.matcher(template);
        while (matcher.find()) {
            if (!WORDS.contains(matcher.group(1))) {
                throw new IllegalArgumentException("\"" + matcher.group() + "\" stands for nothing. Known are "
                        + String.join(", ", WORDS.stream().sorted().toList()));
            }
        }
        if (!TAG.matcher(WORD.matcher(template).replaceAll("1")).matches()) {
            throw new IllegalArgumentException("\"" + template
                    + "\" makes no tag of an image. Write letters, digits, \"_\", \".\" and \"-\", and words like"
                    + " {{version}}");
        }
        return template;
    }
}
