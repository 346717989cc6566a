package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.runtime.linux.PacketSocket;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Starts conmon, which supervises one container or one exec session and outlives us.
 *
 * <p>It begins in a cgroup of its own, so that stopping the agent's systemd unit leaves it alone. The protocol, on
 * pipes that it inherits: it waits for a byte on the <em>start</em> pipe, forks, lets the runtime prepare the
 * container, and says {@code {"data": PID}} or {@code {"data": -1, "message": …}} on the <em>sync</em> pipe.
 */
final class Conmon {
    /** Where it writes its own number, in the directory of its container or session. */
    static final String PID_FILE = "conmon.pid";

    private static final Duration ANSWER = Duration.ofMinutes(4);

    private final Path program;
    private final OciRuntime runtime;
    private final Cgroup supervisors;
    private final JsonMapper json;

    Conmon(Path program, OciRuntime runtime, Cgroup supervisors, JsonMapper json) {
        this.program = program;
        this.runtime = runtime;
        this.supervisors = supervisors;
        this.json = json;
    }

    /** A prepared container: its first process waits for {@code start}. */
    record Prepared(ProcessIdentity process, Optional<ProcessIdentity> conmon) {}

    /**
     * Prepares the container whose bundle is written.
     *
     * @throws ContainerException with the runtime's own words
     */
    Prepared prepare(ContainerFiles files, ContainerRecord record, Path onExit, Interaction how) throws IOException {
        var spec = record.spec();
        var name = spec.name();
        Files.createDirectories(files.persist());
        // Truth of an earlier run would be read as truth of this one.
        for (var stale :
                List.of(files.pidFile(), files.conmonPidFile(), files.exit(), files.oom(), files.runtimeLog())) {
            Files.deleteIfExists(stale);
        }
        var argv = command(files.id(), files.id(), files.run(), files.pidFile());
        argv.addAll(List.of(
                "-n",
                name,
                "-P",
                files.conmonPidFile().toString(),
                "--exit-dir",
                ContainerFiles.exits(files.root()).toString(),
                "--persist-dir",
                files.persist().toString(),
                "--log-level",
                "error",
                // Else each rotation stops it until the disk has all of the old file.
                "--no-sync-log",
                "--exit-command",
                onExit.toString(),
                "--exit-command-arg",
                files.id()));
        argv.addAll(output(files, record));
        argv.addAll(logging(files.runtimeLog()));
        if (spec.options().process().tty()) {
            argv.add("-t");
        }
        if (spec.options().process().stdinOpen()) {
            argv.add("-i");
            // A terminal has no end of input but what is typed; whoever left it may come back.
            if (!how.inputEnds() || spec.options().process().tty()) {
                argv.add("--leave-stdin-open");
            }
        }
        try (var sync = Pipe.open();
                var start = Pipe.open()) {
            launch(
                    files.run(),
                    argv,
                    files.conmonErrors(),
                    List.of(sync.writeEnd(), start.readEnd()),
                    List.of(),
                    start);
            sync.writeEnd().close();
            var answer = answer(sync, files);
            var pid = answer.path("data").asInt(-1);
            if (pid <= 0) {
                throw failure(answer, files);
            }
            var process = ProcessIdentity.of(pid)
                    .orElseThrow(() -> new ContainerException(
                            ContainerException.Reason.RUNTIME,
                            "The prepared process of container " + name + " is gone; see its log."));
            return new Prepared(process, of(files.run()));
        }
    }

    /** Where what the program writes goes. */
    private static List<String> output(ContainerFiles files, ContainerRecord record) {
        return switch (record.spec().options().log().driver()) {
            case FILES -> List.of("-l", "k8s-file:" + files.log().current());
            case JOURNALD -> List.of("-l", "journald", "--log-tag", LogSettings.tag(record));
            case NONE -> List.of("-l", "none");
        };
    }

    /** The conmon of that directory; empty before it has said its number, and when it has ended. */
    static Optional<ProcessIdentity> of(Path directory) {
        try {
            return ProcessIdentity.of(Integer.parseInt(
                    Files.readString(directory.resolve(PID_FILE)).strip()));
        } catch (IOException | NumberFormatException notYet) {
            return Optional.empty();
        }
    }

