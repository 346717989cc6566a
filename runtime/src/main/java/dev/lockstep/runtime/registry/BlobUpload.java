package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One try after the other of giving a registry a blob (distribution specification, "Push"). A small blob goes in one
 * request. A big one goes in chunks; after a failure the registry is asked how much it has, and the rest follows.
 */
final class BlobUpload implements RegistryHttp.Attempt<Progress.Step> {
    /** What one request carries, and what is in memory for each upload. */
    static final int CHUNK = 8 << 20;
    /** A registry that wants bigger chunks gets its own refusal. */
    private static final int LARGEST_CHUNK = 64 << 20;
    /** Slower than this is as good as dead. */
    private static final long BYTES_PER_SECOND = 64 * 1024;

    /** Bytes of a chunk that a registry takes at least. */
    private static final int LEAST_TAKEN = 64 * 1024;

    private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-([0-9]{1,18})");
    private static final Pattern LENGTH = Pattern.compile("[0-9]{1,9}");

    private final RegistryHttp http;
    private final Duration idle;
    private final Endpoint endpoint;
    private final Descriptor blob;
    private final Path file;
    private final Progress progress;
    private final Optional<String> mountFrom;
    private Optional<URI> location = Optional.empty();
    private boolean mountTried;
    private int chunk = CHUNK;
    private long sent;
    private long furthest;

    /**
     * An upload of a blob that lies in {@code file}.
     *
     * @param mountFrom another repository of the registry that is said to have it
     */
    BlobUpload(
            RegistryHttp http,
            Duration idle,
            Endpoint endpoint,
            Descriptor blob,
            Path file,
            Optional<String> mountFrom,
            Progress progress) {
        this.http = http;
        this.idle = idle;
        this.endpoint = endpoint;
        this.blob = blob;
        this.file = file;
        this.mountFrom = mountFrom;
        this.progress = progress;
    }

    @Override
    public long progress() {
        return furthest;
    }

    /** {@code PRESENT} when the registry had it or took it from another repository, {@code UPLOAD} when it was sent. */
    @Override
    public Progress.Step run() throws IOException, InterruptedException {
        if (location.isPresent()) {
            ask(location.get());
        }
        if (location.isEmpty() && (isThere() || begin())) {
            return Progress.Step.PRESENT;
        }
        if (blob.size() > chunk) {
            while (sent < blob.size()) {
                patch(read(Math.min(chunk, blob.size() - sent)));
            }
            put(new byte[0]);
        } else {
            put(read(blob.size() - sent));
        }
        return Progress.Step.UPLOAD;
    }

    private boolean isThere() throws IOException, InterruptedException {
        try (var answer =
                http.send("HEAD", endpoint, endpoint.blob(blob.digest().toString()), Map.of())) {
            answer.body().drain();
            return answer.isSuccess();
        }
    }

    /** Whether the registry has the blob now; if not, there is an upload. */
    private boolean begin() throws IOException, InterruptedException {
        sent = 0;
        if (mountFrom.isPresent() && !mountTried) {
            mountTried = true;
            if (mount(mountFrom.get())) {
                return true;
            }
        }
        if (location.isEmpty()) {
            var uri = endpoint.uploads();
            try (var answer = http.send("POST", endpoint, uri, Map.of())) {
                if (answer.status() != 202) {
                    throw refused(answer);
                }
                begun(uri, answer);
            }
        }
        return false;
    }

    /** A registry that does not take it from there begins an upload, or refuses: both are no harm. */
    private boolean mount(String from) throws IOException, InterruptedException {
        var uri = endpoint.mount(blob.digest().toString(), from);
        try (var answer = http.send("POST", endpoint.alsoReading(from), uri, Map.of())) {
            if (answer.status() == 202) {
                begun(uri, answer);
            }
            answer.body().drain();
            return answer.status() == 201;
        } catch (RegistryException e) {
            return false;
        }
    }

    private void begun(URI uri, Answer answer) throws IOException {
        location = Optional.of(RegistryHttp.redirected(endpoint, uri, answer.header("Location")));
        answer.header("OCI-Chunk-Min-Length")
                .filter(text -> LENGTH.matcher(text).matches())
                .ifPresent(text -> chunk = Math.clamp(Integer.parseInt(text), CHUNK, LARGEST_CHUNK));
    }

