package dev.lockstep.reconciler.requests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestBoxTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Root root;
    private RequestBox box;
    private Thread agent = new Thread(() -> {});
    private final List<String> said = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        box = new RequestBox(root, InstantSource.system());
    }

    @AfterEach
    void stop() throws InterruptedException {
        agent.interrupt();
        agent.join();
    }

    private void serve(Function<Request, Answer> handler) {
        agent = Thread.ofPlatform().start(() -> box.serve(handler, said::add));
    }

    private Path requests() {
        return root.run().resolve("requests");
    }

    @Test
    void a_request_is_answered_and_nothing_is_left() throws IOException {
        serve(request -> Answer.ok(request.verb() + " " + request.arguments()));
        assertThat(box.ask("sync", Map.of("stack", "web"), LONG)).hasValue(Answer.ok("sync {stack=web}"));
        await().untilAsserted(() -> assertThat(requests()).isEmptyDirectory());
        assertThat(Files.getPosixFilePermissions(requests())).isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void who_cannot_serve_for_a_while_says_so_once_and_serves_when_it_can() throws IOException {
        Files.delete(requests());
        serve(request -> Answer.ok("done"));
        await().untilAsserted(() -> assertThat(said).hasSize(1));
        assertThat(said.getFirst()).startsWith("requests cannot be answered, which is tried again: ");

        assertThat(new RequestBox(root, InstantSource.system()).ask("sync", Map.of(), LONG))
                .hasValue(Answer.ok("done"));
        assertThat(said).hasSize(1);
    }

    @Test
    void a_request_that_was_there_before_the_agent_is_answered() throws Exception {
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var answer = tasks.submit(() -> box.ask("sync", Map.of(), LONG));
            await().untilAsserted(() -> assertThat(requests()).isNotEmptyDirectory());
            serve(request -> Answer.ok("late"));
            assertThat(answer.get()).hasValue(Answer.ok("late"));
        }
    }

    @Test
    void without_an_agent_there_is_no_answer_and_nothing_is_left() throws IOException {
        assertThat(box.ask("sync", Map.of(), Duration.ofMillis(50))).isEmpty();
        assertThat(requests()).isEmptyDirectory();
    }

    @Test
    void a_handler_that_throws_answers_with_an_error_and_the_next_request_works() throws IOException {
        serve(request -> {
            if (request.verb().equals("bad")) {
                throw new IllegalStateException("broken");
            }
            return Answer.ok();
        });
        assertThat(box.ask("bad", Map.of(), LONG)).hasValue(Answer.error("the agent failed to bad: broken"));
        assertThat(box.ask("good", Map.of(), LONG)).hasValue(Answer.ok());
    }

    @Test
    void requests_past_their_deadline_and_garbage_are_taken_away_unanswered() throws IOException {
        var old = requests().resolve("0abc.request");
        Files.writeString(old, root.json().writeValueAsString(new Request("sync", Map.of(), Instant.EPOCH)));
        var garbage = requests().resolve("0def.request");
        Files.writeString(garbage, "{{{");
        var asked = new CopyOnWriteArrayList<String>();
        serve(request -> {
            asked.add(request.verb());
            return Answer.ok();
        });
        await().untilAsserted(() -> assertThat(requests()).isEmptyDirectory());
        assertThat(asked).isEmpty();
    }

    @Test
    void one_that_takes_long_for_somebody_who_gave_up_keeps_no_other_waiting() throws Exception {
        var begun = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        serve(request -> {
            if (request.verb().equals("slow")) {
                begun.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    return Answer.error("stopped");
                }
            }
            return Answer.ok(request.verb());
        });
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var slow = tasks.submit(() -> box.ask("slow", Map.of(), LONG));
            begun.await();
            assertThat(box.ask("quick", Map.of(), LONG)).hasValue(Answer.ok("quick"));
            released.countDown();
            assertThat(slow.get()).hasValue(Answer.ok("slow"));
        }
    }

    @Test
    void who_waits_when_the_agent_ends_is_told() throws Exception {
        var begun = new CountDownLatch(1);
        serve(_ -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
                return Answer.ok();
            } catch (InterruptedException e) {
                return Answer.error("stopped");
            }
        });
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = tasks.submit(() -> box.ask("sync", Map.of(), LONG));
            begun.await();
            agent.interrupt();
            assertThat(asked.get()).hasValue(Answer.error("stopped"));
        }
    }

    /** On a run root that is full, say: a failed answer must not have the agent look at its repositories for ever. */
    @Test
    void one_whose_answer_cannot_be_written_is_done_once_and_taken_away() throws IOException {
        Files.createDirectories(requests().resolve("0abc.answer/full"));
        var request = requests().resolve("0abc.request");
        Files.writeString(
                request,
                root.json()
                        .writeValueAsString(
                                new Request("sync", Map.of(), Instant.now().plus(LONG))));
        var asked = new CopyOnWriteArrayList<String>();
        serve(found -> {
            asked.add(found.verb());
            return Answer.ok();
        });
        await().untilAsserted(() -> assertThat(request).doesNotExist());
        assertThat(box.ask("look", Map.of(), LONG)).hasValue(Answer.ok());
        assertThat(asked).containsExactly("sync", "look");
    }

    @Test
    void many_commands_at_once_each_get_their_own_answer() throws Exception {
        serve(request -> Answer.ok(request.arguments().getOrDefault("n", "")));
        try (var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            var questions = java.util.stream.IntStream.range(0, 20)
                    .<Callable<List<String>>>mapToObj(n -> () -> box.ask("sync", Map.of("n", "" + n), LONG)
                            .orElseThrow()
                            .lines())
                    .toList();
            var answers = tasks.invokeAll(questions);
            for (var n = 0; n < 20; n++) {
                assertThat(answers.get(n).get()).containsExactly("" + n);
            }
        }
    }
}
