package dev.lockstep.runtime.registry;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Mirrors that did not work lately. They are left alone for a while, whatever is pulled. */
final class FailedMirrors {
    static final Duration LEFT_ALONE = Duration.ofMinutes(5);

    /** @param repository empty for all of the mirror */
    private record Key(String host, String repository) {}

    private final Time time;
    private final Map<Key, Long> since = new ConcurrentHashMap<>();

    FailedMirrors(Time time) {
        this.time = time;
    }

    /** A mirror that is down is so for everything; one that refuses or spoils a repository may serve others. */
    void remember(String host, String repository, RegistryException.Reason reason) {
        var all = switch (reason) {
            case UNREACHABLE, RATE_LIMITED, MISCONFIGURED -> true;
            case BROKEN, DENIED, WRONG_CONTENT, NOT_FOUND -> false;
        };
        since.put(new Key(host, all ? "" : repository), time.nanos());
    }

    /** Whether it is not to be asked. */
    boolean has(String host, String repository) {
        return isRecent(new Key(host, "")) || isRecent(new Key(host, repository));
    }

    private boolean isRecent(Key key) {
        var failed = since.get(key);
        if (failed == null) {
            return false;
        }
        if (time.nanos() - failed < LEFT_ALONE.toNanos()) {
            return true;
        }
        since.remove(key, failed);
        return false;
    }
}
