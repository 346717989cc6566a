package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlDocument;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlReader;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The YAML documents of compose files; each file is read once, however often it is named. */
final class Documents {
    private final SourceFiles files;
    private final Problems problems;
    private final YamlReader reader = new YamlReader(YamlLimits.DEFAULT);
    private final Map<String, List<YamlDocument>> read = new HashMap<>();

    Documents(SourceFiles files, Problems problems) {
        this.files = files;
        this.problems = problems;
    }

    /**
     * The documents whose root is a mapping.
     *
     * @param at where the file is named, for the problem that it is not there
     * @param modelPath the same
     */
    List<YamlDocument> of(String file, SourcePosition at, String modelPath) {
        var known = read.get(file);
        if (known != null) {
            return known;
        }
        var documents = read(file, at, modelPath);
        read.put(file, documents);
        return documents;
    }

    private List<YamlDocument> read(String file, SourcePosition at, String modelPath) {
        // Not where a file names it: no env_file or include may take what belongs to the command.
        var bytes = modelPath.isEmpty() && file.equals(LoadRequest.STANDARD_INPUT)
                ? files.standardInput(at)
                : files.bytes(file, at, modelPath);
        if (bytes.isEmpty()) {
            if (!files.failed(file)) {
                problems.missing(at, modelPath, modelPath.isEmpty() ? "no such file" : "no such file: " + file);
            }
            return List.of();
        }
        var before = problems.errors().size();
        var documents = reader.documents(file, bytes.get(), problems);
        if (documents.stream().allMatch(d -> Reading.isNull(d.root()))
                && problems.errors().size() == before) {
            problems.error(new SourcePosition(file, 1, 1), "", "empty compose file");
        }
        documents.forEach(this::check);
        return documents.stream().filter(d -> d.root() instanceof YamlMapping).toList();
    }

    private void check(YamlDocument document) {
        if (!(document.root() instanceof YamlMapping mapping)) {
            if (!Reading.isNull(document.root())) {
                problems.error(document.root().at(), "", "top-level object must be a mapping");
            }
            return;
        }

        var name = mapping.get("name");
        if (name != null && !Reading.isNull(name) && !(name instanceof YamlScalar scalar && scalar.isText())) {
            problems.error(name.at(), "name", "must be text, not " + name.kindInWords() + ". Write it in quotes");
        }
        var version = mapping.entries().get("version");
        if (version == null) {
            return;
        }
        if (version.value() instanceof YamlScalar scalar && scalar.isText()) {
            problems.warning(version.keyAt(), "version", "is obsolete and ignored. Remove it");
        } else {
            problems.error(
                    version.value().at(), "version", "must be text, such as \"3\". Better remove it: it is obsolete");
        }
    }
}
