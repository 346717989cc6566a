package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.agent.StatusReport;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the hosts of a repository have reported to it. Whoever can push there can have written it: it is shown, and
 * believed for nothing.
 *
 * @param hosts the documents, by the host's name
 */
record ReportedStatus(Map<String, byte[]> hosts) {
    private static final int COMMIT = 7;

    ReportedStatus {
        hosts = new TreeMap<>(hosts);
    }

    /** A line for each stack of each host. */
    String text() {
        var table = new Table("HOST", "STACK", "WANTED", "APPLIED", "OUTCOME", "SINCE");
        hosts.forEach((host, document) -> {
            var report = StatusReport.read(document);
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

    private static String commit(JsonNode stack, String field) {
        var commit = stack.path(field).asText();
        return commit.substring(0, Math.min(COMMIT, commit.length()));
    }

    /** All documents, by the host's name. */
    String json() throws IOException {
        var mapper = JsonMapper.builder().build();
        var all = mapper.createObjectNode();
        hosts.forEach((host, document) -> StatusReport.read(document).ifPresent(report -> all.set(host, report)));
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    }
}
