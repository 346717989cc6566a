package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.LineHistory;
import dev.lockstep.reconciler.plan.LineCommit;
import dev.lockstep.reconciler.plan.LineCommits;
import dev.lockstep.spec.yaml.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Where a value of a YAML file ends, and what the history of the file says of its lines. For one thread. */
public final class FileLines implements LineCommits {
    /** All that a plan's explanation may take: nobody waits for it. */
    public static final Duration BUDGET = Duration.ofMillis(100);

    private final LineHistory history;
    private final Function<String, Optional<Found>> files;
    private final Map<String, Optional<Found>> found = new HashMap<>();

    /**
     * A file that positions name.
     *
     * @param path in the repository
     * @param content as it is now, whatever was committed
     */
    public record Found(String path, String content) {}

    /** @param files by their names in positions; empty for what is in no repository */
    public FileLines(LineHistory history, Function<String, Optional<Found>> files) {
        this.history = history;
        this.files = files;
    }

    /** Of the files of a commit, whose paths positions have. */
    public static FileLines of(CommitTree tree) {
        return new FileLines(tree.lines(BUDGET), file -> {
            try {
                return file.startsWith("/")
                        ? Optional.empty()
                        : tree.read(file).map(content -> new Found(file, new String(content, StandardCharsets.UTF_8)));
            } catch (GitException e) {
                return Optional.empty(); // it only explains
            }
        });
    }

    @Override
    public Optional<LineCommit> of(SourcePosition at) {
        return found.computeIfAbsent(at.file(), files).flatMap(file -> {
            var text = file.content().lines().toList();
            var yaml = at.file().endsWith(".yaml") || at.file().endsWith(".yml");
            return history.of(
                            file.path(),
                            at.line(),
                            yaml ? last(text, at) : at.line(),
                            Optional.of(file.content().getBytes(StandardCharsets.UTF_8)))
                    .map(change -> new LineCommit(
                            change.commit(), change.authored(), change.committed(), change.author(), change.subject()));
        });
    }

    /**
     * The last line of the value that begins there or whose key stands there: it goes on in lines that are indented
     * further. The items of a list may stand right below its key.
     */
    static int last(List<String> text, SourcePosition at) {
        if (at.line() > text.size()) {
            return at.line();
        }
        var first = text.get(at.line() - 1);
        var indent = indent(first);
        var last = at.line();
        for (var line = at.line() + 1; line <= text.size(); line++) {
            var next = text.get(line - 1);
            if (next.isBlank() || next.strip().startsWith("#")) {
                continue; // belongs to the value if something after it does
            }
            var item = indent(next) == indent
                    && next.strip().startsWith("-")
                    && !first.strip().startsWith("-");
            if (indent(next) <= indent && !item) {
                break;
            }
            last = line;
        }
        return last;
    }

    private static int indent(String line) {
        return line.length() - line.stripLeading().length();
    }
}
