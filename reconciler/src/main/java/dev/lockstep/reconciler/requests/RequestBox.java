package dev.lockstep.reconciler.requests;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory {@code RUN/requests}. A command writes {@code ID.request}, whole, and waits for {@code ID.answer}; the
 * agent answers each request once and takes it away; the command takes the answer away. Both wait by inotify.
 *
 * <p>What one side leaves when it dies is taken away by the agent: requests past their deadline, and answers that
 * nobody fetched.
 */
public final class RequestBox {
    private static final Logger LOG = LoggerFactory.getLogger(RequestBox.class);
    private static final String REQUEST = ".request";
    private static final String ANSWER = ".answer";
    private static final Duration ANSWER_LIFE = Duration.ofMinutes(10);
    // Deadlines pass without an event; how soon their requests are swept does not matter.
    private static final long SWEEP_SECONDS = 60;
    // After what failed, for want of descriptors, say; commands wait for minutes.
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Path directory;
    private final JsonMapper json;
    private final InstantSource clock;

    public RequestBox(Root root, InstantSource clock) throws IOException {
        this.directory = root.run().resolve("requests");
        this.json = root.json();
        this.clock = clock;
        if (Files.notExists(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }

    /**
     * Asks and waits. The caller knows that an agent runs (it holds the agent's lock); without one this waits in vain.
     *
     * @return the answer, or empty when there was none in time
     */
    public Optional<Answer> ask(String verb, Map<String, String> arguments, Duration patience) throws IOException {
        var id = UUID.randomUUID().toString();
        var request = directory.resolve(id + REQUEST);
        var answer = directory.resolve(id + ANSWER);
        var end = System.nanoTime() + patience.toNanos();
        try (var watch = watch()) {
            AtomicFiles.write(
                    request,
                    json.writeValueAsBytes(
                            new Request(verb, arguments, clock.instant().plus(patience))));
            while (true) {
                var found = read(answer, Answer.class);
                var left = end - System.nanoTime();
                if (found.isPresent() || left <= 0) {
                    return found;
                }
                await(watch, left);
            }
        } finally {
            Files.deleteIfExists(request);
            Files.deleteIfExists(answer);
        }
    }

    /**
     * Answers requests, each in a thread of its own, begun in the order in which they came, until the thread is
     * interrupted; who is at it then is interrupted as well. One that takes long, perhaps for somebody who has given
     * up, keeps no other waiting. What the handler throws becomes an answer with exit code 1. Where this itself fails,
     * it begins again after a second; those that are being answered are.
     *
     * @param handler used by several threads at once
     * @param out hears why requests are not answered, once until it is something else
     */
    public void serve(Function<Request, Answer> handler, Consumer<String> out) {
        var begun = ConcurrentHashMap.<Path>newKeySet();
        var threads = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().daemon().name("request-", 1).factory());
        var told = "";
        try {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    serve(handler, threads, begun);
                } catch (InterruptedIOException | ClosedByInterruptException e) {
                    Thread.currentThread().interrupt();
                } catch (IOException | RuntimeException | VirtualMachineError e) {
                    var why = "requests cannot be answered, which is tried again: " + e;
                    if (!why.equals(told)) {
                        out.accept(why);
                    }
                    told = why;
                    Thread.sleep(PAUSE);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            threads.shutdownNow();
        }
    }

    private void serve(Function<Request, Answer> handler, Executor threads, Set<Path> begun) throws IOException {
        try (var watch = watch()) {
            while (!Thread.currentThread().isInterrupted()) {
                for (var file : pending()) {
                    if (begun.add(file)) {
                        begin(() -> answerOne(file, handler, begun), threads, () -> begun.remove(file));
                    }
                }
                sweep();
                await(watch, TimeUnit.SECONDS.toNanos(SWEEP_SECONDS));
            }
        }
    }

    private static void begin(Runnable answer, Executor threads, Runnable undo) {
        var accepted = false;
        try {
            threads.execute(answer);
            accepted = true;
        } finally {
            if (!accepted) {
                undo.run();
            }
        }
    }

    private void answerOne(Path file, Function<Request, Answer> handler, Set<Path> begun) {
        // Taken away whatever comes of it: what is tried for the answer wakes us, and would have it all done again.
        try (Closeable _ = () -> Files.deleteIfExists(file)) {
            answer(file, handler);
        } catch (IOException e) {
            LOG.warn("request is not answered file={}", file, e); // who asked waits no longer than it wanted to
        } finally {
            begun.remove(file);
        }
    }

    private void answer(Path file, Function<Request, Answer> handler) throws IOException {
        var id = file.getFileName().toString().replace(REQUEST, "");
        Optional<Request> request;
        try {
            request = read(file, Request.class);
        } catch (IOException e) {
            return; // garbage
        }
        if (request.isPresent() && clock.instant().isBefore(request.get().deadline())) {
            Answer answer;
            try {
                answer = handler.apply(request.get());
            } catch (RuntimeException e) {
                answer = Answer.error("the agent failed to " + request.get().verb() + ": " + e.getMessage());
            }
            // Gone: the command gave up meanwhile, and nobody would take the answer away.
            if (Files.exists(file)) {
                AtomicFiles.write(directory.resolve(id + ANSWER), json.writeValueAsBytes(answer));
            }
        }
    }

    private List<Path> pending() throws IOException {
        record Aged(Path file, long modified) {}
        var files = new ArrayList<Aged>();
        try (var found = Files.newDirectoryStream(directory, "[0-9a-f]*" + REQUEST)) {
            for (var file : found) {
                try {
                    files.add(new Aged(file, Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS)));
                } catch (NoSuchFileException e) {
                    // The command gave up.
                }
            }
        }
        files.sort(Comparator.comparingLong(Aged::modified));
        return files.stream().map(Aged::file).toList();
    }

    private void sweep() throws IOException {
        var oldest = clock.instant().minus(ANSWER_LIFE);
        try (var found = Files.newDirectoryStream(directory)) {
            for (var file : found) {
                try {
                    var old = Files.getLastModifiedTime(file).toInstant().isBefore(oldest);
                    if (old && !file.toString().endsWith(REQUEST)) {
                        Files.deleteIfExists(file);
                    }
                } catch (NoSuchFileException e) {
                    // Its owner was faster.
                }
            }
        }
    }

    private <T> Optional<T> read(Path file, Class<T> type) throws IOException {
        try {
            return Optional.of(json.readValue(Files.readAllBytes(file), type));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private WatchService watch() throws IOException {
        var watch = directory.getFileSystem().newWatchService();
        // A rename into the directory is a creation; files are whole when they appear.
        directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
        return watch;
    }

    private static void await(WatchService watch, long nanos) throws IOException {
        try {
            var key = watch.poll(nanos, TimeUnit.NANOSECONDS);
            if (key != null) {
                key.pollEvents();
                key.reset();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for an answer");
        }
    }
}
