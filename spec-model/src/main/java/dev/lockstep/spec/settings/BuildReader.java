package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.read.ShellWords;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads one build. */
final class BuildReader {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final Pattern IMAGE = Pattern.compile(
            "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?" + COMPONENT + "(?:/" + COMPONENT + ")*");
    private static final Pattern SERVICE = Pattern.compile("(?:[a-z0-9][a-z0-9_-]*/)?[a-zA-Z0-9][a-zA-Z0-9._-]*");
    private static final Pattern SECRET = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}");
    private static final Pattern ARGUMENT = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
    private static final Duration LONGEST_TEST = Duration.ofDays(1);

    /** Where nothing is said of tags: those of Git as they are, and what a branch is at. */
    private static final List<String> TAGS = List.of("{tag}", "{branch}-{sha7}");

    private final RepositoryReader reader;
    private final Reading reading;

    BuildReader(RepositoryReader reader, Reading reading) {
        this.reader = reader;
        this.reading = reading;
    }

    Build read(Fields fields) {
        if (!fields.has("image")) {
            reader.missing(fields, "has no image. Write where it goes, such as image: registry.example.com/shop");
        }
        var when = when(fields);
        var tags = fields.has("tags")
                ? reader.list(fields, "tags", text -> new TagTemplate(text).text())
                : TAGS.stream().filter(t -> fits(t, when)).toList();
        if (fields.has("tags")) {
            requireFitting(fields, tags, when);
        }
        var arguments = new LinkedHashMap<String, String>();
        fields.keyValues("args").forEach((name, value) -> arguments.put(name, value.orElse("")));
        var image = fields.parsed("image", BuildReader::image).orElse("");
        var push = fields.flag("push", Build.namesRegistry(image));
        if (push && !image.isEmpty() && !Build.namesRegistry(image)) {
            fields.error(
                    "push", "image \"" + image + "\" names no registry to send it to. Write HOST/NAME, or push: false");
        }
        return new Build(
                image,
                tags,
                fields.parsed("context", BuildReader::inside).orElse(""),
                fields.parsed("dockerfile", BuildReader::inside).orElse("Dockerfile"),
                fields.text("target"),
                arguments,
                secrets(fields),
                reader.list(fields, "platforms", BuildReader::platform),
                when,
                test(fields),
                push,
                fields.flag("reproducible", false),
                reader.selector(fields));
    }

    /** Names alone are ids as well. */
    private static Map<String, String> secrets(Fields fields) {
        var secrets = new LinkedHashMap<String, String>();
        fields.keyValues("secrets").forEach((id, name) -> {
            for (var word : List.of(id, name.orElse(id))) {
                if (!SECRET.matcher(word).matches()) {
                    fields.error(
                            "secrets",
                            "\"" + word + "\" is not the name of a secret. Write [NAME], or {ID: NAME} where steps have"
                                    + " another id for it");
                }
            }
            secrets.put(id, name.orElse(id));
        });
        return secrets;
    }

    private Build.When when(Fields fields) {
        var when = fields.fields("when", RepositoryKeys.BUILD_WHEN.keys());
        if (!when.has("tags") && !when.has("branches")) {
            reader.missing(fields, "has nothing that starts it. Write when: {tags: [\"v*\"]}");
        }
        if (when.has("paths") && !when.has("branches")) {
            when.error(
                    "paths",
                    "only pushes to branches are looked at for what they changed. Write branches: [main] beside it");
        }
        if (when.has("moved") && !when.has("tags")) {
            when.error("moved", "only tags are refused when they move. Take it out; a branch moves with each push");
        }
        return new Build.When(
                reader.list(when, "tags", text -> {
                    var _ = RefPattern.ofTags(text);
                    return text;
                }),
                reader.list(when, "branches", BuildReader::pattern),
                reader.list(when, "paths", BuildReader::path),
                when.parsed("moved", BuildReader::moved).orElse(false));
    }

    private static boolean fits(String template, Build.When when) {
        var parsed = new TagTemplate(template);
        return !when.tags().isEmpty() && parsed.isForTags() || !when.branches().isEmpty() && parsed.isForBranches();
    }

    /** Each push that starts it must give it a name. */
    private static void requireFitting(Fields fields, List<String> tags, Build.When when) {
        var templates = tags.stream().map(TagTemplate::new).toList();
        if (templates.isEmpty()) {
            return; // nothing, or what is told already
        }
        if (!when.tags().isEmpty() && templates.stream().noneMatch(TagTemplate::isForTags)) {
            fields.error("tags", "none of them can be filled in for a tag that is pushed. Add {tag} or {version}");
        }
        if (!when.branches().isEmpty() && templates.stream().noneMatch(TagTemplate::isForBranches)) {
            fields.error("tags", "none of them can be filled in for a branch that is pushed. Add {branch} or {sha7}");
        }
    }

    /** A command, or a mapping with more. */
    private Optional<Build.Test> test(Fields fields) {
        return fields.node("test").flatMap(node -> {
            if (node instanceof YamlScalar || node instanceof YamlSequence) {
                return command(fields, "test")
                        .map(command -> new Build.Test(
                                command, Optional.empty(), Build.Test.TIMEOUT, Optional.empty(), Map.of()));
            }
            var test = fields.fields("test", RepositoryKeys.BUILD_TEST.keys());
            var read = new Build.Test(
                    command(test, "command").orElse(List.of()),
                    test.parsed("service", BuildReader::service),
                    test.quantity("timeout", "s", text -> timeout(Durations.parse(text)))
                            .orElse(Build.Test.TIMEOUT),
                    test.parsed("reports", BuildReader::reports),
                    matrix(test));
            if (read.combinations() > Build.Test.LARGEST) {
                test.error(
                        "matrix",
                        "asks for " + read.combinations() + " images; " + Build.Test.LARGEST + " are the most");
            }
            return Optional.of(read);
        });
    }

    private Optional<List<String>> command(Fields fields, String key) {
        return fields.node(key).flatMap(node -> {
            if (node instanceof YamlSequence) {
                return Optional.of(reading.texts(fields.path(key), node));
            }
            return fields.parsed(key, text -> {
                var split = ShellWords.split(text);
                if (split.endedAt() >= 0) {
                    throw new IllegalArgumentException("no shell runs it, so \"" + text.charAt(split.endedAt())
                            + "\" has no meaning. Write [sh, -c, '…']");
                }
                if (split.words().isEmpty()) {
                    throw new IllegalArgumentException("says nothing. Write a command");
                }
                return split.words();
            });
        });
    }

    private Map<String, List<String>> matrix(Fields test) {
        var matrix = new LinkedHashMap<String, List<String>>();
        test.node("matrix").ifPresent(node -> {
            var path = test.path("matrix");
            reading.named(path, node).forEach((name, entry) -> {
                var own = path + "." + name;
                if (!ARGUMENT.matcher(name).matches()) {
                    reading.error(entry.keyAt(), own, "\"" + name + "\" is not the name of a build argument");
                }
                var values = reading.texts(own, entry.value());
                if (values.isEmpty() && entry.value() instanceof YamlSequence) {
                    reading.error(entry.keyAt(), own, "has no values. Write a list of them");
                }
                matrix.put(name, values);
            });
        });
        return matrix;
    }

    private static Duration timeout(Duration text) {
        if (!text.isPositive() || text.compareTo(LONGEST_TEST) > 0) {
            throw new IllegalArgumentException("must be more than nothing and at most 24h");
        }
        return text;
    }

    private static String reports(String text) {
        if (!text.startsWith("/") || List.of(text.split("/", -1)).contains("..") || text.equals("/")) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" must be an absolute path in the container without .., such as /reports");
        }
        return text;
    }

    private static String service(String text) {
        if (!SERVICE.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a service. Write SERVICE or STACK/SERVICE");
        }
        return text;
    }

    private static boolean moved(String text) {
        return switch (text) {
            case "refuse" -> false;
            case "allow" -> true;
            default ->
                throw new IllegalArgumentException(
                        "\"" + text
                                + "\" is not what can become of a tag that was moved. Write refuse, or allow to build it again");
        };
    }

    private static String image(String text) {
        if (text.length() > 255 || !IMAGE.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is not the name of an image. Write [HOST/]NAME in lower case; its tags stand below tags:");
        }
        return text;
    }

    private static String inside(String text) {
        if (text.startsWith("/") || List.of(text.split("/", -1)).contains("..")) {
            throw new IllegalArgumentException("\"" + text + "\" must be inside of the repository");
        }
        return text.equals(".") ? "" : text;
    }

    private static String platform(String text) {
        if (!text.matches("[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?")) {
            throw new IllegalArgumentException("\"" + text + "\" is not a platform. Write for example linux/arm64");
        }
        return text;
    }

    private static String pattern(String text) {
        var _ = RefPattern.of(text);
        if (text.startsWith("refs/")) {
            throw new IllegalArgumentException(
                    "\"" + text
                            + "\": only branches of the repository itself are built, by their short names. Write for example main");
        }
        return text;
    }

    private static String path(String text) {
        var path = inside(text.replaceAll("^(?:\\./)+", "").replaceAll("(?<=.)/+$", ""));
        if (!path.isEmpty()) {
            var _ = RefPattern.of(path);
        }
        return path;
    }
}
