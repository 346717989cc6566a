package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.lint.ShellScript.Command;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Package managers but apt: versions, caches, answers. */
final class PackageRules {
    private static final Pattern PIP = Pattern.compile("pip[0-9.]*");
    private static final Pattern PYTHON = Pattern.compile("python[0-9.]*");
    private static final Set<String> PIP_VALUES = Set.of(
            "-r",
            "--requirement",
            "-c",
            "--constraint",
            "-i",
            "--index-url",
            "--extra-index-url",
            "-f",
            "--find-links",
            "-t",
            "--target",
            "--prefix",
            "--root",
            "--platform",
            "--python-version",
            "--trusted-host",
            "--proxy",
            "--timeout",
            "--retries",
            "--cache-dir",
            "--log",
            "--src",
            "--only-binary",
            "--no-binary",
            "-e",
            "--editable");
    private static final Set<String> APK_VALUES = Set.of(
            "-t",
            "--virtual",
            "-X",
            "--repository",
            "-p",
            "--root",
            "--repositories-file",
            "--keys-dir",
            "--wait",
            "--arch",
            "--cache-dir",
            "--cache-max-age");
    private static final Set<String> NPM_VALUES =
            Set.of("--prefix", "--registry", "--loglevel", "--cache", "--omit", "--include", "--userconfig");
    private static final Set<String> RPM_VALUES = Set.of(
            "--repo",
            "--enablerepo",
            "--disablerepo",
            "--setopt",
            "--installroot",
            "--releasever",
            "-c",
            "--config",
            "-x",
            "--exclude",
            "-r",
            "--from");

