package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.runtime.linux.ProcessDetails;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** {@code top}: the processes of running containers, as {@code ps -ef} on the host shows them. */
final class TopCommand implements Command {
    private static final DateTimeFormatter TODAY = DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT);
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("MMMdd", Locale.ROOT);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows the processes of running containers.");
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var stack = Stack.of(call);
        try (var engine = EngineDoor.of(call).open()) {
            var users = users();
            for (var container : stack.containers(engine, call.arguments(), Stack.Which.ALL)) {
                if (container.isRunning()) {
                    call.world().out().println(container.name());
                    call.world().out().print(table(call, engine.containers().processes(container.id()), users));
                    call.world().out().println();
                }
            }
            return ExitCodes.OK;
        }
    }

    /** The processes of one container under ps's headings. */
    static String table(Invocation call, List<ProcessDetails> processes, Map<Integer, String> users) {
        var now = call.world().clock().instant();
        var table = new Table(Table.PROCESSES, "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");
        for (var process : processes) {
            table.row(
                    users.getOrDefault(process.uid(), String.valueOf(process.uid())),
                    String.valueOf(process.pid()),
                    String.valueOf(process.parent()),
                    String.valueOf(process.percent()),
                    started(now, process.running()),
                    process.terminal().isEmpty() ? "?" : process.terminal(),
                    clock(process.used()),
                    process.command());
        }
        return table.toString();
    }

    /** Within a day the time, else the date. */
    private static String started(Instant now, Duration running) {
        var at = now.minus(running).atZone(ZoneId.systemDefault());
        return (running.toHours() < 24 ? TODAY : DAY).format(at);
    }

    private static String clock(Duration used) {
        return "%02d:%02d:%02d".formatted(used.toHours(), used.toMinutesPart(), used.toSecondsPart());
    }

    /** The host's names: a process is the host's business here. */
    static Map<Integer, String> users() throws IOException {
        var users = new HashMap<Integer, String>();
        for (var line : ForeignText.read(Path.of("/etc/passwd")).lines().toList()) {
            var fields = line.split(":", -1);
            if (fields.length > 2 && fields[2].matches("\\d{1,9}")) {
                users.putIfAbsent(Integer.valueOf(fields[2]), fields[0]);
            }
        }
        return users;
    }
}
