package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.registry.Proxies;
import java.net.HttpURLConnection;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the headers of a Git server's answers say beside Git. Any thread may ask. */
final class HttpAnswers {
    private static final int TOO_MANY_REQUESTS = 429;
    /** A server that wants us away for longer is asked once in this time all the same. */
    private static final Duration LONGEST = Duration.ofHours(1);

    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    private final InstantSource clock;
    private volatile Optional<Duration> retryAfter = Optional.empty();
    private volatile Optional<Duration> ahead = Optional.empty();
    private volatile Optional<Proxies.Proxy> proxy = Optional.empty();
    private volatile int code;

    HttpAnswers(InstantSource clock) {
        this.clock = clock;
    }

    /** How long the server asks to be left alone, at most an hour; of its last answer. */
    Optional<Duration> retryAfter() {
        return retryAfter;
    }

    /** How far this host's clock is ahead of the server's, negative: behind; of the last answer that had a date. */
    Optional<Duration> ahead() {
        return ahead;
    }

    /** Status code of the last answer. */
    int code() {
        return code;
    }

    /** The next answer comes by that proxy. */
    void by(Optional<Proxies.Proxy> way) {
        proxy = way;
    }

    /** Why the proxy on the way does not let us through, for the end of a sentence; empty where it does. */
    Optional<String> refusal(List<Throwable> causes) {
        var status = causes.stream()
                .filter(TunnelSockets.RefusedException.class::isInstance)
                .map(e -> ((TunnelSockets.RefusedException) e).status())
                .findFirst()
                .orElse(code);
        return status != HttpURLConnection.HTTP_PROXY_AUTH
                ? Optional.empty()
                : proxy.map(p -> "the proxy " + p
                        + (p.account().isPresent()
                                ? " does not take the account that it is shown"
                                : " wants an account: write USER:PASSWORD@ before its name"));
    }

    /** Somebody has answered. */
    void hear(int status, Optional<String> retry, Optional<String> date) {
        var now = clock.instant();
        code = status;
        retryAfter = status == TOO_MANY_REQUESTS || status == HttpURLConnection.HTTP_UNAVAILABLE
                ? retry.flatMap(text -> pause(text, now))
                : Optional.empty();
        date.flatMap(HttpAnswers::date).ifPresent(theirs -> ahead = Optional.of(Duration.between(theirs, now)));
    }

    /** Seconds, or a date (RFC 9110 §10.2.3). */
    static Optional<Duration> pause(String text, Instant now) {
        var pause = SECONDS.matcher(text.strip()).matches()
                ? Optional.of(Duration.ofSeconds(Long.parseLong(text.strip())))
                : date(text).map(then -> Duration.between(now, then));
        return pause.filter(Duration::isPositive).map(p -> p.compareTo(LONGEST) > 0 ? LONGEST : p);
    }

    private static Optional<Instant> date(String text) {
        try {
            return Optional.of(ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
