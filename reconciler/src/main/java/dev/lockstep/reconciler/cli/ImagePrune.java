package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.prune.DiskRule;
import dev.lockstep.runtime.prune.KeepRules;
import dev.lockstep.runtime.prune.LabelRule;
import dev.lockstep.runtime.prune.PrunePlan;
import dev.lockstep.runtime.prune.PruneRecord;
import dev.lockstep.runtime.prune.PruneReport;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image prune}: images that nobody needs go, and the report says which, and why. */
final class ImagePrune implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Removes images without a name, or with -a all that nobody needs. What a container has, running"
                                + " or not, what a stack wants or had, and what is being pulled always stays.");
        spec.addOption(Options.flag("Images with a name too", "-a", "--all"));
        spec.addOption(Options.flag("Do not ask", "-f", "--force"));
        spec.addOption(Options.flag("Say what would go, and remove nothing", "--dry-run"));
        spec.addOption(Options.value("TIME", "Keep what came less than so long ago, e.g. 72h", "--keep-age"));
        spec.addOption(Options.value("N", "Keep the newest N of each repository", "--keep"));
        spec.addOption(Options.value(
                "PERCENT", "Remove only until not more than so much of the disk is used, oldest first", "--disk"));
        spec.addOption(Options.values(
                "FILTER",
                "until=TIME: only what came before; label=KEY[=VALUE] or label!=KEY[=VALUE]: only what has it, or has it"
                        + " not; several must all hold",
                "--filter"));
        spec.addOption(Options.value("FORMAT", "text or json", "--format"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "text", List.of("text", "json"));
        var rules = rules(call);
        var look = call.dryRun();
        var door = EngineDoor.of(call);
        if (!look && !agreed(call)) {
            call.say("Nothing was removed.");
            return ExitCodes.ERROR;
        }
        PruneReport report;
        try (var engine = door.open()) {
            report = look
                    ? engine.housekeeping().look(rules)
                    : engine.housekeeping().prune(rules, PruneRecord.Trigger.HAND);
        }
        call.world().out().print(format.equals("json") ? json(report, look) : text(report, look));
        return ExitCodes.OK;
    }

    static KeepRules rules(Invocation call) throws CommandException {
        var percent = call.number("--disk", 0);
        if (percent.isPresent() && percent.get() > 100) {
            throw new CommandException("--disk takes a percentage, not " + percent.get());
        }
        return new KeepRules(
                !call.flag("--all"),
                max(call.duration("--keep-age").orElse(Duration.ZERO), since(call)),
                call.number("--keep", 0).orElse(0),
                percent.map(DiskRule.Used::new),
                labels(call));
    }

    private static List<LabelRule> labels(Invocation call) {
        return call.texts("--filter").stream()
                .filter(filter -> filter.startsWith("label"))
                .map(filter -> LabelRule.parse(filter.substring("label".length())))
                .toList();
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /** Docker's filter for the same: a point in time, or how long ago. */
    private static Duration since(Invocation call) throws CommandException {
        var age = Duration.ZERO;
        var now = call.world().clock().instant();
        for (var filter : call.texts("--filter")) {
            if (filter.matches("label!?=[^=].*")) {
                continue;
            }
            if (!filter.startsWith("until=")) {
                throw new CommandException("--filter takes until=TIME, label=KEY[=VALUE] or label!=KEY[=VALUE], not \""
                        + Printable.text(filter) + "\"");
            }
            var until = LogTime.parse(filter.substring("until=".length()), now, ZoneId.systemDefault());
            age = max(age, Duration.between(until, now));
        }
        return age;
    }

    static boolean agreed(Invocation call) throws IOException, CommandException {
        return call.agrees(
                "This removes " + (call.flag("--all") ? "all images that nobody needs" : "all images without a name")
                        + ". Do you want that?",
                "--force");
    }

    static String text(PruneReport report, boolean look) {
        var text = new StringBuilder();
        for (var decision : report.removed()) {
            text.append(look ? "Would remove " : "Removed ")
                    .append(decision.image().called())
                    .append(" (")
                    .append(decision.image().digest().abbreviated())
                    .append("): ")
                    .append(decision.why())
                    .append('\n');
        }
        report.held()
                .ifPresent(why ->
                        text.append("Content stays for now: ").append(why).append('\n'));
        return text.append(look ? "Would reclaim: " : "Total reclaimed space: ")
                .append(ImageLines.size(report.bytes()))
                .append('\n')
                .toString();
    }

    private static String json(PruneReport report, boolean look) {
        return JsonText.document(json -> {
            json.writeStartObject();
            json.writeBooleanField("dryRun", look);
            json.writeArrayFieldStart("images");
            for (var decision : report.images()) {
                write(json, decision);
            }
            json.writeEndArray();
            json.writeNumberField("blobsRemoved", report.blobs());
            json.writeNumberField("layersRemoved", report.layers());
            json.writeNumberField("spaceReclaimed", report.bytes());
            if (report.held().isPresent()) {
                json.writeStringField("held", report.held().get());
            }
            json.writeEndObject();
        });
    }

    private static void write(JsonGenerator json, PrunePlan.Decision decision) throws IOException {
        json.writeStartObject();
        json.writeStringField("digest", decision.image().digest().toString());
        json.writeArrayFieldStart("names");
        for (var name : decision.image().names()) {
            json.writeString(name.familiar());
        }
        json.writeEndArray();
        json.writeBooleanField("removed", decision.removed());
        json.writeStringField("why", decision.why());
        json.writeNumberField("bytes", decision.bytes());
        json.writeEndObject();
    }
}
