package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.ForeignText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What runtimes and conmon say when something fails. */
final class RuntimeMessages {
    private RuntimeMessages() {}

    /** The runtime's last error from its JSON log, or {@code otherwise} where it wrote none. */
    static String lastError(Path log, String otherwise, JsonMapper json) {
        try {
            var lines = ForeignText.read(log).lines().toList();
            for (var line : lines.reversed()) {
                var message = json.readTree(line).path("msg").asText();
                if (!message.isEmpty()) {
                    return message;
                }
            }
        } catch (IOException e) {
            // No log, or not JSON: the other text is all there is.
        }
        return otherwise;
    }

    /** 126 and 127 as shells have them, by the words that runc and crun use. */
    static ContainerException.Reason classify(String message) {
        var text = message.toLowerCase(Locale.ROOT);
        if (text.contains("executable file not found") || text.contains("no such file or directory")) {
            return ContainerException.Reason.NOT_FOUND;
        }
        if (text.contains("permission denied")
                || text.contains("is a directory")
                || text.contains("is not a regular file")
                || text.contains("is not executable")) {
            return ContainerException.Reason.CANNOT_EXECUTE;
        }
        return ContainerException.Reason.RUNTIME;
    }

    /**
     * Why a program could not be run in a container, in a sentence of ours where it is one of the usual reasons, else
     * in the runtime's own words.
     *
     * @param program as the user wrote it
     */
    static String cannotRun(String program, String container, String message) {
        var text = message.toLowerCase(Locale.ROOT);
        if (text.contains("chdir")) {
            return "the working directory cannot be entered in container " + container + ": " + message;
        }
        return switch (classify(message)) {
            case NOT_FOUND ->
                program.contains("/")
                        ? "container " + container + " has no file " + program
                                + ", or not the interpreter that it names"
                        : "container " + container + " has no program \"" + program + "\" in its PATH";
            case CANNOT_EXECUTE ->
                program + " in container " + container
                        + (text.contains("is a directory")
                                ? " is a directory and cannot be run"
                                : text.contains("is not a regular file")
                                        ? " is not a file and cannot be run"
                                        : " cannot be run: permission denied");
            case NO_SUCH_CONTAINER, CONFLICT, INVALID, RUNTIME, HOST -> message;
        };
    }
}
