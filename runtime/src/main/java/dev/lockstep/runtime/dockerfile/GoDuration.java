package dev.lockstep.runtime.dockerfile;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Times as Go writes them: {@code 1m30s}, {@code 1.5h}, {@code 0}. */
final class GoDuration {
    private static final Pattern PART = Pattern.compile("(\\d{0,18}(?:\\.\\d{0,18})?)(ns|us|µs|μs|ms|s|m|h)");
    private static final Map<String, Long> NANOS = Map.of(
            "ns", 1L,
            "us", 1_000L,
            "µs", 1_000L,
            "μs", 1_000L,
            "ms", 1_000_000L,
            "s", 1_000_000_000L,
            "m", 60_000_000_000L,
            "h", 3_600_000_000_000L);

    private GoDuration() {}

    /** Empty if it is none, or none that fits. */
    static Optional<Duration> parse(String text) {
        var negative = text.startsWith("-");
        var rest = negative || text.startsWith("+") ? text.substring(1) : text;
        if (rest.equals("0")) {
            return Optional.of(Duration.ZERO);
        } else if (rest.isEmpty() || rest.length() > 200) {
            return Optional.empty();
        }
        var sum = BigDecimal.ZERO;
        var match = PART.matcher(rest);
        var at = 0;
        for (; at < rest.length(); at = match.end()) {
            if (!match.find(at)
                    || match.start() != at
                    || match.group(1).isEmpty()
                    || match.group(1).equals(".")) {
                return Optional.empty();
            }
            var nanos = NANOS.getOrDefault(match.group(2), 0L);
            sum = sum.add(new BigDecimal("0" + match.group(1) + (match.group(1).endsWith(".") ? "0" : ""))
                    .multiply(BigDecimal.valueOf(nanos)));
        }
        if (sum.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            return Optional.empty();
        }
        var time = Duration.ofNanos(sum.longValue());
        return Optional.of(negative ? time.negated() : time);
    }
}
