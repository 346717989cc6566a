package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.HostSockets;
import dev.lockstep.reconciler.deploy.KeyRing;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.check.Finding.Severity;
import dev.lockstep.spec.check.Rule;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.repository.RepositoryCheck;
import dev.lockstep.spec.repository.RepositoryReport;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostRules;
import dev.lockstep.spec.settings.KeySource;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code validate}: everything that is wrong with a file, a stack or a whole repository, at once. Its answer are the
 * problems, so they go to stdout.
 */
final class ValidateCommand implements Command {
    private static final String AGENT_FILE = "agent.yaml";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Checks files and prints everything that is wrong, with its place.",
                        "Without PATH it is the stack here. A directory with stacks/, hosts/ or lockstep.yaml is a"
                                + " repository: every stack is checked for every host, as an agent sees it.");
        spec.addOption(Options.value("FORMAT", "text, json or sarif", "-o", "--output", "--format"));
        spec.addOption(Options.flag("Tell also what an agent of this host would refuse", "--host-policy"));
        spec.addPositional(Options.arguments("[PATH...]", "0..*", "Files, directories of stacks, repositories"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json", "sarif"));
        var policy = call.flag("--host-policy") ? rules(HostSettings.read(call)) : HostRules.NONE;
        var reports = new ArrayList<ValidationReport>();
        if (call.arguments().isEmpty()) {
            reports.add(stack(new ProjectFiles(call), policy));
        }
        for (var path : call.arguments()) {
            reports.add(path(call, path, policy));
        }
        var report = ValidationReport.together(reports);
        switch (format) {
            case "json" -> call.world().out().print(report.json());
            case "sarif" -> call.world().out().print(new Sarif(call.world().directory()).write(report.findings()));
            default -> text(call, report);
        }
        return report.isValid() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    private static HostRules rules(AgentSettings settings) {
        return new HostRules(
                Optional.of(settings.policy()), settings.userNamespaces().byDefault(), HostSockets::isSocket);
    }

    private static ValidationReport path(Invocation call, String path, HostRules policy) throws IOException {
        var here = call.world().directory();
        var file = here.resolve(path);
        if (Files.isDirectory(file)) {
            var tree = DirectoryTree.confined(file);
            var base = here.equals(file.normalize())
                    ? ""
                    : Path.of(path).normalize().toString();
            return RepositoryCheck.isRepository(tree, "")
                    ? repository(call, tree, base, file, policy)
                    : stack(new ProjectFiles(call).at(request -> request.withDirectory(base)), policy);
        } else if (!Files.exists(file)) {
            throw new NoSuchFileException(path);
        }
        var name = file.getFileName().toString();
        if (name.equals(RepositorySettings.FILE)) {
            return settings(call, RepositorySettings.read(path, Files.readAllBytes(file)));
        } else if (name.equals(AGENT_FILE)) {
            return settings(call, file, AgentSettings.read(path, Files.readAllBytes(file)));
        }
        return stack(new ProjectFiles(call).at(request -> request.withFiles(List.of(path))), policy);
    }

    private static ValidationReport stack(ProjectFiles files, HostRules policy) {
        var loaded = files.load();
        if (loaded instanceof Loaded.Invalid invalid) {
            var findings = new ArrayList<>(Finding.ofLoading(invalid.errors(), invalid.warnings()));
            invalid.readable().ifPresent(project -> findings.addAll(Checks.beside(project, invalid.errors())));
            Collections.sort(findings);
            return new ValidationReport(List.of(), findings);
        }
        var valid = (Loaded.Valid) loaded;
        var findings = new ArrayList<>(Finding.ofLoading(List.of(), valid.warnings()));
        findings.addAll(Checks.all(valid.project()));
        var project = valid.project();
        policy.refusals(project, List.of())
                .forEach(problem -> findings.add(new Finding(Rule.POLICY, Severity.ERROR, problem)));
        findings.addAll(
                new BuildFiles(new DirectoryTree(files.directory("")), valid.projectDirectory()).findings(project));
        Collections.sort(findings);
        return new ValidationReport(
                List.of(new RepositoryReport.Stack(
                        project.name(),
                        valid.projectDirectory(),
                        List.of(),
                        Optional.of(project),
                        valid.projectDirectory())),
                findings);
    }

    /** As an agent loads: without the environment of this process, and with what the commit has alone. */
    private static ValidationReport repository(
            Invocation call, DirectoryTree tree, String base, Path directory, HostRules policy) throws IOException {
        var name = Optional.ofNullable(directory.toAbsolutePath().normalize().getFileName())
                .map(Path::toString)
                .orElse("");
        var profiles = call.globals().profiles();
        var report = RepositoryCheck.check(
                tree,
                "",
                name,
                request -> request.withProfiles(profiles),
                HostSettings.imagesAsFarAsKnown(call),
                policy);
        var findings = new ArrayList<>(report.findings());
        settings(tree).ifPresent(settings -> {
            findings.addAll(errors(KeyRing.problems(settings.imageKeys())));
            findings.addAll(new BuildFiles(tree, "").findings(settings, report.stacks()));
        });
        for (var stack : report.stacks()) {
            stack.project().ifPresent(project -> findings.addAll(new BuildFiles(tree, stack.base()).findings(project)));
        }
        Collections.sort(findings);
        // Several builds may have one Dockerfile.
        return new ValidationReport(
                report.stacks(),
                findings.stream().distinct().map(f -> below(base, f)).toList());
    }

    /** What {@code lockstep.yaml} says, if there is one that can be read. */
    private static Optional<RepositorySettings> settings(DirectoryTree tree) throws IOException {
        var bytes = tree.read(RepositorySettings.FILE);
        return bytes.isPresent()
                        && RepositorySettings.read(RepositorySettings.FILE, bytes.get())
                                instanceof RepositorySettings.Read.Valid valid
                ? Optional.of(valid.settings())
                : Optional.empty();
    }

    /** The finding with its file as it is seen from here. */
    private static Finding below(String base, Finding finding) {
        var problem = finding.problem();
        var at = problem.at();
        return base.isEmpty() || at.isDefault()
                ? finding
                : new Finding(
                        finding.rule(),
                        finding.severity(),
                        new Problem(
                                new SourcePosition(base + "/" + at.file(), at.line(), at.column(), at.via()),
                                problem.path(),
                                problem.message()));
    }

    private static ValidationReport settings(Invocation call, RepositorySettings.Read read) {
        var findings = new ArrayList<Finding>();
        read.warnings().forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        if (read instanceof RepositorySettings.Read.Valid valid) {
            valid.settings()
                    .widenings(HostSettings.imagesAsFarAsKnown(call))
                    .forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        }
        findings.addAll(errors(
                switch (read) {
                    case RepositorySettings.Read.Valid valid ->
                        KeyRing.problems(valid.settings().imageKeys()).stream()
                                .sorted()
                                .toList();
                    case RepositorySettings.Read.Invalid invalid -> invalid.errors();
                }));
        return new ValidationReport(List.of(), findings);
    }

    private static ValidationReport settings(Invocation call, Path file, AgentSettings.Read read) {
        var findings = new ArrayList<Finding>();
        read.warnings().forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        switch (read) {
            case AgentSettings.Read.Invalid invalid -> findings.addAll(errors(invalid.errors()));
            case AgentSettings.Read.Valid valid -> findings.addAll(keys(call, file, valid.settings()));
        }
        Collections.sort(findings);
        return new ValidationReport(List.of(), findings);
    }

    /** What a file names that is not in force here may be on the host that it is for. */
    private static List<Finding> keys(Invocation call, Path file, AgentSettings settings) {
        var severity = HostSettings.isInForce(call, file) ? Severity.ERROR : Severity.WARNING;
        var findings = new ArrayList<Finding>();
        for (var key : settings.images().keys()) {
            for (var problem : KeyRing.problems(List.of(key))) {
                findings.add(new Finding(
                        Rule.SETTINGS, key instanceof KeySource.Inline ? Severity.ERROR : severity, problem));
            }
        }
        return findings;
    }

    private static List<Finding> errors(List<Problem> problems) {
        return problems.stream()
                .map(p -> new Finding(Rule.SETTINGS, Severity.ERROR, p))
                .toList();
    }

    private static void text(Invocation call, ValidationReport report) {
        ProjectFiles.tell(report.problems(Severity.ERROR), call.world().out());
        ProjectFiles.tellWarnings(
                report.problems(Severity.WARNING), call.world().err());
        if (report.isValid()) {
            call.world().out().println(report.summary());
        } else {
            var errors = report.problems(Severity.ERROR).size();
            call.say(errors == 1 ? "1 problem." : errors + " problems.");
        }
    }
}
