package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.UnusedContent;
import dev.lockstep.reconciler.history.StackDirectories;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.container.CleanUp;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneReport;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code system prune}: images, copies of files of commits, and what killed processes left. Every container, network
 * and volume here is some stack's, and whether that is wanted only its files say: those go with {@code down} and not by
 * a guess.
 */
final class SystemPrune implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Removes images without a name, or with -a all that nobody needs, what processes that were"
                                + " killed left half done, copies of repository files that nothing mounts any more, and"
                                + " what builds have not used for a day, or with -a all of their cache.",
                        "Containers, networks and volumes belong to stacks and stay: 'lockstep -p STACK down' removes"
                                + " those of a stack, with -v its volumes too.");
        spec.addOption(Options.flag("Images with a name too", "-a", "--all"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
        spec.addOption(Options.values("FILTER", "until=TIME: only images that came before", "--filter"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var rules = ImagePrune.rules(call);
        var door = EngineDoor.of(call);
        if (!ImagePrune.agreed(call)) {
            call.say("Nothing was removed.");
            return ExitCodes.ERROR;
        }
        CleanUp leftovers;
        PruneReport report;
        Builder.Kept forgotten;
        int content;
        try (var engine = door.open()) {
            leftovers = engine.cleanUp();
            new DefaultBridge(engine).removeIfUnused();
            StackDirectories.removeUnfinished(
                    engine.root(), call.world().clock().instant());
            forgotten = engine.builder().forget(call.flag("--all") ? Duration.ZERO : Duration.ofDays(1));
            report = engine.housekeeping().prune(rules, PruneRecord.Trigger.HAND);
            content = content(engine, call);
        }
        leftovers.actions().forEach(action -> call.world().out().println("Cleaned up: " + action));
        if (forgotten.records() + forgotten.directories() > 0) {
            call.world()
                    .out()
                    .println("Forgot " + forgotten.records() + " build steps and " + forgotten.directories()
                            + " cache mounts");
        }
        if (content > 0) {
            call.world().out().println("Removed " + UnusedContent.words(content));
        }
        call.world().out().print(ImagePrune.text(report, false));
        return ExitCodes.OK;
    }

    /** What cannot be read keeps these, and nothing else, from going. */
    private static int content(Engine engine, Invocation call) {
        try {
            return new UnusedContent(engine, call.world().clock()).remove();
        } catch (IOException e) {
            call.say("Files of commits stay, whether they are needed or not: " + Sentences.of(e));
            return 0;
        }
    }
}