    private JsonNode answer(Pipe sync, ContainerFiles files) throws IOException {
        var line = sync.readLine(ANSWER);
        if (line.isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.RUNTIME, silence(files.runtimeLog(), files.conmonErrors()));
        }
        return json.readTree(line.get());
    }

    /** What there is to say where conmon has said nothing on its pipes. */
    private String silence(Path runtimeLog, Path errors) throws IOException {
        var said = Files.exists(errors) ? ForeignText.read(errors).strip() : "";
        var why = RuntimeMessages.lastError(runtimeLog, said, json);
        return why.isEmpty()
                ? "conmon ended without an answer, and neither it nor " + runtime.program()
                        + " said why. Look whether that is an OCI runtime, as runc and crun are."
                : "conmon ended without an answer: " + why;
    }

    private ContainerException failure(JsonNode answer, ContainerFiles files) {
        var message = RuntimeMessages.lastError(
                files.runtimeLog(), answer.path("message").asText("no reason given"), json);
        return new ContainerException(
                RuntimeMessages.classify(message), runtime.name() + " cannot start the container: " + message);
    }

    /** An exec session that runs. */
    final class Session implements AutoCloseable {
        private final Pipe sync;
        private final Pipe start;
        private final Pipe attach;
        private final Optional<PacketSocket> socket;
        private final Path log;

        private Session(Pipe sync, Pipe start, Pipe attach, Optional<PacketSocket> socket, Path log) {
            this.sync = sync;
            this.start = start;
            this.attach = attach;
            this.socket = socket;
            this.log = log;
        }

        /** The session's streams; empty for a detached one. */
        Optional<PacketSocket> socket() {
            return socket;
        }

        /** Lets the program run. Empty when it does, else the runtime's message. */
        Optional<String> run() throws IOException {
            if (socket.isPresent()) {
                start.writeEnd().outputStream().write(0);
            }
            var line = sync.readLine(ANSWER);
            if (line.isEmpty()) {
                return Optional.of("conmon ended without an answer");
            }
            var answer = json.readTree(line.get());
            return answer.path("data").asInt(-1) > 0
                    ? Optional.empty()
                    : Optional.of(RuntimeMessages.lastError(
                            log, answer.path("message").asText("no reason given"), json));
        }

        /** Waits for the program's exit code. */
        int exitCode() throws IOException {
            var line = sync.readLine(Duration.ofDays(365));
            return line.isEmpty()
                    ? ExitOutcome.UNKNOWN
                    : json.readTree(line.get()).path("data").asInt(ExitOutcome.UNKNOWN);
        }

        @Override
        public void close() {
            socket.ifPresent(PacketSocket::close);
            attach.close();
            start.close();
            sync.close();
        }
    }

    /**
     * Prepares a session in a running container.
     *
     * @param directory of this session alone: conmon names the exit file after the container, so a shared one would
     *     overwrite the container's own exit code
     * @param oomScoreAdj the container's
     */
    Session session(
            String container,
            String session,
            Path directory,
            Path process,
            int oomScoreAdj,
            boolean tty,
            boolean stdin,
            boolean detach)
            throws IOException {
        var log = directory.resolve("oci.log");
        // conmon gives the runtime the score that it was started with, which it reads before it does anything else.
        var argv = OomScore.of(oomScoreAdj, command(container, session, directory, directory.resolve("pid")));
        argv.addAll(logging(log));
        argv.addAll(List.of(
                "--exit-dir",
                Files.createDirectories(directory.resolve("exits")).toString(),
                "-l",
                "none",
                "-e",
                "--exec-process-spec",
                process.toString(),
                "-P",
                directory.resolve(PID_FILE).toString()));
        if (stdin) {
            argv.add("-i");
        }
        if (tty) {
            argv.add("-t");
        }
        var environment = new ArrayList<String>();
        if (!detach) {
            argv.add("--exec-attach");
            environment.add("_OCI_ATTACHPIPE=5");
        }
        var sync = Pipe.open();
        var start = Pipe.open();
        var attach = Pipe.open();
        var opened = false;
        try {
            launch(
                    directory,
                    argv,
                    directory.resolve("conmon.err"),
                    List.of(sync.writeEnd(), start.readEnd(), attach.writeEnd()),
                    environment,
                    start);
            sync.writeEnd().close();
            attach.writeEnd().close();
            Optional<PacketSocket> socket = Optional.empty();
            if (!detach) {
                var ready = attach.readLine(ANSWER);
                if (ready.isEmpty()) {
                    throw new ContainerException(
                            ContainerException.Reason.RUNTIME, silence(log, directory.resolve("conmon.err")));
                }
                socket = Optional.of(PacketSocket.connect(directory, "attach"));
            }
            opened = true;
            return new Session(sync, start, attach, socket, log);
        } finally {
            if (!opened) {
                sync.close();
                start.close();
                attach.close();
            }
        }
    }

    private List<String> command(String container, String unique, Path bundle, Path pidFile) {
        return new ArrayList<>(List.of(
                program.toString(),
                "--api-version",
                "1",
                "-c",
                container,
                "-u",
                unique,
                "-r",
                runtime.program().toString(),
                "-b",
                bundle.toString(),
                "-p",
                pidFile.toString(),
                "--full-attach",
                "--runtime-arg",
                "--root",
                "--runtime-arg",
                runtime.state().toString()));
    }

    /** Where the runtime says what went wrong, in a form that can be read. */
    private static List<String> logging(Path log) {
        return List.of("--runtime-arg", "--log-format=json", "--runtime-arg", "--log", "--runtime-arg", log.toString());
    }

    /**
     * Spawns conmon in its cgroup, lets it go, and waits for the intermediate process that says it is on its way.
     *
     * @param bundle where it begins: it writes a file {@code oom} there beside the one in its persistent directory
     */
    private void launch(Path bundle, List<String> argv, Path errors, List<Fd> inherited, List<String> more, Pipe start)
            throws IOException {
        var environment = new ArrayList<>(OciRuntime.ENVIRONMENT);
        environment.add("_OCI_SYNCPIPE=3");
        environment.add("_OCI_STARTPIPE=4");
        environment.addAll(more);
        var log = new ProcessSpawner.Stream.Append(errors);
        var pid = supervisors.spawn(new ProcessSpawner.Command(
                argv, environment, bundle, new ProcessSpawner.Stream.Nothing(), log, log, inherited));
        start.writeEnd().outputStream().write(0);
        start.readEnd().close();
        var code = ProcessSpawner.reap(pid);
        if (code != 0) {
            throw new ContainerException(
                    ContainerException.Reason.RUNTIME,
                    "conmon ended with exit code " + code + ": "
                            + ForeignText.read(errors).strip());
        }
    }
}
