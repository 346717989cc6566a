package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.CommandLine;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.lint.ShellScript.Command;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What commands of RUN do, packages apart. */
final class RunRules {
    private static final Set<String> SENSELESS =
            Set.of("ssh", "vim", "shutdown", "service", "ps", "free", "top", "kill", "mount", "ifconfig", "nano");
    private static final String[] QUIET_WGET = {
        "-q", "--quiet", "-nv", "--no-verbose", "-o", "--output-file", "-a", "--append-output", "-qO-"
    };
    /** Who chains more has thought of how many layers there are. */
    private static final int FEW = 2;

    private static final Set<String> WITH_PIPEFAIL = Set.of("bash", "zsh", "ash", "ksh", "mksh");

    private RunRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            var wget = Optional.<Instruction>empty();
            var curl = Optional.<Instruction>empty();
            Optional<Instruction.Run> before = Optional.empty();
            var shell = shellOfParents(view, stage);
            for (var instruction :
                    View.withTriggers(stage, view.file().directives().escape())) {
                if (instruction instanceof Instruction.Shell other) {
                    shell = other.words();
                }
                if (!(instruction instanceof Instruction.Run run)) {
                    before = Optional.empty();
                    continue;
                }
                var script = View.script(run);
                commands(run, script, sink);
                pipe(run, script, shell, sink);
                var consecutive = before.filter(b -> together(b, run));
                consecutive.ifPresent(b -> sink.add("DL3059", run, "RUN right after RUN: one with && is one layer"));
                before = Optional.of(run);
                wget = wget.or(() -> uses(run, script, "wget"));
                curl = curl.or(() -> uses(run, script, "curl"));
                if (wget.isPresent()
                        && curl.isPresent()
                        && uses(run, script, "wget", "curl").isPresent()) {
                    var first = wget.get()
                                    .written()
                                    .at()
                                    .compareTo(curl.get().written().at())
                            < 0;
                    sink.add(
                            "DL4001",
                            first ? curl.get() : wget.get(),
                            "wget and curl are both used: one of them is enough");
                }
            }
        }
    }

    private static Optional<Instruction> uses(Instruction.Run run, ShellScript script, String... programs) {
        return script.calls(programs).isEmpty() ? Optional.empty() : Optional.of(run);
    }

    private static List<String> shellOfParents(View view, Stage stage) {
        var shell = List.of("/bin/sh", "-c");
        for (var parent : view.line(stage)) {
            for (var instruction : parent.instructions()) {
                if (parent.index() != stage.index() && instruction instanceof Instruction.Shell other) {
                    shell = other.words();
                }
            }
        }
        return shell;
    }

    /** Whether two could as well be one: with other mounts, network or rights they could not. */
    private static boolean together(Instruction.Run first, Instruction.Run second) {
        return first.mounts().equals(second.mounts())
                && first.network() == second.network()
                && first.security() == second.security()
                && first.heredocs().isEmpty()
                && second.heredocs().isEmpty()
                && first.command() instanceof CommandLine.Shell
                && second.command() instanceof CommandLine.Shell
                && View.script(first).commands().size() <= FEW
                && View.script(second).commands().size() <= FEW
                && !first.written().keyword().equalsIgnoreCase("ONBUILD")
                && !second.written().keyword().equalsIgnoreCase("ONBUILD");
    }

    private static void commands(Instruction.Run run, ShellScript script, Sink sink) {
        for (var command : script.commands()) {
            var program = command.program();
            if (SENSELESS.contains(program)) {
                sink.add("DL3001", run, program + " makes no sense while an image is built");
            }
            switch (program) {
                case "cd" -> sink.add("DL3003", run, "cd holds for this RUN alone: use WORKDIR");
                case "sudo" -> sink.add("DL3004", run, "sudo: RUN is root unless USER says otherwise");
                case "apt" -> sink.add("DL3027", run, "apt is for people: use apt-get or apt-cache");
                case "zypper" -> {
                    if (command.does("dist-upgrade", "dup")) {
                        sink.add("DL3035", run, "zypper dist-upgrade: take a newer base image");
                    }
                }
                case "useradd" -> useradd(run, command, sink);
                case "wget" -> {
                    if (!command.has(QUIET_WGET)
                            && command.args().stream()
                                    .noneMatch(a -> a.startsWith("--progress")
                                            || a.startsWith("--output-file=")
                                            || a.startsWith("--append-output=")
                                            || a.matches("-[a-zA-Z]*q[a-zA-Z-]*"))) {
                        sink.add("DL3047", run, "wget writes a line for every part: use --progress=dot:giga or -q");
                    }
                }
                case "ln" -> {
                    if (command.args().contains("/bin/sh")) {
                        sink.add("DL4005", run, "ln to /bin/sh: SHELL chooses the shell");
                    }
                }
                default -> {}
            }
        }
    }

    private static void useradd(Instruction.Run run, Command command, Sink sink) {
        var args = command.args();
        var large = false;
        for (var i = 0; i < args.size(); i++) {
            var value = args.get(i).startsWith("--uid=") ? args.get(i).substring(6) : "";
            if (args.get(i).matches("-[a-zA-Z]*u|--uid") && i + 1 < args.size()) {
                value = args.get(i + 1);
            } else if (args.get(i).matches("-u\\d+")) {
                value = args.get(i).substring(2);
            }
            large |= value.matches("\\d{6,}");
        }
        if (large && !command.has("--no-log-init") && !command.hasLetter('l')) {
            sink.add("DL3046", run, "useradd with a large UID writes gigabytes of sparse log files: add -l");
        }
    }

    private static void pipe(Instruction.Run run, ShellScript script, List<String> shell, Sink sink) {
        if (!script.hasPipe() || !(run.command() instanceof CommandLine.Shell) || shell.isEmpty()) {
            return;
        }
        var name = shell.getFirst().substring(shell.getFirst().lastIndexOf('/') + 1);
        if (name.equals("pwsh") || name.equals("powershell") || name.equals("cmd")) {
            return;
        }
        var here = script.any(c -> c.program().equals("set") && c.args().contains("pipefail"));
        var always = shell.stream().skip(1).anyMatch(word -> word.equals("pipefail") || word.endsWith("o pipefail"));
        if (!here && !(always && (WITH_PIPEFAIL.contains(name) || name.equals("sh")))) {
            sink.add(
                    "DL4006",
                    run,
                    "a pipe succeeds although its first command fails: write SHELL [\"/bin/bash\", \"-o\","
                            + " \"pipefail\", \"-c\"] before it");
        }
    }
}
