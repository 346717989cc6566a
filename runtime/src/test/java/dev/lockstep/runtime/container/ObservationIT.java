package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObservationIT {
    private static final int ENDS = 20;

    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    /** Looked at all the time, by a process that knows nothing of those that end it and put it away. */
    @Test
    void one_that_ends_while_it_is_looked_at_is_never_taken_for_lost() throws Exception {
        var id = lab.created(lab.wish("c").run("sleep", "600"));
        var observer = lab.anotherProcess();
        try (var threads = Executors.newSingleThreadExecutor()) {
            for (var i = 0; i < ENDS; i++) {
                lab.containers.start(id);
                var seen = new ConcurrentLinkedQueue<ContainerState>();
                var looking = threads.submit(() -> {
                    ContainerState state;
                    do {
                        state = observer.observe(id).orElseThrow().state();
                        seen.add(state);
                    } while (!(state instanceof ContainerState.Exited(var _, var finished) && finished));
                    return seen.size();
                });

                lab.containers.kill(id, "KILL");
                lab.containers.await(id);
                lab.containers.finishExit(id);

                looking.get(60, TimeUnit.SECONDS);
                assertThat(List.copyOf(seen))
                        .hasOnlyElementsOfTypes(ContainerState.Running.class, ContainerState.Exited.class);
            }
        }
    }
}
