package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.lint.ShellScript.Command;
import java.util.List;
import java.util.Set;

/** apt-get. */
final class DebianRules {
    private static final Set<String> WITH_VALUE = Set.of(
            "-t",
            "--target-release",
            "--default-release",
            "-c",
            "--config-file",
            "-o",
            "--option",
            "-a",
            "--host-architecture");

    private DebianRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            for (var instruction :
                    View.withTriggers(stage, view.file().directives().escape())) {
                if (instruction instanceof Instruction.Run run) {
                    var script = View.script(run);
                    script.calls("apt-get").stream()
                            .filter(c -> c.operands(WITH_VALUE).stream()
                                    .findFirst()
                                    .filter("install"::equals)
                                    .isPresent())
                            .forEach(c -> install(run, c, sink));
                    lists(view, stage, run, script, sink);
                }
            }
        }
    }

    private static void install(Instruction.Run run, Command command, Sink sink) {
        var packages = command.operands(WITH_VALUE).stream().skip(1).toList();
        var loose = packages.stream()
                .filter(p -> !p.contains("=") && !p.contains("/") && !p.endsWith(".deb") && !p.contains("$"))
                .toList();
        if (!loose.isEmpty()) {
            sink.add(
                    "DL3008",
                    run,
                    "apt-get install " + loose.getFirst() + ": write " + loose.getFirst() + "=VERSION"
                            + PackageRules.more(loose));
        }
        if (!answers(command)) {
            sink.add("DL3014", run, "apt-get install asks before it begins: add -y");
        }
        if (!command.has("--no-install-recommends")
                && command.args().stream()
                        .noneMatch(a -> a.matches("(?i)(-o|--option=)?apt::install-recommends=(0|false|no|off)"))) {
            sink.add("DL3015", run, "apt-get install also takes what is recommended: add --no-install-recommends");
        }
    }

    private static boolean answers(Command command) {
        var quiet = command.args().stream()
                .filter(a -> a.matches("-[a-zA-Z]+"))
                .mapToLong(a -> a.chars().filter(c -> c == 'q').count())
                .sum();
        return command.has("--yes", "--assume-yes", "-q=2", "--quiet=2", "--force-yes")
                || command.hasLetter('y')
                || quiet >= 2
                || command.args().stream().filter("--quiet"::equals).count() >= 2
                || command.args().stream()
                        .anyMatch(a -> a.matches("(?i)(-o|--option=)?apt::get::assume-yes=(1|true|yes|on)"));
    }

    /** An earlier stage that nothing stands upon leaves no layer behind. */
    private static void lists(View view, Stage stage, Instruction.Run run, ShellScript script, Sink sink) {
        var inherited = stage.index() == view.stages().size() - 1
                || view.stages().stream()
                        .anyMatch(s -> view.parent(s)
                                .filter(p -> p.index() == stage.index())
                                .isPresent());
        var updates = script.calls("apt-get").stream().anyMatch(c -> c.does("update"));
        var removes = script.calls("rm").stream()
                .anyMatch(c -> c.args().stream()
                        .anyMatch(a -> List.of(
                                        "/var/lib/apt/lists",
                                        "/var/lib/apt/lists/",
                                        "/var/lib/apt/lists/*",
                                        "/var/lib/apt/*")
                                .contains(a)));
        if (inherited && updates && !removes && !PackageRules.mounted(run, "/var/lib/apt/lists")) {
            sink.add("DL3009", run, "apt's lists stay in the layer: add rm -rf /var/lib/apt/lists/* to this RUN");
        }
    }
}
