package dev.lockstep.spec.bench;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One file of 1,000 services and about 30,000 lines, in a heap of 300 MB. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgs = {"-Xmx300m", "-XX:+UseSerialGC"})
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
public class LargeFile {
    private static final int SERVICES = 1000;
    private static final Path DIRECTORY = Path.of("/project");

    private final LoadRequest request = LoadRequest.of(new OneFile(text()));
    private final Project project = project();

    /** From bytes to records. */
    @Benchmark
    public Loaded load() {
        return new ComposeLoader().load(request);
    }

    /** Every rule across the records. */
    @Benchmark
    public List<Problem> check() {
        return Checks.strict(project);
    }

    /** From records to JSON. */
    @Benchmark
    public String canonical() {
        return Canonical.json(project, DIRECTORY);
    }

    /** All three, as {@code config} does. */
    @Benchmark
    public String whole() {
        var loaded = project();
        if (!Checks.strict(loaded).isEmpty()) {
            throw new IllegalStateException("has mistakes");
        }
        return Canonical.json(loaded, DIRECTORY);
    }

    private Project project() {
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid ->
                throw new IllegalStateException(invalid.errors().toString());
        };
    }

    private static String text() {
        var text = new StringBuilder("name: large\nservices:\n");
        for (var i = 0; i < SERVICES; i++) {
            text.append("""
                      service-%1$d:
                        image: registry.example.com/team/service-%1$d:1.%1$d
                        command: ["serve", "--port", "8080", "--name", "service %1$d"]
                        environment:
                          NAME: service-%1$d
                          URL: http://service-%2$d:8080/
                          LEVEL: ${LEVEL:-info}
                          LIMIT: 5
                        labels:
                          team: team-%3$d
                          tier: backend
                        ports:
                          - "127.0.0.1:%4$d:8080"
                        volumes:
                          - data-%1$d:/data
                          - ./config/%1$d.yaml:/etc/service.yaml:ro
                        networks:
                          - net-%3$d
                        restart: unless-stopped
                        mem_limit: 256m
                        cpus: 0.5
                        stop_grace_period: 30s
                        healthcheck:
                          test: ["CMD", "probe", "--port", "8080"]
                          interval: 10s
                          retries: 3
                        logging:
                          driver: json-file
                          options: {max-size: 10m}
                        cap_drop: [ALL]
                    """.formatted(i, Math.max(0, i - 1), i % 20, 10_000 + i));
            if (i > 0) {
                text.append("    depends_on: [service-%d]\n".formatted(i - 1));
            }
        }
        text.append("networks:\n");
        for (var i = 0; i < 20; i++) {
            text.append("  net-%d:\n".formatted(i));
        }
        text.append("volumes:\n");
        for (var i = 0; i < SERVICES; i++) {
            text.append("  data-%d:\n".formatted(i));
        }
        return text.toString();
    }

    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(StandardCharsets.UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return directory.isEmpty() ? List.of(new Entry("compose.yaml", false)) : List.of();
        }
    }
}
