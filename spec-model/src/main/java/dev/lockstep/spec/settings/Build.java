package dev.lockstep.spec.settings;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An image that is built from the repository when a tag or a branch asks for it.
 *
 * @param image where it goes, without a tag
 * @param tags templates of its tags, see {@link TagTemplate}; the first that fits what was pushed names it
 * @param context directory that is sent to the build, relative to the file's own, {@code ""} for that itself
 * @param dockerfile relative to {@code context}
 * @param target the stage that is wanted; the last one when absent
 * @param arguments for {@code ARG}
 * @param secrets what steps may see, by the id that they have for it: names of secrets that the host keeps for builds
 * @param platforms {@code OS/ARCHITECTURE}; the building host's own when empty
 * @param when what starts it
 * @param test what the image must stand before it counts
 * @param push whether it is sent to its registry
 * @param reproducible whether all that is made gets the commit's time, so that each host makes the same image
 * @param where the hosts that may build it
 */
public record Build(
        String image,
        List<String> tags,
        String context,
        String dockerfile,
        Optional<String> target,
        Map<String, String> arguments,
        Map<String, String> secrets,
        List<String> platforms,
        When when,
        Optional<Test> test,
        boolean push,
        boolean reproducible,
        HostSelector where) {

    /**
     * What starts a build.
     *
     * @param tags patterns of Git tags, see {@link RefPattern#ofTags}
     * @param branches patterns of branches, see {@link RefPattern#of}
     * @param paths patterns of paths, relative to the file's directory: a push to a branch counts when something at or
     *     below one of them changed. Empty: always
     * @param moved whether a tag that was moved to another commit is built again; else that is refused
     */
    public record When(List<String> tags, List<String> branches, List<String> paths, boolean moved) {
        public When {
            tags = List.copyOf(tags);
            branches = List.copyOf(branches);
            paths = List.copyOf(paths);
        }
    }

    /**
     * What an image must stand.
     *
     * @param command run in the image, without a shell; empty: what {@code service} or the image itself says
     * @param service whose definition the command is run with: {@code SERVICE}, or {@code STACK/SERVICE}
     * @param timeout after which it has failed
     * @param reports absolute path in the container of what is kept of it
     * @param matrix values of build arguments by name: each combination is built and tested
     */
    public record Test(
            List<String> command,
            Optional<String> service,
            Duration timeout,
            Optional<String> reports,
            Map<String, List<String>> matrix) {
        /** How long a test may take where nothing is said. */
        public static final Duration TIMEOUT = Duration.ofMinutes(10);

        public Test {
            command = List.copyOf(command);
            var copy = new LinkedHashMap<String, List<String>>();
            matrix.forEach((name, values) -> copy.put(name, List.copyOf(values)));
            matrix = Collections.unmodifiableMap(copy);
        }

        /** How many images a matrix may ask for. */
        public static final int LARGEST = 64;

        /** How many combinations there are. */
        public int combinations() {
            var all = 1L;
            for (var values : matrix.values()) {
                all = Math.min(all * values.size(), Integer.MAX_VALUE);
            }
            return (int) all;
        }
    }

    public Build {
        tags = List.copyOf(tags);
        arguments = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
        secrets = Collections.unmodifiableMap(new TreeMap<>(secrets));
        platforms = List.copyOf(platforms);
    }

    /** Whether the image's name begins with a registry's host: only then it can be sent anywhere. */
    public static boolean namesRegistry(String image) {
        var slash = image.indexOf('/');
        var first = slash < 0 ? "" : image.substring(0, slash);
        return first.contains(".") || first.contains(":") || first.equals("localhost");
    }
}
