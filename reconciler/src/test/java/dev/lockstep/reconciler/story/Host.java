package dev.lockstep.reconciler.story;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A host of a test: a root and a run root of its own, the {@code lockstep} program as {@code mvn package} left it, and
 * what a user would type. {@link #close} takes everything down and fails when anything is left.
 */
final class Host implements AutoCloseable {
    /** Answers with what {@code app} says, found by its name. */
    static final String WEB = "web:1";

    static final Path PROGRAM = Path.of("target/lockstep/bin/lockstep").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path directory;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final List<Process> agents = new ArrayList<>();

    Host(Path directory) throws IOException {
        this.directory = directory;
        var page = TestImage.busybox(WEB)
                .layer(new TarBuilder()
                        .directory("www/cgi-bin/")
                        .file(
                                "www/cgi-bin/page",
                                0755,
                                "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nexec wget -qO- http://app:8080/\n"
                                        .getBytes(StandardCharsets.US_ASCII))
                        .build());
        importImage(page);
    }

    /** What a command said and how it ended. */
    record Said(int code, String out, String err) {
        String all() {
            return out + err;
        }
    }

    Path root() {
        return directory.resolve("root");
    }

    Path runRoot() {
        return directory.resolve("run");
    }

    void importImage(TestImage image) throws IOException {
        var archive = image.dockerArchive(directory.resolve("image.tar"));
        try (var engine = Engine.open(engine())) {
            engine.images().importArchive(archive, Optional.empty(), Progress.NONE);
        }
    }

    /** For what is not the test's point: whoever waits for something would start a virtual machine for each look. */
    private EngineOptions engine() {
        return new EngineOptions(root(), runRoot(), "test", Optional.of(PROGRAM), true);
    }

    /** Runs the command to its end, in the given directory. */
    Said lockstepIn(Path where, String... arguments) throws IOException {
        return run(where, command(arguments));
    }

    /** Runs any program to its end, in the given directory. */
    Said run(Path where, List<String> command) throws IOException {
        var out = Files.createTempFile(directory, "out", "");
        var err = Files.createTempFile(directory, "err", "");
        try {
            var process = new ProcessBuilder(command)
                    .directory(where.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .start();
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(command + " does not end: " + Files.readString(out) + Files.readString(err));
            }
            return new Said(process.exitValue(), Files.readString(out), Files.readString(err));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /**
     * Starts the command and leaves it to itself; what it says goes nowhere. It hears SIGINT also where whoever runs
     * the tests does not, as jobs in the background of a shell do not.
     */
    Process start(Path where, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(command(arguments));
        return new ProcessBuilder(command)
                .directory(where.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
    }

    Said lockstep(String... arguments) throws IOException {
        return lockstepIn(directory, arguments);
    }

    /** The words that run the program on this host. */
    List<String> command(String... arguments) {
        var command = new ArrayList<>(List.of(
                PROGRAM.toString(),
                "--root",
                root().toString(),
                "--run-root",
                runRoot().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Starts an agent that asks its repository every half second; its log is {@link #agentLog}. */
    Process agent(Path repository) throws IOException {
        return agent(repository, "2s");
    }

    /** Starts one that compares the host with its files only that often. */
    Process agent(Path repository, String driftInterval) throws IOException {
        return startAgent(driftInterval, "--repository", repository.toString(), "--ref", "main");
    }

    /** Starts an agent on what a settings file names. */
    Process agentOf(Path settings) throws IOException {
        return startAgent("2s", "--config", settings.toString());
    }

    private Process startAgent(String driftInterval, String... what) throws IOException {
        var arguments = new ArrayList<>(List.of("agent"));
        arguments.addAll(List.of(what));
        arguments.addAll(List.of("--host", "test", "--interval", "500ms", "--drift-interval", driftInterval));
        // It hears SIGHUP also where whoever runs the tests does not, as what nohup starts.
        var command = new ArrayList<>(List.of("env", "--default-signal=HUP", "LOCKSTEP_STACKS=" + stackValues()));
        command.addAll(command(arguments.toArray(String[]::new)));
        var agent = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("agent.log").toFile()))
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        agents.add(agent);
        return agent;
    }

    /** Directory of the values of stacks that are not in Git, for agents. */
    Path stackValues() {
        return directory.resolve("stacks");
    }

    String agentLog() throws IOException {
        var log = directory.resolve("agent.log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    /** Ends an agent as systemd does; {@code kill} as the kernel does. */
    void end(Process agent, boolean kill) throws InterruptedException {
        if (kill) {
            agent.destroyForcibly();
        } else {
            agent.destroy();
        }
        if (!agent.waitFor(60, TimeUnit.SECONDS)) {
            agent.destroyForcibly();
            throw new IllegalStateException("the agent does not end");
        }
    }

    /** Pids of running containers by name, read from the engine's own files through the kernel's eyes. */
    Map<String, Integer> pids() throws IOException {
        var pids = new TreeMap<String, Integer>();
        try (var engine = Engine.openForReading(engine())) {
            for (var container : engine.containers().observe()) {
                if (container.state() instanceof ContainerState.Running running) {
                    pids.put(container.name(), running.pid());
                }
            }
        }
        return pids;
    }

    /** The first value of that name in a JSON document; empty when there is none. */
    static String field(String json, String name) {
        var matcher = Pattern.compile("\"" + name + "\":\\s*\"?([^\",}]*)").matcher(json);
        return matcher.find() ? matcher.group(1).strip() : "";
    }

    /** The page's text, or why there is none. */
    String page(int port) {
        return get("http://127.0.0.1:" + port + "/cgi-bin/page");
    }

    String get(String url) {
        try {
            var request = HttpRequest.newBuilder(URI.create(url))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .strip();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A port that nobody has at this moment. */
    static int freePort() throws IOException {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(0));
            return socket.getLocalPort();
        }
    }

    /** Takes the stack down with everything, and looks whether anything is left on the machine. */
    @Override
    public void close() throws IOException {
        try {
            for (var agent : agents) {
                end(agent, false);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        for (var stack : stacks()) {
            var said = lockstep("-p", stack, "down", "-v", "-t", "1");
            if (said.code() != 0) {
                throw new IOException("down of " + stack + " failed: " + said.all());
            }
        }
        http.close();
        var left = Leftovers.of(directory, Files.readString(root().resolve("root.json")));
        if (!left.isEmpty()) {
            throw new IllegalStateException("left behind: " + String.join("; ", left));
        }
    }

    private List<String> stacks() throws IOException {
        var stacks = new TreeSet<String>();
        try (var engine = Engine.openForReading(engine())) {
            for (var container : engine.containers().observe()) {
                stacks.add(container.record().spec().owner().stack());
            }
        }
        stacks.remove(""); // loose ones
        return List.copyOf(stacks);
    }
}
