package dev.lockstep.spec.yaml;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * Reads YAML files as nodes. Only SnakeYAML's parser and composer are used, never its constructors: no object is made
 * from a tag. A file's size, depth and growth through aliases are bounded ({@link YamlLimits}).
 */
public final class YamlReader {
    private final YamlLimits limits;

    public YamlReader(YamlLimits limits) {
        this.limits = limits;
    }

    /**
     * The documents of a file; what is wrong goes to {@code problems}, and then the answer may be incomplete.
     *
     * @param file its name in positions
     */
    public List<YamlNode> read(String file, byte[] bytes, Problems problems) {
        var start = new SourcePosition(file, 1, 1);
        if (bytes.length > limits.bytes()) {
            problems.error(start, "", "the file is larger than " + limits.bytes() + " bytes");
            return List.of();
        }
        var text = decode(start, bytes, problems);
        var documents = new ArrayList<YamlNode>();
        try {
            var composer = new Composer(new ParserImpl(new StreamReader(text), options()), new Scalars(), options());
            while (composer.checkNode()) {
                documents.add(new NodeConverter(file, limits, problems).document(composer.getNode()));
            }
        } catch (MarkedYAMLException e) {
            problems.error(place(file, e), "", sentence(e));
        } catch (ReaderException e) {
            problems.error(
                    placeOf(file, text, e.getPosition()),
                    "",
                    String.format("the character U+%04X is not allowed in YAML", e.getCodePoint()));
        } catch (YAMLException e) {
            problems.error(start, "", String.valueOf(e.getMessage()));
        }
        return documents;
    }

    private LoaderOptions options() {
        var options = new LoaderOptions();
        options.setNestingDepthLimit(limits.depth());
        options.setCodePointLimit(limits.bytes());
        // This counts uses, not growth, and refuses plain files where sixty services share one anchor.
        // NodeConverter counts what aliases really make of a file.
        options.setMaxAliasesForCollections(Integer.MAX_VALUE);
        return options;
    }

    private static String decode(SourcePosition start, byte[] bytes, Problems problems) {
        try {
            var text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            problems.error(start, "", "the file is not UTF-8 text");
            return "";
        }
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

    private static SourcePosition placeOf(String file, String text, int codePoints) {
        var line = 1;
        var column = 1;
        var seen = 0;
        for (var i = 0; i < text.length() && seen < codePoints; seen++) {
            var c = text.codePointAt(i);
            i += Character.charCount(c);
            column++;
            if (c == '\n') {
                line++;
                column = 1;
            }
        }
        return new SourcePosition(file, line, column);
    }
}