    private PackageRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            for (var instruction :
                    View.withTriggers(stage, view.file().directives().escape())) {
                if (instruction instanceof Instruction.Run run) {
                    var script = View.script(run);
                    for (var command : script.commands()) {
                        pip(view, stage, run, command, sink);
                        command(run, script, command, sink);
                    }
                }
            }
        }
    }

    private static void command(Instruction.Run run, ShellScript script, Command command, Sink sink) {
        switch (command.program()) {
            case "apk" -> apk(run, command, sink);
            case "npm" -> npm(run, command, sink);
            case "gem" -> gem(run, command, sink);
            case "go" -> go(run, command, sink);
            case "yarn" -> yarn(run, script, command, sink);
            case "yum" -> rpm(run, script, command, List.of("DL3030", "DL3032", "DL3033"), "/var/cache/yum", sink);
            case "dnf", "microdnf" ->
                rpm(run, script, command, List.of("DL3038", "DL3040", "DL3041"), "/var/cache", sink);
            case "zypper" -> zypper(run, script, command, sink);
            default -> {}
        }
    }

    /** {@code (and 2 more)} with a blank in front, or nothing. */
    static String more(List<String> all) {
        return all.size() < 2 ? "" : " (and " + (all.size() - 1) + " more)";
    }

    private static void loose(
            Instruction.Run run,
            String rule,
            String verb,
            List<String> packages,
            Predicate<String> fixed,
            String form,
            Sink sink) {
        var loose = packages.stream()
                .filter(p -> !p.contains("$") && !fixed.test(p))
                .toList();
        if (!loose.isEmpty()) {
            sink.add(
                    rule,
                    run,
                    verb + " " + loose.getFirst() + ": write " + String.format(form, loose.getFirst()) + more(loose));
        }
    }

    /** Whether a directory, or one above it, is a cache or in memory during the step. */
    static boolean mounted(Instruction.Run run, String directory) {
        return run.mounts().stream().anyMatch(mount -> {
            var type = "bind";
            var target = "";
            for (var field : mount.fields()) {
                type = field.key().equals("type") ? field.value().orElse("").toLowerCase(Locale.ROOT) : type;
                target = field.key().equals("target") ? field.value().orElse("") : target;
            }
            var path = target.endsWith("/") ? target.substring(0, target.length() - 1) : target;
            return (type.equals("cache") || type.equals("tmpfs"))
                    && !path.isEmpty()
                    && (path.equals(directory) || directory.startsWith(path + "/") || path.startsWith(directory + "/"));
        });
    }

    private static void pip(View view, Stage stage, Instruction.Run run, Command command, Sink sink) {
        var args = command.args();
        if (PYTHON.matcher(command.program()).matches()
                && args.size() > 2
                && args.get(0).equals("-m")
                && args.get(1).equals("pip")) {
            pip(view, stage, run, new Command("pip", args.subList(2, args.size()), command.assignments()), sink);
            return;
        }
        if (!PIP.matcher(command.program()).matches() || !command.does("install")) {
            return;
        }
        var files = command.has("-r", "--requirement", "-c", "--constraint")
                || args.stream()
                        .anyMatch(a -> a.startsWith("--requirement=")
                                || a.startsWith("--constraint=")
                                || a.matches("-[rc].+"));
        if (!files) {
            loose(
                    run,
                    "DL3013",
                    "pip install",
                    command.operands(PIP_VALUES).stream().skip(1).toList(),
                    // A range is a decision as well; ".[dev]" is the project itself with its extras.
                    p -> p.matches(".*([=!~<>]=|[<>@]).*")
                            || p.contains("/")
                            || p.startsWith(".")
                            || p.matches(".*\\.(whl|zip|tar\\.gz)"),
                    "%s==VERSION",
                    sink);
        }
        if (!command.has("--no-cache-dir")
                && !mounted(run, "/root/.cache/pip")
                && command.assignments().stream().noneMatch(PackageRules::turnsOffCache)
                && !noCache(view, stage, run)) {
            sink.add("DL3042", run, "pip install keeps what it fetched: add --no-cache-dir");
        }
    }

    private static boolean turnsOffCache(String assignment) {
        return assignment.matches("PIP_NO_CACHE_DIR=[\"']?(?i:1|true|on|yes|y|t|off|0|false|no)[\"']?");
    }

    private static boolean noCache(View view, Stage stage, Instruction.Run until) {
        for (var one : view.line(stage)) {
            for (var instruction : one.instructions()) {
                if (instruction.equals(until)) {
                    return false;
                } else if (instruction instanceof Instruction.Env env
                        && env.pairs().stream().anyMatch(p -> turnsOffCache(p.name() + "=" + p.value()))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void apk(Instruction.Run run, Command command, Sink sink) {
        if (!command.does("add")) {
            return;
        }
        loose(
                run,
                "DL3018",
                "apk add",
                command.operands(APK_VALUES).stream().skip(1).toList(),
                p -> p.matches(".*[=<>~].*") || p.endsWith(".apk"),
                "%s=VERSION",
                sink);
        if (!command.has("--no-cache") && !mounted(run, "/var/cache/apk") && !mounted(run, "/etc/apk/cache")) {
            sink.add("DL3019", run, "apk add keeps its index: add --no-cache");
        }
    }

    private static void npm(Instruction.Run run, Command command, Sink sink) {
        if (command.does("install", "i", "add")) {
            loose(
                    run,
                    "DL3016",
                    "npm install",
                    command.operands(NPM_VALUES).stream().skip(1).toList(),
                    p -> p.lastIndexOf('@') > 0
                            || p.equals(".")
                            || p.contains(":")
                            || p.startsWith("/")
                            || p.startsWith("./")
                            || p.startsWith("../")
                            || p.contains("/") && !p.startsWith("@")
                            || p.matches(".*\\.(tgz|tar\\.gz|tar)"),
                    "%s@VERSION",
                    sink);
        }
    }

    private static void gem(Instruction.Run run, Command command, Sink sink) {
        if (command.does("install", "i")
                && !command.has("-v", "--version")
                && command.args().stream().noneMatch(a -> a.startsWith("--version=") || a.matches("-v.+"))) {
            loose(
                    run,
                    "DL3028",
                    "gem install",
                    command.operands().stream().skip(1).toList(),
                    p -> p.contains(":") || p.endsWith(".gem"),
                    "%s:VERSION",
                    sink);
        }
    }

    private static void go(Instruction.Run run, Command command, Sink sink) {
        if (command.does("install", "get")) {
            loose(
                    run,
                    "DL3062",
                    "go install",
                    command.operands(Set.of("-ldflags", "-tags", "-o", "-gcflags", "-mod")).stream()
                            .skip(1)
                            .toList(),
                    p -> p.contains("@") || p.startsWith(".") || p.startsWith("/") || !p.contains("."),
                    "%s@VERSION",
                    sink);
        }
    }

    private static void yarn(Instruction.Run run, ShellScript script, Command command, Sink sink) {
        var cleans = script.calls("yarn").stream()
                .anyMatch(c -> c.operands().equals(List.of("cache", "clean"))
                        || c.args().contains("--mutex") && c.does("cache"));
        if (command.does("install")
                && !cleans
                && !mounted(run, "/usr/local/share/.cache/yarn")
                && !mounted(run, "/root/.cache/yarn")
                && !mounted(run, "/root/.yarn")) {
            sink.add("DL3060", run, "yarn install keeps what it fetched: add yarn cache clean to this RUN");
        }
    }

    private static void rpm(
            Instruction.Run run, ShellScript script, Command command, List<String> rules, String cache, Sink sink) {
        var install = Set.of("install", "groupinstall", "localinstall", "reinstall", "module");
        var operands = command.operands(RPM_VALUES);
        if (operands.isEmpty() || !install.contains(operands.getFirst())) {
            return;
        }
        var program = command.program();
        if (!command.has("--assumeyes") && !command.hasLetter('y')) {
            sink.add(rules.get(0), run, program + " install asks before it begins: add -y");
        }
        var cleans = script.calls(program).stream().anyMatch(c -> c.does("clean"))
                || script.calls("rm").stream()
                        .anyMatch(c -> c.args().stream().anyMatch(a -> a.startsWith("/var/cache/")));
        if (!cleans && !mounted(run, cache)) {
            sink.add(rules.get(1), run, program + " keeps what it fetched: add " + program + " clean all to this RUN");
        }
        if (operands.getFirst().equals("install")) {
            loose(
                    run,
                    rules.get(2),
                    program + " install",
                    operands.stream().skip(1).toList(),
                    p -> p.matches(".*-[0-9].*")
                            || p.endsWith(".rpm")
                            || p.startsWith("@")
                            || p.contains("/")
                            || p.contains(":"),
                    "%s-VERSION",
                    sink);
        }
    }

    private static void zypper(Instruction.Run run, ShellScript script, Command command, Sink sink) {
        if (!command.does("install", "in", "update", "up", "patch", "remove", "rm", "source-install", "si")) {
            return;
        }
        var installs = command.does("install", "in");
        if (installs && !command.has("-n", "--non-interactive", "-y", "--no-confirm")) {
            sink.add("DL3034", run, "zypper install asks before it begins: write zypper -n install");
        }
        var cleans = script.calls("zypper").stream().anyMatch(c -> c.does("clean", "cc"));
        if (installs && !cleans && !mounted(run, "/var/cache/zypp")) {
            sink.add("DL3036", run, "zypper keeps what it fetched: add zypper clean to this RUN");
        }
        if (installs) {
            loose(
                    run,
                    "DL3037",
                    "zypper install",
                    command.operands(Set.of("-r", "--repo", "--from", "-t", "--type")).stream()
                            .skip(1)
                            .toList(),
                    p -> p.matches(".*[=<>~].*") || p.endsWith(".rpm"),
                    "%s=VERSION",
                    sink);
        }
    }
}
