package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.EOFException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import org.eclipse.jgit.errors.CorruptObjectException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.errors.NoRemoteRepositoryException;
import org.eclipse.jgit.errors.NotSupportedException;
import org.eclipse.jgit.errors.PackInvalidException;
import org.eclipse.jgit.errors.PackMismatchException;
import org.eclipse.jgit.errors.UnpackException;
import org.jspecify.annotations.Nullable;

/**
 * Turns what JGit throws into one sentence and a {@link Kind}. JGit has few exception types, so the chain of causes is
 * searched, and only then its texts.
 */
final class Failures {
    private final Remote remote;
    private @Nullable LoginProvider login;
    private @Nullable HttpAnswers answers;
    private Supplier<Optional<String>> hostKey = Optional::empty;

    Failures(Remote remote) {
        this.remote = remote;
    }

    void login(LoginProvider provider) {
        this.login = provider;
    }

    /** @param heard what an HTTP server has answered */
    void http(HttpAnswers heard) {
        this.answers = heard;
    }

    /** How far this host's clock is ahead of the server's. */
    Optional<Duration> ahead() {
        return answers == null ? Optional.empty() : answers.ahead();
    }

    /** @param refusal why the server's key was refused, if it was */
    void ssh(Supplier<Optional<String>> refusal) {
        this.hostKey = refusal;
    }

    /** True when a local object is missing or garbled. A remote that sends garbage looks the same from here. */
    static boolean isDamage(Throwable failure) {
        return causes(failure).stream()
                .anyMatch(e -> e instanceof MissingObjectException
                        || e instanceof CorruptObjectException
                        || e instanceof PackInvalidException
                        || e instanceof PackMismatchException
                        || e instanceof UnpackException);
    }

    GitException explain(Exception failure) {
        var causes = causes(failure);
        var refusedKey = hostKey.get();
        if (refusedKey.isPresent()) {
            return exception(Kind.AUTH, ": " + refusedKey.get(), failure);
        }
        if (answers != null && answers.retryAfter().isPresent()) {
            var pause = answers.retryAfter().get();
            return new GitException(
                    Kind.UNREACHABLE,
                    "repository " + remote + " asks to be left alone for " + pause.toSeconds() + " s (HTTP "
                            + answers.code() + ")",
                    failure,
                    Optional.of(pause));
        }
        var refusedWay = answers == null ? Optional.<String>empty() : answers.refusal(causes);
        if (refusedWay.isPresent()) {
            return exception(Kind.AUTH, " cannot be asked: " + refusedWay.get(), failure);
        }
        for (var cause : causes) {
            var found = byType(cause, failure);
            if (found.isPresent()) {
                return found.get();
            }
        }
        var text = causes.stream().map(Failures::message).toList().toString().toLowerCase(Locale.ROOT);
        if (text.contains("no space left")) {
            return exception(Kind.LOCAL, ": this host's disk is full", failure);
        }
        if (text.contains("not permitted") || text.contains("forbidden") || text.contains("access denied")) {
            return exception(Kind.AUTH, " does not let us read: check the credentials and their rights", failure);
        }
        if ((login != null && login.asked())
                || text.contains("not authorized")
                || text.contains("auth fail")
                || text.contains("authentication")
                || text.contains("cannot log in")) {
            var explanation = login == null || remote.transport() == Remote.Transport.SSH
                    ? "refused our SSH key; check the key and that the server knows it"
                    : login.explanation();
            return exception(Kind.AUTH, " " + explanation, failure);
        }
        if (text.contains("not found") || text.contains("does not exist") || text.contains("not appear to be a git")) {
            return notThere(failure);
        }
        if (text.contains("timeout") || text.contains("timed out")) {
            return exception(Kind.TIMEOUT, " did not answer in time", failure);
        }
        return exception(Kind.UNREACHABLE, " cannot be read: " + message(causes.getLast()), failure);
    }

    private Optional<GitException> byType(Throwable cause, Exception failure) {
        return Optional.ofNullable(
                switch (cause) {
                    case NoRemoteRepositoryException e -> notThere(failure);
                    case UnknownHostException e ->
                        exception(Kind.UNREACHABLE, ": the name " + remote.host() + " is unknown", failure);
                    case ConnectException e ->
                        exception(Kind.UNREACHABLE, " cannot be reached: " + message(e), failure);
                    case NoRouteToHostException e ->
                        exception(Kind.UNREACHABLE, " cannot be reached: " + message(e), failure);
                    case SSLException e -> exception(Kind.UNREACHABLE, ": TLS failed: " + message(e), failure);
                    case InterruptedIOException e -> exception(Kind.TIMEOUT, " did not answer in time", failure);
                    // JGit's timer interrupts who reads, and an interrupted virtual thread finds its socket closed.
                    case SocketException e
                    when message(e).contains("interrupt") ->
                        exception(Kind.TIMEOUT, " did not answer in time", failure);
                    case SocketException e -> exception(Kind.UNREACHABLE, ": connection lost: " + message(e), failure);
                    case EOFException e -> exception(Kind.UNREACHABLE, ": connection ended early", failure);
                    case NotSupportedException e -> exception(Kind.NOT_A_REPOSITORY, ": " + message(e), failure);
                    default -> null;
                });
    }

    private GitException notThere(Exception failure) {
        var where = remote.transport() == Remote.Transport.LOCAL
                ? " is not there, or is no Git repository"
                : " is not there, or is private and our credentials do not reach it";
        return exception(Kind.NOT_A_REPOSITORY, where, failure);
    }

    private GitException exception(Kind kind, String problem, Exception cause) {
        return new GitException(kind, "repository " + remote + problem, cause);
    }

    private static List<Throwable> causes(Throwable failure) {
        var causes = new ArrayList<Throwable>();
        for (Throwable at = failure; at != null && causes.size() < 20; at = at.getCause()) {
            causes.add(at);
        }
        return causes;
    }

    private static String message(Throwable failure) {
        var text = failure.getMessage();
        return text == null || text.isBlank() ? failure.getClass().getSimpleName() : text.strip();
    }
}
