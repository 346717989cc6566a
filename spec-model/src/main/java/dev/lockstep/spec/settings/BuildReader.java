package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.regex.Pattern;

/** Reads one build. */
final class BuildReader {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final Pattern IMAGE = Pattern.compile(
            "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?" + COMPONENT + "(?:/" + COMPONENT + ")*");

    private final RepositoryReader reader;

    BuildReader(RepositoryReader reader) {
        this.reader = reader;
    }

    Build read(Fields fields) {
        if (!fields.has("image")) {
            reader.missing(fields, "has no image. Write where it goes, such as image: registry.example.com/shop");
        }
        var when = fields.fields("when", RepositoryKeys.BUILD_WHEN.keys());
        var gitTags = reader.list(when, "tags", BuildReader::pattern);
        var branches = reader.list(when, "branches", BuildReader::pattern);
        if (!when.has("tags") && !when.has("branches")) {
            reader.missing(fields, "has nothing that starts it. Write when: {tags: [\"v*\"]}");
        }
        var arguments = new LinkedHashMap<String, String>();
        fields.keyValues("args").forEach((name, value) -> arguments.put(name, value.orElse("")));
        return new Build(
                fields.parsed("image", BuildReader::image).orElse(""),
                fields.has("tags") ? reader.list(fields, "tags", Build::tag) : List.of("{{tag}}"),
                fields.parsed("context", BuildReader::inside).orElse(""),
                fields.parsed("dockerfile", BuildReader::inside).orElse("Dockerfile"),
                fields.text("target"),
                arguments,
                reader.list(fields, "platforms", BuildReader::platform),
                gitTags,
                branches,
                reader.selector(fields));
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
        if (text.isBlank() || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not a pattern. Write for example v*, or >=1.2 <2 for versions");
        }
        return text;
    }
}
