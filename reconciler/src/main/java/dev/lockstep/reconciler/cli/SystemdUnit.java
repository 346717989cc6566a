package dev.lockstep.reconciler.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The unit that runs the agent (systemd.service(5), systemd.exec(5), systemd.kill(5)).
 *
 * <p>What hardens other services must not stand here: with {@code PrivateMounts}, {@code ProtectSystem} or
 * {@code PrivateTmp} our mounts would be in a mount namespace of the service's own, and containers inherit
 * {@code NoNewPrivileges}, resource limits, and every filter of system calls ({@code RestrictNamespaces},
 * {@code LockPersonality} and the like).
 */
final class SystemdUnit {
    private SystemdUnit() {}

    static String of(Invocation call) {
        return """
            [Unit]
            Description=Lockstep agent: keeps this host in step with Git
            Wants=network-online.target
            After=network-online.target

            [Service]
            Type=exec
            ExecStart=%s
            ExecReload=/bin/kill -HUP $MAINPID
            Restart=always
            RestartSec=2
            # Containers and their conmon are children of nobody here: they outlive the agent.
            KillMode=process
            # systemd leaves cgroups below this one alone. Those of containers are beside it, so that no stop reaches them.
            Delegate=yes
            UMask=0077
            Environment=LC_ALL=C.UTF-8
            %sTasksMax=infinity

            [Install]
            WantedBy=multi-user.target
            """.formatted(command(call), environment(call));
    }

    /** The call that printed the unit, as a service needs it: with absolute paths and without {@code --print-unit}. */
    private static String command(Invocation call) {
        var words = new ArrayList<String>();
        words.add(call.world().launcher().map(Path::toString).orElse("/usr/bin/lockstep"));
        var globals = call.globals();
        words.add("--root");
        words.add(globals.root().toString());
        words.add("--run-root");
        words.add(globals.runRoot().toString());
        globals.logLevel().ifPresent(level -> {
            words.add("--log-level");
            words.add(level);
        });
        words.add("agent");
        call.text("--config").ifPresent(file -> {
            words.add("--config");
            words.add(call.world().directory().resolve(file).normalize().toString());
        });
        for (var option : List.of("--repository", "--ref", "--path", "--host", "--interval", "--drift-interval")) {
            call.text(option).ifPresent(value -> {
                words.add(option);
                words.add(value);
            });
        }
        return words.stream().map(SystemdUnit::quoted).collect(Collectors.joining(" "));
    }

    /**
     * The variables that name other files than those in {@code /etc/lockstep}, a line each, with absolute paths: a
     * service has none of whoever installs it. What the others say stands in the command.
     */
    private static String environment(Invocation call) {
        var lines = new StringBuilder();
        for (var name : List.of("LOCKSTEP_CONFIG", "LOCKSTEP_STACKS", "LOCKSTEP_REGISTRIES")) {
            call.world().variable(name).filter(value -> !value.isEmpty()).ifPresent(value -> {
                var path = call.world().directory().resolve(value).normalize();
                lines.append("Environment=").append(word(name + "=" + path)).append('\n');
            });
        }
        return lines.toString();
    }

    /** As systemd.service(5), Command lines, wants it: {@code $} means itself when doubled. */
    private static String quoted(String word) {
        return word(word.replace("$", "$$"));
    }

    /** A word of a unit file (systemd.syntax(7), Quoting): {@code %} means itself when doubled. */
    private static String word(String word) {
        var text = word.replace("%", "%%");
        return text.matches("[-A-Za-z0-9_/.:@=,+%$]+")
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
