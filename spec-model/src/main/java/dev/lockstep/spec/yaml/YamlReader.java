package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.parser.ParserImpl;

/**
 * Reads YAML files as nodes. Only SnakeYAML's parser is used: no object is made from a tag. A file's size, depth and
 * growth through aliases are bounded ({@link YamlLimits}).
 */
public final class YamlReader {
    private final YamlLimits limits;

    public YamlReader(YamlLimits limits) {
        this.limits = limits;
    }

    /**
     * The documents of a file that stands alone; what is wrong goes to {@code problems}, and then the answer may be
     * incomplete.
     *
     * @param file its name in positions
     */
    public List<YamlNode> read(String file, byte[] bytes, Problems problems) {
        return documents(file, bytes, problems, false).stream()
                .map(YamlDocument::root)
                .toList();
    }

    /** The same for a file that may be put over others, and say by tags what it forgets of them. */
    public List<YamlDocument> documents(String file, byte[] bytes, Problems problems) {
        return documents(file, bytes, problems, true);
    }

    private List<YamlDocument> documents(String file, byte[] bytes, Problems problems, boolean edits) {
        if (bytes.length > limits.bytes()) {
            problems.error(new SourcePosition(file, 1, 1), "", "the file is larger than " + limits.bytes() + " bytes");
            return List.of();
        }
        return TextDecoder.yaml(file, bytes, problems)
                .map(text -> parse(file, text, problems, edits))
                .orElse(List.of());
    }

    private List<YamlDocument> parse(String file, String text, Problems problems, boolean edits) {
        var documents = new ArrayList<YamlDocument>();
        var reader = new WholeText(text);
        try {
            var parser = new ParserImpl(reader, options());
            var builder = new TreeBuilder(file, parser, limits, problems, edits);
            for (var document = builder.next(); document != null; document = builder.next()) {
                documents.add(document);
            }
        } catch (TreeBuilder.Refused e) {
            // The problem has been told.
            return documents;
        } catch (MarkedYAMLException e) {
            problems.error(place(file, e), "", sentence(e));
        } catch (YAMLException e) {
            problems.error(new SourcePosition(file, 1, 1), "", String.valueOf(e.getMessage()));
        } catch (NumberFormatException e) {
            // SnakeYAML 2.x reads the digits of an escape without looking whether the text has ended.
            var at = new SourcePosition(file, reader.getLine() + 1, reader.getColumn() + 1);
            problems.error(at, "", "not valid YAML: the file ends within an escape such as \\u00e9");
        }
        return documents;
    }

    private LoaderOptions options() {
        var options = new LoaderOptions();
        options.setCodePointLimit(limits.bytes());
        return options;
    }

    private static SourcePosition place(String file, MarkedYAMLException e) {
        Mark mark = e.getProblemMark();
        return mark == null
                ? new SourcePosition(file, 1, 1)
                : new SourcePosition(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static String sentence(MarkedYAMLException e) {
        if (e.getProblem() != null && e.getProblem().contains("'\\t(TAB)'")) {
            return "a tab cannot indent YAML. Write spaces";
        }
        var context = e.getContext() == null ? "" : e.getContext() + ": ";
        return "not valid YAML: " + context + e.getProblem();
    }
}
