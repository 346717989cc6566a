package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.check.Finding.Severity;
import dev.lockstep.spec.repository.RepositoryReport;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.util.List;

/**
 * What {@code validate} found.
 *
 * @param stacks that were looked at and can be loaded
 * @param findings by position
 */
record ValidationReport(List<RepositoryReport.Stack> stacks, List<Finding> findings) {
    ValidationReport {
        stacks = List.copyOf(stacks);
        findings = findings.stream().sorted().distinct().toList();
    }

    static ValidationReport together(List<ValidationReport> reports) {
        return new ValidationReport(
                reports.stream().flatMap(r -> r.stacks.stream()).toList(),
                reports.stream().flatMap(r -> r.findings.stream()).toList());
    }

    boolean isValid() {
        return findings.stream().noneMatch(Finding::isError);
    }

    List<Problem> problems(Severity severity) {
        return findings.stream()
                .filter(f -> f.severity() == severity)
                .map(Finding::problem)
                .distinct()
                .toList();
    }

    /** One line about what is valid. */
    String summary() {
        var services =
                stacks.stream().mapToInt(RepositoryReport.Stack::services).sum();
        var counted = services + (services == 1 ? " service." : " services.");
        return switch (stacks.size()) {
            case 0 -> "Valid.";
            case 1 -> "Stack " + stacks.getFirst().name() + " is valid: " + counted;
            default -> stacks.size() + " stacks are valid: " + counted;
        };
    }

    String json() {
        return JsonText.document(this::write);
    }

    private void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("format", "lockstep.validate/1");
        json.writeBooleanField("valid", isValid());
        if (stacks.size() == 1) {
            json.writeStringField("stack", stacks.getFirst().name());
        }
        json.writeArrayFieldStart("stacks");
        for (var stack : stacks) {
            json.writeStartObject();
            json.writeStringField("name", stack.name());
            json.writeStringField("directory", stack.directory());
            json.writeNumberField("services", stack.services());
            json.writeArrayFieldStart("hosts");
            for (var host : stack.hosts()) {
                json.writeString(host);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        problems(json, "errors", Severity.ERROR);
        problems(json, "warnings", Severity.WARNING);
        json.writeEndObject();
    }

    private void problems(JsonGenerator json, String field, Severity severity) throws IOException {
        json.writeArrayFieldStart(field);
        for (var finding : findings) {
            if (finding.severity() != severity) {
                continue;
            }
            var problem = finding.problem();
            json.writeStartObject();
            json.writeStringField("rule", finding.rule().id());
            if (!problem.at().isDefault()) {
                json.writeStringField("file", problem.at().file());
                json.writeNumberField("line", problem.at().line());
                json.writeNumberField("column", problem.at().column());
            }
            json.writeStringField("path", problem.path());
            json.writeStringField("message", problem.message());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