    /** Asks how much has arrived; an upload that is gone is begun again. */
    private void ask(URI at) throws IOException, InterruptedException {
        try (var answer = http.send("GET", endpoint, at, Map.of())) {
            answer.body().drain();
            var end = answer.isSuccess() ? end(answer) : Optional.<Long>empty();
            if (end.isPresent() && end.get() <= blob.size()) {
                sent = end.get();
                location = Optional.of(next(at, answer));
            } else {
                location = Optional.empty();
            }
        } catch (RegistryException e) {
            location = Optional.empty();
        }
    }

    /** Number of bytes that the registry has. Of {@code 0-0} nobody knows whether it is one byte or none: none. */
    private static Optional<Long> end(Answer answer) {
        return answer.header("Range")
                .map(RANGE::matcher)
                .filter(m -> m.matches())
                .map(m -> Long.parseLong(m.group(1)))
                .map(last -> last == 0 ? 0 : last + 1);
    }

    private URI next(URI at, Answer answer) throws IOException {
        return answer.header("Location").isPresent()
                ? RegistryHttp.redirected(endpoint, at, answer.header("Location"))
                : at;
    }

    private byte[] read(long length) throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(length));
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.position(sent);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new IOException(file + " is shorter than the " + blob.size() + " bytes of its description");
                }
            }
        }
        return bytes.array();
    }

    private RegistryHttp.Exchange carrying(String method, URI uri, byte[] content) {
        return new RegistryHttp.Exchange(method, uri)
                .header("Content-Type", "application/octet-stream")
                .body(HttpRequest.BodyPublishers.ofByteArray(content))
                .bulk()
                .patience(idle.plusSeconds(content.length / BYTES_PER_SECOND));
    }

    private void patch(byte[] content) throws IOException, InterruptedException {
        var at = location.orElseThrow();
        var request = carrying("PATCH", at, content).header("Content-Range", sent + "-" + (sent + content.length - 1));
        try (var answer = http.send(endpoint, request)) {
            if (answer.status() == 404 || answer.status() == 416) {
                throw again(answer);
            }
            if (!answer.isSuccess()) {
                throw refused(answer);
            }
            answer.body().drain();
            var end = end(answer).orElse(sent + content.length);
            // Less than all is no sin, but a byte at a time could go on for ever.
            if (end < Math.min(sent + LEAST_TAKEN, sent + content.length) || end > sent + content.length) {
                throw new RegistryException(
                        RegistryException.Reason.BROKEN,
                        "registry " + endpoint.host() + " says that it has " + end + " bytes of "
                                + blob.digest().abbreviated() + " after " + (sent + content.length)
                                + " were sent");
            }
            location = Optional.of(next(at, answer));
            sent = end;
        }
        furthest = Math.max(furthest, sent);
        progress.report(Progress.Step.UPLOAD, blob.digest(), Math.min(sent, blob.size() - 1), blob.size());
    }

    private void put(byte[] content) throws IOException, InterruptedException {
        var at = location.orElseThrow().toString();
        var query = (at.contains("?") ? "&" : "?") + "digest="
                + blob.digest().toString().replace(":", "%3A");
        try (var answer =
                http.send(endpoint, carrying("PUT", location.orElseThrow().resolve(at + query), content))) {
            if (answer.status() == 404 || answer.status() == 416) {
                throw again(answer);
            }
            if (!answer.isSuccess()) {
                throw refused(answer);
            }
            answer.body().drain();
            checkDigest(endpoint, answer, blob.digest());
        }
        location = Optional.empty();
    }

    /** The registry says what it has stored, if it says so at all. */
    static void checkDigest(Endpoint endpoint, Answer answer, Digest expected) throws RegistryException {
        var stored = answer.header("Docker-Content-Digest").filter(d -> d.startsWith("sha256:"));
        if (stored.isPresent() && !stored.get().equals(expected.toString())) {
            throw new RegistryException(
                    RegistryException.Reason.WRONG_CONTENT,
                    "registry " + endpoint.host() + " stored " + expected + " as another digest");
        }
    }

    /** The registry's upload is not where ours is: it is asked, or a new one begun, if tries are left. */
    private IOException again(Answer answer) throws InterruptedException {
        return new RegistryHttp.TransientException(http.failed(endpoint.host(), answer), true, Optional.empty());
    }

    private RegistryException refused(Answer answer) throws InterruptedException {
        return answer.status() == 403 ? http.denied(endpoint, answer) : http.failed(endpoint.host(), answer);
    }
}
