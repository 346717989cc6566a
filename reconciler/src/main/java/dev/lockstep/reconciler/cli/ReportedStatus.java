package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.agent.StatusReport;
import dev.lockstep.reconciler.git.HostReport;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.review.Reports;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the hosts of a repository have reported to it. Whoever can push there can have written it: it is shown, and
 * believed for nothing.
 *
 * @param hosts what they said, by the host's name
 */
record ReportedStatus(Map<String, HostReport> hosts) {
    private static final int COMMIT = 7;
    private static final Pattern FULL_COMMIT = Pattern.compile("[0-9a-f]{40}");

    ReportedStatus {
        hosts = new TreeMap<>(hosts);
    }

    /** A line for each stack of each host. */
    String text() {
        var table = new Table("HOST", "STACK", "WANTED", "APPLIED", "OUTCOME", "SINCE");
        hosts.forEach((host, said) -> {
            var report = StatusReport.read(said.document());
            if (report.isEmpty()) {
                table.row(host, "", "", "", "cannot be read", "");
                return;
            }
            for (var stack : report.get().path("stacks")) {
                table.row(
                        host,
                        stack.path("stack").asText(),
                        commit(stack, "wanted"),
                        commit(stack, "applied"),
                        stack.path("orphaned").asBoolean()
                                ? "orphaned"
                                : stack.path("outcome").asText(),
                        stack.path("since").asText());
            }
        });
        return table.toString();
    }

    /**
     * As a base for plans. What is no report of that host, or names no commit, is left out: the host then has reported
     * nothing.
     */
    Reports reports() {
        var reports = new TreeMap<String, Reports.Report>();
        hosts.forEach((host, said) -> StatusReport.read(said.document())
                .filter(document -> document.path("host").asText().equals(host))
                .ifPresent(document -> {
                    var stacks = new TreeMap<String, Reports.Stack>();
                    for (var stack : document.path("stacks")) {
                        stacks.put(stack.path("stack").asText(), stack(stack));
                    }
                    reports.put(host, new Reports.Report(said.at(), stacks));
                }));
        return new Reports(reports);
    }

    private static Reports.Stack stack(JsonNode stack) {
        var good = Stream.of(Outcome.values()).filter(Outcome::isGood).map(Outcome::word);
        var outcome = stack.path("outcome").asText();
        return new Reports.Stack(
                Optional.of(stack.path("applied").asText())
                        .filter(id -> FULL_COMMIT.matcher(id).matches()),
                stack.path("orphaned").asBoolean()
                        ? Optional.of("orphaned")
                        : Optional.of(outcome).filter(word -> good.noneMatch(word::equals)));
    }

    private static String commit(JsonNode stack, String field) {
        var commit = stack.path(field).asText();
        return commit.substring(0, Math.min(COMMIT, commit.length()));
    }

    /** All documents, by the host's name. */
    String json() throws IOException {
        var mapper = JsonMapper.builder().build();
        var all = mapper.createObjectNode();
        hosts.forEach((host, said) -> StatusReport.read(said.document()).ifPresent(report -> all.set(host, report)));
        return JsonText.document(all);
    }
}
