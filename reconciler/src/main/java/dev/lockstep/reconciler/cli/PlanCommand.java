package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.PullChoice;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanJson;
import dev.lockstep.reconciler.plan.PlanMarkdown;
import dev.lockstep.reconciler.plan.PlanText;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code plan}: what would change, and why. Changes nothing. */
final class PlanCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows what would change on this host, and why. Changes nothing.");
        spec.addOption(Options.value("FORMAT", "text, markdown or json", "-o", "--output"));
        spec.addOption(Options.flag(
                "Exit with 0 if there is nothing to do, 2 if there is, 1 on errors", "--detailed-exitcode"));
        addChoices(spec);
    }

    /** What changes the plan itself, for {@code apply} too. */
    static void addChoices(CommandSpec spec) {
        spec.addOption(Options.flag("Remove containers of services that the files do not name", "--remove-orphans"));
        spec.addOption(Options.flag("Replace containers although nothing changed", "--force-recreate"));
        spec.addOption(Options.value(
                "WHEN", "Look images up always, missing, never, or as pull_policy says: policy (default)", "--pull"));
    }

    static PlanOptions choices(Invocation call) throws CommandException {
        var orphans = call.flag("--remove-orphans")
                || call.world()
                        .variable("COMPOSE_REMOVE_ORPHANS")
                        .filter(v -> v.equals("1") || v.equals("true"))
                        .isPresent();
        Optional<PullChoice> pull =
                switch (call.choice("--pull", "policy", List.of("always", "missing", "never", "policy"))) {
                    case "always" -> Optional.of(PullChoice.ALWAYS);
                    case "missing" -> Optional.of(PullChoice.MISSING);
                    case "never" -> Optional.of(PullChoice.NEVER);
                    default -> Optional.empty();
                };
        return PlanOptions.byHand(orphans, call.flag("--force-recreate"), pull);
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "markdown", "json"));
        var door = EngineDoor.of(call);
        HostSettings.tellKeys(call, door.settings());
        try (var engine = door.openForReading()) {
            var planned = new Deployment(engine, door.host(), door.settings().images(), door.secrets())
                    .plan(new ProjectFiles(call).source(), choices(call));
            ProjectFiles.tellWarnings(planned.warnings(), call.world().err());
            return switch (planned) {
                case Planned.Invalid invalid -> {
                    ProjectFiles.tell(invalid.errors(), call.world().err());
                    yield ExitCodes.ERROR;
                }
                case Planned.Ready ready -> {
                    print(call, format, ready.plan());
                    yield code(call, ready.plan());
                }
            };
        }
    }

    private static void print(Invocation call, String format, Plan plan) {
        var out = call.world().out();
        switch (format) {
            case "json" ->
                out.print(new PlanJson().print(plan, call.world().clock().instant()));
            case "markdown" -> out.print(new PlanMarkdown().print(plan));
            default -> {
                out.print(new PlanText(
                                call.world().colour(call.world().terminals().out()))
                        .print(plan));
                if (!plan.isEmpty() && plan.problems().isEmpty()) {
                    out.println("Run 'lockstep apply' to make these changes.");
                }
            }
        }
    }

    private static int code(Invocation call, Plan plan) {
        if (!plan.problems().isEmpty()) {
            return ExitCodes.ERROR;
        }
        return call.flag("--detailed-exitcode") && !plan.isEmpty() ? ExitCodes.CHANGES : ExitCodes.OK;
    }
}
