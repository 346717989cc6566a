package dev.lockstep.reconciler.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** {@code up}: what the files say, made and started, and with what it writes on the terminal unless {@code -d}. */
final class UpCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Makes and starts the containers of services, and shows what they write. 'up -d' is"
                                + " 'apply -y' that no guard holds.",
                        "Exit codes: 0, 1 error, 5 refused by the host, 130 interrupted; with --abort-on-container-exit or"
                                + " --exit-code-from that of a container.");
        spec.addOption(Options.flag("Return when everything is started", "-d", "--detach"));
        spec.addOption(Options.flag("Wait until everything runs and is healthy, and return then", "--wait"));
        spec.addOption(Options.value("SECONDS", "How long --wait waits (default: for ever)", "--wait-timeout"));
        spec.addOption(Options.flag("Make containers and do not start them", "--no-start"));
        spec.addOption(Options.flag("Not what the services named depend on", "--no-deps"));
        spec.addOption(Options.flag("Replace what the services named depend on, too", "--always-recreate-deps"));
        spec.addOption(Options.flag(
                "Replace containers and their anonymous volumes: the data in these is lost",
                "-V",
                "--renew-anon-volumes"));
        spec.addOption(
                Options.value("SECONDS", "Kill containers that have not ended after that time", "-t", "--timeout"));
        spec.addOption(Options.values("SERVICE", "Show what this service writes, and no other", "--attach"));
        spec.addOption(Options.values("SERVICE", "Do not show what this service writes", "--no-attach"));
        spec.addOption(Options.flag("Show also what the services named depend on", "--attach-dependencies"));
        spec.addOption(Options.flag("Stop everything when a container ends", "--abort-on-container-exit"));
        spec.addOption(Options.flag(
                "Stop everything when a container ends with another code than 0", "--abort-on-container-failure"));
        spec.addOption(Options.value(
                "SERVICE", "End with this service's exit code; implies --abort-on-container-exit", "--exit-code-from"));
        spec.addOption(Options.flag("No colours", "--no-color"));
        spec.addOption(Options.flag("Only the lines, not whose they are", "--no-log-prefix"));
        spec.addOption(Options.flag("Show when each line was written", "--timestamps"));
        UpRun.options(spec);
        spec.addOption(Options.flag("Accepted: nothing is asked", "-y", "--yes"));
        spec.addOption(Options.refused(
                "files are not watched; 'lockstep up --build' builds what has changed, and an agent follows a repository's"
                        + " files",
                "-w",
                "--watch"));
        spec.addOption(Options.refused(
                "there is no menu: Ctrl-C stops, a second one kills, and 'up -d' leaves the stack running", "--menu"));
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these and what they depend on"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var aborts = call.flag("--abort-on-container-exit")
                || call.flag("--abort-on-container-failure")
                || call.flag("--exit-code-from");
        var detached = call.flag("--detach") || call.flag("--wait") || call.flag("--no-start");
        if (detached && (aborts || call.flag("--attach") || call.flag("--attach-dependencies"))) {
            throw new CommandException(
                    "--detach, --wait and --no-start cannot be combined with --abort-on-container-exit,"
                            + " --exit-code-from, --attach or --attach-dependencies");
        }
        UpRun.exclude(call, "--attach", "--attach-dependencies");
        UpRun.exclude(call, "--always-recreate-deps", "--no-recreate");
        UpRun.exclude(call, "--wait", "--no-start");
        UpRun.exclude(call, "--abort-on-container-failure", "--abort-on-container-exit");
        UpRun.exclude(call, "--build", "--no-build");
        // What makes no sense is told before anything is started.
        call.duration("--timeout");
        call.duration("--wait-timeout");
        var began = call.world().clock().instant();
        var run = new UpRun(call, call.arguments(), UpRun.scale(call.texts("--scale")), !call.flag("--no-start"));
        return run.run((change, outcome) -> {
                    if (call.flag("--wait")) {
                        return run.rememberGood(change, UpRun.awaitHealthy(call, change, outcome));
                    }
                    return detached ? outcome : new Attached(call, change, outcome, run.unattached(), began).stay();
                })
                .exitCode();
    }

    /** {@code create}: made, and not started. */
    static final class Create implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Makes the containers of services and does not start them.");
            UpRun.options(spec);
            spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these and what they depend on"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            return new UpRun(call, call.arguments(), UpRun.scale(call.texts("--scale")), false)
                    .run((_, outcome) -> outcome)
                    .exitCode();
        }
    }

    /** {@code scale}: another number of containers. */
    static final class Scale implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Changes how many containers services have, until the files are applied again.");
            spec.addOption(Options.flag("Do not start what the services depend on", "--no-deps"));
            spec.addOption(Options.dryRun());
            spec.addPositional(Options.arguments("SERVICE=N...", "1..*", "How many containers of which service"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            Map<String, Integer> scale = UpRun.scale(call.arguments());
            return new UpRun(call, List.copyOf(scale.keySet()), scale, true)
                    .run((_, outcome) -> outcome)
                    .exitCode();
        }
    }
}
