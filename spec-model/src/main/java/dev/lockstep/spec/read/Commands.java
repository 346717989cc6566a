package dev.lockstep.spec.read;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.List;
import java.util.Optional;

/** Commands: a list of words, or a text that is split as a shell would. */
final class Commands {
    private final Reading reading;

    Commands(Reading reading) {
        this.reading = reading;
    }

    /** The words; empty when the key is absent or says nothing. */
    Optional<List<String>> read(Fields fields, String key) {
        return fields.node(key).flatMap(node -> {
            var path = fields.path(key);
            if (node instanceof YamlSequence) {
                placed(path, reading.items(path, node));
                return Optional.of(reading.texts(path, node));
            }
            return reading.parsed(path, node, ShellWords::split).map(split -> {
                if (split.endedAt() >= 0) {
                    reading.warning(
                            node instanceof YamlScalar scalar ? scalar.at(split.endedAt()) : node.at(),
                            path,
                            "the command ends here: no shell runs it. Write [sh, -c, '…'], or quote the character");
                }
                return split.words();
            });
        });
    }

    /** A word that came from elsewhere has a place of its own; for the others the command's is enough. */
    private void placed(String path, List<YamlNode> words) {
        for (var i = 0; i < words.size(); i++) {
            if (!words.get(i).at().via().isEmpty()) {
                reading.place(path + "[" + i + "]", words.get(i).at());
            }
        }
    }
}
