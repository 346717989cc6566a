package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.prune.PruneRecord;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code status} shows.
 *
 * @param agent whether one runs now
 * @param repositories what the agent that ran last knew of them
 * @param housekeeping the last one; absent when there was none
 * @param stacks by name
 */
record HostStatus(
        String host,
        boolean agent,
        List<AgentStatus.Repository> repositories,
        Optional<PruneRecord> housekeeping,
        List<Stack> stacks) {
    private static final int COMMIT = 7;

    HostStatus {
        repositories = List.copyOf(repositories);
        stacks = List.copyOf(stacks);
    }

    /**
     * One stack.
     *
     * @param status what an agent wrote about it; absent for one that a person applied
     * @param containers how many there are
     * @param running how many of them run
     */
    record Stack(String name, Optional<StackStatus> status, int containers, int running) {
        /** The same stack, with the other's containers as well. */
        Stack plus(Stack other) {
            return new Stack(name, status.or(other::status), containers + other.containers, running + other.running);
        }

        private String wanted() {
            return commit(status.flatMap(StackStatus::wanted));
        }

        private String applied() {
            return commit(status.flatMap(StackStatus::applied));
        }

        private String outcome() {
            return status.filter(StackStatus::orphaned).isPresent()
                    ? "orphaned"
                    : status.map(s -> s.outcome().map(Outcome::word).orElse("verifying"))
                            .orElse("-");
        }

        private static String commit(Optional<StackStatus.Commit> commit) {
            return commit.map(c -> c.id().substring(0, COMMIT)).orElse("-");
        }
    }

    /** For people. */
    String text(Instant now) {
        var text = new StringBuilder("Host ").append(host).append(agent ? ": an agent runs.\n" : ": no agent runs.\n");
        for (var repository : repositories) {
            text.append("Repository ")
                    .append(Printable.text(repository.url() + " " + repository.ref()))
                    .append(repository
                            .commit()
                            .map(c -> " at " + c.substring(0, COMMIT))
                            .orElse(""))
                    .append(repository
                            .error()
                            .map(e -> ": " + Printable.text(e) + " (since " + Spans.ago(repository.since(), now) + ")")
                            .orElse(""))
                    .append('\n');
        }
        housekeeping.ifPresent(last -> text.append("Housekeeping ")
                .append(Spans.ago(last.at(), now))
                .append(": ")
                .append(last.removed().size())
                .append(last.removed().size() == 1 ? " image" : " images")
                .append(" removed, ")
                .append(ImageLines.size(last.bytes()))
                .append(" freed\n"));
        if (stacks.isEmpty()) {
            return text.append("\nThere is no stack on this host.\n").toString();
        }
        var table = new Table("STACK", "WANTED", "APPLIED", "OUTCOME", "CONTAINERS", "CHECKED", "REVISION");
        for (var stack : stacks) {
            table.row(
                    stack.name(),
                    stack.wanted(),
                    stack.applied(),
                    stack.outcome(),
                    stack.running() + "/" + stack.containers() + " running",
                    stack.status().map(s -> Spans.ago(s.checked(), now)).orElse("-"),
                    stack.status()
                            .flatMap(StackStatus::wanted)
                            .map(c -> Printable.text(c.subject()))
                            .orElse("applied by hand"));
        }
        text.append('\n').append(table);
        stacks.forEach(stack -> stack.status().ifPresent(s -> problems(s, now, text)));
        return text.toString();
    }

    private static void problems(StackStatus status, Instant now, StringBuilder text) {
        if (status.orphaned()) {
            text.append("\nStack ")
                    .append(status.stack())
                    .append(
                            " is orphaned: the repository no longer has it for this host, and it goes on running. 'lockstep -p ")
                    .append(status.stack())
                    .append(" down' removes it.\n");
        }
        if (!status.problems().isEmpty()) {
            text.append("\nStack ")
                    .append(status.stack())
                    .append(status.wanted()
                            .map(c -> " at " + c.id().substring(0, COMMIT) + " \"" + Printable.text(c.subject()) + "\"")
                            .orElse(""))
                    .append(", since ")
                    .append(Spans.ago(status.since(), now))
                    .append(":\n");
            status.problems()
                    .forEach(p ->
                            text.append("  ").append(Printable.text(p.asText())).append('\n'));
        }
        status.fetchError()
                .ifPresent(e -> text.append("\nStack ")
                        .append(status.stack())
                        .append(" cannot be fetched, since ")
                        .append(Spans.ago(e.since(), now))
                        .append(": ")
                        .append(Printable.text(e.message()))
                        .append('\n'));
    }

    /** For programs. */
    void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("format", "lockstep.status/1");
        json.writeStringField("host", host);
        json.writeObjectFieldStart("agent");
        json.writeBooleanField("running", agent);
        json.writeEndObject();
        json.writeArrayFieldStart("repositories");
        for (var repository : repositories) {
            json.writeStartObject();
            json.writeStringField("url", repository.url());
            json.writeStringField("ref", repository.ref());
            optional(json, "commit", repository.commit());
            optional(json, "error", repository.error());
            json.writeStringField("since", repository.since().toString());
            json.writeEndObject();
        }
        json.writeEndArray();
        if (housekeeping.isPresent()) {
            write(json, housekeeping.get());
        }
        json.writeArrayFieldStart("stacks");
        for (var stack : stacks) {
            write(json, stack);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, PruneRecord last) throws IOException {
        json.writeObjectFieldStart("housekeeping");
        json.writeStringField("at", last.at().toString());
        json.writeStringField("trigger", last.trigger().name().toLowerCase(Locale.ROOT));
        json.writeArrayFieldStart("removed");
        for (var removed : last.removed()) {
            json.writeStartObject();
            json.writeStringField("digest", removed.digest().toString());
            json.writeArrayFieldStart("names");
            for (var name : removed.names()) {
                json.writeString(name);
            }
            json.writeEndArray();
            json.writeStringField("why", removed.why());
            json.writeNumberField("bytes", removed.bytes());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNumberField("bytes", last.bytes());
        optional(json, "held", last.held());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Stack stack) throws IOException {
        json.writeStartObject();
        json.writeStringField("stack", stack.name());
        json.writeNumberField("containers", stack.containers());
        json.writeNumberField("running", stack.running());
        json.writeBooleanField(
                "followed", stack.status().filter(s -> !s.orphaned()).isPresent());
        if (stack.status().isPresent()) {
            var status = stack.status().get();
            optional(json, "repository", status.repository());
            optional(json, "ref", status.ref());
            optional(json, "directory", status.directory());
            commit(json, "wanted", status.wanted());
            commit(json, "applied", status.applied());
            optional(json, "outcome", status.outcome().map(Outcome::word));
            json.writeBooleanField("inSync", status.isInSync());
            json.writeBooleanField("orphaned", status.orphaned());
            json.writeStringField("since", status.since().toString());
            json.writeStringField("checked", status.checked().toString());
            json.writeArrayFieldStart("problems");
            for (var problem : status.problems()) {
                json.writeStartObject();
                optional(json, "at", problem.at());
                json.writeStringField("message", problem.message());
                json.writeEndObject();
            }
            json.writeEndArray();
            if (status.fetchError().isPresent()) {
                json.writeObjectFieldStart("fetchError");
                json.writeStringField("message", status.fetchError().get().message());
                json.writeStringField("since", status.fetchError().get().since().toString());
                json.writeEndObject();
            }
        }
        json.writeEndObject();
    }

    private static void commit(JsonGenerator json, String field, Optional<StackStatus.Commit> commit)
            throws IOException {
        if (commit.isPresent()) {
            json.writeObjectFieldStart(field);
            json.writeStringField("id", commit.get().id());
            json.writeStringField("subject", commit.get().subject());
            json.writeStringField("author", commit.get().author());
            json.writeStringField("authored", commit.get().authored().toString());
            json.writeEndObject();
        }
    }

    private static void optional(JsonGenerator json, String field, Optional<String> value) throws IOException {
        if (value.isPresent()) {
            json.writeStringField(field, value.get());
        }
    }
}
