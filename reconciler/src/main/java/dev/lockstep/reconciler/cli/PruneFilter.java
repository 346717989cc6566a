package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What {@code --filter} of Docker's {@code prune} picks: by labels, and by age. */
record PruneFilter(List<Predicate<Map<String, String>>> labels, List<Instant> until) {
    static final String WORDS = "until=24h, label=KEY[=VALUE], label!=KEY[=VALUE]";

    PruneFilter {
        labels = List.copyOf(labels);
        until = List.copyOf(until);
    }

    static PruneFilter of(Invocation call) throws CommandException {
        var labels = new ArrayList<Predicate<Map<String, String>>>();
        var until = new ArrayList<Instant>();
        for (var text : call.texts("--filter")) {
            if (text.startsWith("label=")) {
                labels.add(Labels.matching(text.substring("label=".length())));
            } else if (text.startsWith("label!=")) {
                labels.add(Labels.matching(text.substring("label!=".length())).negate());
            } else if (text.startsWith("until=")) {
                until.add(LogTime.parse(
                        text.substring("until=".length()), call.world().clock().instant(), ZoneId.systemDefault()));
            } else {
                throw new CommandException("invalid filter '" + Printable.text(text.split("=", 2)[0])
                        + "'; there are until=TIME, label=KEY[=VALUE] and label!=KEY[=VALUE]");
            }
        }
        return new PruneFilter(labels, until);
    }

    boolean takes(Map<String, String> of, Instant created) {
        return labels.stream().allMatch(label -> label.test(of))
                && until.stream().allMatch(created::isBefore);
    }
}
