package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.BuildChoice;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.PullChoice;
import dev.lockstep.reconciler.deploy.SavedPlan;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanJson;
import dev.lockstep.reconciler.plan.PlanMarkdown;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;

/** {@code plan}: what would change, and why. Changes nothing. */
final class PlanCommand implements Command {
    private static final Set<String> YES = Set.of("1", "t", "true", "y", "yes");

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Shows what would change on this host, and why. Changes nothing.",
                        "'plan --out FILE' writes the plan down, 'apply FILE' makes just these changes, once, and 'plan"
                                + " show FILE' shows it again.");
        spec.addPositional(
                Options.arguments(
                        "[show FILE | BASE..HEAD]",
                        "0..2",
                        "Show a saved plan, be it stale; or plan for all hosts what a range of commits changes; with --host and"
                                + " --all-hosts from what they have reported, and HEAD is what is checked out if it is not said"));
        spec.addOption(Options.value("REV", "Plan what this directory would be at that commit", "--revision"));
        spec.addOption(Options.value(
                "NAME",
                "Plan for that host, which need not be here: from what it has reported, else from BASE",
                "--host"));
        spec.addOption(Options.flag("The same for every host", "--all-hosts"));
        spec.addOption(Options.value("FORMAT", "text, markdown or json", "-o", "--output"));
        spec.addOption(Options.flag(
                "Exit with 0 if there is nothing to do, 2 if there is, 1 on errors", "--detailed-exitcode"));
        spec.addOption(Options.value("FILE", "Write the plan to this file, for 'lockstep apply FILE'", "--out"));
        spec.addOption(Options.flag("Say what an agent of this host would refuse", "--host-policy"));
        addChoices(spec);
    }

    /** What changes the plan itself, for {@code apply} too. */
    static void addChoices(CommandSpec spec) {
        spec.addOption(Options.flag("Remove containers of services that the files do not name", "--remove-orphans"));
        spec.addOption(Options.flag("Replace containers although nothing changed", "--force-recreate"));
        spec.addOption(Options.value(
                "WHEN", "Look images up always, missing, never, or as pull_policy says: policy (default)", "--pull"));
        spec.addOption(Options.flag("Build images of build sections first, also those that are here", "--build"));
        spec.addOption(Options.flag("Build no image, also where it is missing", "--no-build"));
    }

    /** Which images of {@code build} sections are built before the plan is carried out. */
    static BuildChoice builds(Invocation call) throws CommandException {
        UpRun.exclude(call, "--build", "--no-build");
        return call.flag("--no-build")
                ? BuildChoice.DONE
                : call.flag("--build") ? BuildChoice.ALL : BuildChoice.MISSING;
    }

    static SavedPlan.Choices choices(Invocation call) throws CommandException {
        var orphans = call.flag("--remove-orphans")
                || !call.off("--remove-orphans")
                        && call.world()
                                .variable("COMPOSE_REMOVE_ORPHANS")
                                .filter(v -> YES.contains(v.toLowerCase(Locale.ROOT)))
                                .isPresent();
        Optional<PullChoice> pull =
                switch (call.choice("--pull", "policy", List.of("always", "missing", "never", "policy"))) {
                    case "always" -> Optional.of(PullChoice.ALWAYS);
                    case "missing" -> Optional.of(PullChoice.MISSING);
                    case "never" -> Optional.of(PullChoice.NEVER);
                    default -> Optional.empty();
                };
        return new SavedPlan.Choices(orphans, call.flag("--force-recreate"), pull, BuildChoice.DONE);
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "markdown", "json"));
        if (call.arguments().stream().findFirst().filter("show"::equals).isPresent()) {
            return show(call, format);
        }
        if (!call.arguments().isEmpty() || call.flag("--host") || call.flag("--all-hosts")) {
            return elsewhere(call, format);
        }
        var out = SavedPlans.target(call);
        if (out.isPresent() && call.flag("--revision")) {
            throw new CommandException(
                    "--out writes plans of files that are there: check the commit out, and plan without --revision");
        }
        var revision = call.text("--revision");
        if (revision.isEmpty()) {
            return here(call, format, out, new ProjectFiles(call).source());
        }
        var directory = call.world().directory();
        var top = WorkTree.top(directory)
                .orElseThrow(() -> new CommandException(directory + " is not in a Git repository, and --revision"
                        + " names a commit of the one that it is called in"));
        try (var repository = WorkTree.open(top, GitSettings.defaults())) {
            var tree = repository.open(repository.revision(revision.get()));
            var request = new ProjectFiles(call).request();
            return here(call, format, out, RevisionSource.of(tree, request, top, directory));
        }
    }

    /** For this host. */
    private static int here(Invocation call, String format, Optional<Path> out, StackSource source) throws Exception {
        var door = EngineDoor.of(call);
        HostSettings.tellKeys(call, door.settings());
        var choices = choices(call).building(builds(call));
        try (var engine = door.openForReading()) {
            var deployment = new Deployment(
                    engine,
                    door.host(),
                    door.settings().images(),
                    door.settings().policy(),
                    door.secrets());
            var planned = (call.flag("--host-policy") ? deployment.asFollowed() : deployment)
                    .plan(source, choices.planOptions());
            ProjectFiles.tellWarnings(planned.warnings(), call.world().err());
            return switch (planned) {
                case Planned.Invalid invalid -> {
                    ProjectFiles.tell(invalid.errors(), call.world().err());
                    yield ExitCodes.ERROR;
                }
                case Planned.Ready ready -> {
                    print(call, format, explained(call, source, ready.plan()), out);
                    if (out.isPresent()) {
                        new SavedPlans(call, new ProjectFiles(call))
                                .save(ready, engine, door.hasRoot(), choices, out.get());
                    }
                    yield code(call, ready.plan());
                }
            };
        }
    }

    private static Plan explained(Invocation call, StackSource source, Plan plan) {
        return source instanceof RevisionSource
                ? source.lines().explain(plan)
                : new Explanation(call.world().directory()).of(plan);
    }

    /** For hosts that need not be here. */
    private static int elsewhere(Invocation call, String format) throws IOException, CommandException {
        var words = call.arguments();
        if (words.size() > 1 || !words.stream().allMatch(DiffCommand::isRange)) {
            throw new CommandException("plan takes 'show FILE' or BASE..HEAD and no other words, not \""
                    + Printable.text(String.join(" ", words)) + "\"");
        }
        for (var option : List.of("--out", "--revision", "--remove-orphans", "--force-recreate", "--pull", "--build")) {
            if (call.flag(option)) {
                throw new CommandException(option + " is of plans for this host, and not for a range of commits");
            }
        }
        var hosts = call.flag("--host") || call.flag("--all-hosts");
        var review = hosts
                ? ReportedHosts.review(call, words.stream().findFirst(), call.text("--host"))
                : DiffCommand.review(call, words.getFirst(), Optional.empty());
        DiffCommand.print(call, review, format);
        if (review.hasErrors()) {
            return ExitCodes.ERROR;
        }
        return call.flag("--detailed-exitcode") && !review.isEmpty() ? ExitCodes.CHANGES : ExitCodes.OK;
    }

    private static int show(Invocation call, String format) throws IOException, CommandException {
        var words = call.arguments();
        if (words.size() != 2) {
            throw new CommandException("plan show takes the file of a plan that 'plan --out FILE' wrote");
        }
        var saved = SavedPlan.read(call.world().directory().resolve(words.get(1)));
        var out = call.world().out();
        switch (format) {
            case "json" -> out.print(JsonText.document(saved.plan()));
            case "markdown" -> out.print(saved.markdown());
            default -> {
                out.print(saved.text());
                out.println("Planned " + saved.createdAt() + " by Lockstep " + saved.version() + ".");
            }
        }
        return ExitCodes.OK;
    }

    private static void print(Invocation call, String format, Plan plan, Optional<Path> saved) {
        var out = call.world().out();
        switch (format) {
            case "json" ->
                out.print(new PlanJson().print(plan, call.world().clock().instant()));
            case "markdown" -> out.print(new PlanMarkdown().print(plan));
            default -> {
                out.print(new PlanText(
                                call.world().colour(call.world().terminals().out()))
                        .print(plan));
                if (!plan.isEmpty() && code(call, plan) != ExitCodes.ERROR && !call.flag("--revision")) {
                    out.println("Run 'lockstep apply"
                            + saved.map(file -> " " + file).orElse("") + "' to make these changes.");
                }
            }
        }
    }

    private static int code(Invocation call, Plan plan) {
        // As with Terraform's: what cannot be applied as it is is an error, whatever there is to do beside.
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty()) {
            return ExitCodes.ERROR;
        }
        return call.flag("--detailed-exitcode") && !plan.isEmpty() ? ExitCodes.CHANGES : ExitCodes.OK;
    }
}
