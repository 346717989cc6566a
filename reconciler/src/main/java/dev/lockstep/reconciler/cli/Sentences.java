package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Makes of whatever was thrown the one sentence that the user gets. */
final class Sentences {
    private Sentences() {}

    static String of(Throwable thrown) {
        return Printable.text(sentence(unwrapped(thrown)));
    }

    private static Throwable unwrapped(Throwable thrown) {
        var cause = thrown.getCause();
        return cause != null
                        && (thrown instanceof UncheckedIOException
                                || thrown instanceof ExecutionException
                                || thrown instanceof CompletionException)
                ? unwrapped(cause)
                : thrown;
    }

    private static String sentence(Throwable thrown) {
        var message = Optional.ofNullable(thrown.getMessage()).filter(m -> !m.isBlank());
        return switch (thrown) {
            // These have a path for a message and nothing else.
            case NoSuchFileException e -> e.getFile() + ": no such file or directory";
            case AccessDeniedException e -> e.getFile() + ": permission denied";
            case FileAlreadyExistsException e ->
                e.getFile() + ": exists already"
                        + Optional.ofNullable(e.getReason())
                                .map(why -> "; " + why)
                                .orElse("");
            case NotDirectoryException e -> e.getFile() + ": is not a directory";
            case FileSystemException e ->
                e.getFile() + ": " + Optional.ofNullable(e.getReason()).orElse("failed");
            case UnknownHostException e -> "host " + message.orElse("?") + " is not known";
            case OutOfMemoryError _ ->
                "there is not enough memory; give the process more with LOCKSTEP_JAVA_OPTS=-Xmx...";
            // Somebody checked these and says what is wrong.
            case IllegalArgumentException _ when message.isPresent() -> message.get();
            case RuntimeException e ->
                "this is a defect of Lockstep: " + e.getClass().getSimpleName()
                        + message.map(m -> ": " + m).orElse("") + "; with --log-level debug it says where";
            case Error e -> "this is a defect of Lockstep: " + e + "; with --log-level debug it says where";
            default -> message.orElse(thrown.getClass().getSimpleName());
        };
    }
}
