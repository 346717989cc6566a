package dev.lockstep.runtime.container;

import dev.lockstep.runtime.log.LogLimits;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What becomes of a container's output.
 *
 * @param fileSize bytes after which a new file is begun; −1: never
 * @param files how many there are at most
 * @param tag what records and the journal call it, with Docker's {@code {{.Name}}} and its like
 * @param details which of its labels and variables records have
 */
public record LogSettings(
        Driver driver, Optional<Long> fileSize, Optional<Integer> files, Optional<String> tag, Details details) {
    /** Files, as many and as large as is usual. */
    public static final LogSettings NONE =
            new LogSettings(Driver.FILES, Optional.empty(), Optional.empty(), Optional.empty(), Details.NONE);

    private static final Pattern FIELD = Pattern.compile("\\{\\{ *\\.(\\w+) *}}");
    private static final int SHORT_ID = 12;

    public LogSettings {
        details = Objects.requireNonNullElse(details, Details.NONE);
    }

    /** Who keeps it. */
    public enum Driver {
        /** Files of ours, which we rotate. */
        FILES,
        /** The host's journal. */
        JOURNALD,
        /** Nobody. */
        NONE
    }

    /**
     * What each record has beside the line, in the words of Docker's options.
     *
     * @param labels names
     * @param labelPattern names that match it
     * @param variables names of the environment
     * @param variablePattern names that match it
     */
    public record Details(
            List<String> labels,
            Optional<String> labelPattern,
            List<String> variables,
            Optional<String> variablePattern) {
        /** Nothing. */
        public static final Details NONE = new Details(List.of(), Optional.empty(), List.of(), Optional.empty());

        public Details {
            labels = List.copyOf(labels);
            variables = List.copyOf(variables);
        }

        private static Map<String, String> chosen(
                Map<String, String> all, List<String> names, Optional<String> pattern) {
            var chosen = new TreeMap<String, String>();
            var matching = pattern.map(Pattern::compile);
            all.forEach((name, value) -> {
                if (names.contains(name)
                        || matching.filter(p -> p.matcher(name).find()).isPresent()) {
                    chosen.put(name, value);
                }
            });
            return chosen;
        }
    }

    /** How much is kept where it is kept in files. */
    public LogLimits limits() {
        return new LogLimits(
                fileSize.map(bytes -> bytes < 0 ? Long.MAX_VALUE : bytes).orElse(LogLimits.DEFAULT.fileSize()),
                files.orElse(LogLimits.DEFAULT.files()));
    }

    /** What conmon was told when it began, and cannot be told anew. */
    Object fixed() {
        return driver == Driver.JOURNALD ? List.of(driver, tag) : driver;
    }

    /** The tag of that container; as with Docker the beginning of its id where none is asked for. */
    public static String tag(ContainerRecord record) {
        var spec = record.spec();
        var image = spec.digest().toString();
        return FIELD.matcher(spec.options().log().tag().orElse("{{.ID}}")).replaceAll(match -> switch (match.group(1)) {
            case "ID" -> record.id().substring(0, SHORT_ID);
            case "FullID" -> record.id();
            case "Name" -> spec.name();
            case "ImageName" -> spec.image().familiar();
            case "ImageID" -> image.substring(0, Math.min(image.length(), image.indexOf(':') + 1 + SHORT_ID));
            case "ImageFullID" -> image;
            case "DaemonName" -> "lockstep";
            default -> "";
        });
    }

    /** Labels and variables that its records have. */
    public static Map<String, String> details(ContainerRecord record) {
        var asked = record.spec().options().log().details();
        var all = new TreeMap<>(Details.chosen(record.labels(), asked.labels(), asked.labelPattern()));
        all.putAll(Details.chosen(
                record.effective().map(Effective::environment).orElse(Map.of()),
                asked.variables(),
                asked.variablePattern()));
        return Collections.unmodifiableMap(all);
    }
}
