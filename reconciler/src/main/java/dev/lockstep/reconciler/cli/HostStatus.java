package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.decision.HeldPlan;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.prune.PruneRecord;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What {@code status} shows.
 *
 * @param agent whether one runs now
 * @param problems what the agent found wrong with itself; one that ends in order takes them back
 * @param suspended that a person suspended all of it
 * @param repositories what the agent that ran last knew of them
 * @param housekeeping the last one; absent when there was none
 * @param stacks by name
 * @param builds of repositories that are to come, and of each target the last one where it does not count
 */
record HostStatus(
        String host,
        boolean agent,
        List<String> problems,
        Optional<Suspension> suspended,
        List<AgentStatus.Repository> repositories,
        Optional<PruneRecord> housekeeping,
        List<Stack> stacks,
        List<BuildRecord> builds) {
    private static final int COMMIT = 7;

    HostStatus {
        problems = List.copyOf(problems);
        repositories = List.copyOf(repositories);
        stacks = List.copyOf(stacks);
        builds = List.copyOf(builds);
    }

    /**
     * The builds that are worth a word.
     *
     * @param all the newest first
     */
    static List<BuildRecord> open(List<BuildRecord> all) {
        var targets = new HashSet<String>();
        return all.stream()
                .filter(record -> record.state().isPending()
                        || record.state() != BuildRecord.State.SUPERSEDED
                                && targets.add(record.repository() + " " + record.target())
                                && record.state() != BuildRecord.State.SUCCEEDED)
                .toList();
    }

    /**
     * One stack.
     *
     * @param status what an agent wrote about it; absent for one that a person applied
     * @param containers how many there are
     * @param running how many of them run
     * @param checks what health checks say, of each container that has one
     * @param suspended that a person suspended it
     * @param held a plan that waits for a person
     * @param jobs its services that run at times
     * @param images what its containers are made from, by the names that the files have for it
     */
    record Stack(
            String name,
            Optional<StackStatus> status,
            int containers,
            int running,
            List<HealthState.Status> checks,
            Optional<Suspension> suspended,
            Optional<HeldPlan> held,
            List<Job> jobs,
            Map<String, Digest> images) {
        Stack {
            images = Collections.unmodifiableMap(new TreeMap<>(images));
            jobs = List.copyOf(jobs);
            checks = List.copyOf(checks);
        }

        /** The same stack, with the other's containers as well. */
        Stack plus(Stack other) {
            var both = new TreeMap<>(images);
            both.putAll(other.images);
            return new Stack(
                    name,
                    status.or(other::status),
                    containers + other.containers,
                    running + other.running,
                    Stream.concat(checks.stream(), other.checks.stream()).toList(),
                    suspended.or(other::suspended),
                    held.or(other::held),
                    Stream.concat(jobs.stream(), other.jobs.stream()).toList(),
                    both);
        }

        /** The worst that a health check says; {@code -} where there is none. */
        private String health() {
            return Stream.of(HealthState.Status.UNHEALTHY, HealthState.Status.STARTING, HealthState.Status.HEALTHY)
                    .filter(checks::contains)
                    .findFirst()
                    .map(status -> status.name().toLowerCase(Locale.ROOT))
                    .orElse("-");
        }

        private String wanted() {
            return commit(status.flatMap(StackStatus::wanted));
        }

        private String applied() {
            return commit(status.flatMap(StackStatus::applied));
        }

        private String outcome() {
            return suspended.isPresent()
                    ? Outcome.SUSPENDED.word()
                    : status.filter(StackStatus::orphaned).isPresent()
                            ? "orphaned"
                            : status.map(s -> s.outcome().map(Outcome::word).orElse("verifying"))
                                    .orElse("-");
        }

        private static String commit(Optional<StackStatus.Commit> commit) {
            return commit.map(c -> c.id().substring(0, COMMIT)).orElse("-");
        }
    }

    /**
     * A service that runs at times.
     *
     * @param last what became of it; absent before its first time
     * @param next when it runs
     */
    record Job(String service, Optional<JobRuns.Job> last, Optional<Instant> next) {
        private String sentence(Instant now) {
            var result = last.flatMap(JobRuns.Job::started)
                    .map(at -> "last run " + Spans.ago(at, now) + ", "
                            + last.flatMap(JobRuns.Job::exitCode)
                                    .map(code -> "exit code " + code)
                                    .orElse(
                                            last.filter(JobRuns.Job::isOpen).isPresent()
                                                    ? "still running"
                                                    : "nobody saw it end"))
                    .orElse("has not run yet");
            return result
                    + last.map(JobRuns.Job::note)
                            .filter(note -> !note.isEmpty())
                            .map(note -> "; " + note)
                            .orElse("")
                    + next.map(at -> "; next run " + at).orElse("; no next run");
        }
    }

    /** For people. */
    String text(Instant now) {
        var text = new StringBuilder("Host ").append(host).append(agent ? ": an agent runs.\n" : ": no agent runs.\n");
        problems.forEach(problem ->
                text.append("Agent: ").append(Printable.text(problem)).append('\n'));
        suspended.ifPresent(s -> text.append(Printable.text("Suspended: " + s.sentence(true)))
                .append(", since ")
                .append(Spans.ago(s.since(), now))
                .append(". 'lockstep resume --host' ends that.\n"));
        for (var repository : repositories) {
            text.append("Repository ")
                    .append(Printable.text(repository.url() + " " + repository.ref()))
                    .append(repository
                            .commit()
                            .map(c -> " at " + c.substring(0, COMMIT))
                            .orElse(""))
                    .append(repository
                            .error()
                            .map(e -> ": " + Printable.text(e) + " (since " + Spans.ago(repository.since(), now)
                                    + next(repository.nextTry(), now) + ")")
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
        builds.forEach(
                build -> text.append(Printable.text(sentence(build, now))).append('\n'));
        if (stacks.isEmpty()) {
            return text.append("\nThere is no stack on this host.\n").toString();
        }
        var table = new Table("STACK", "WANTED", "APPLIED", "OUTCOME", "CONTAINERS", "HEALTH", "CHECKED", "REVISION");
        for (var stack : stacks) {
            table.row(
                    stack.name(),
                    stack.wanted(),
                    stack.applied(),
                    stack.outcome(),
                    stack.running() + "/" + stack.containers() + " running",
                    stack.health(),
                    stack.status().map(s -> Spans.ago(s.checked(), now)).orElse("-"),
                    stack.status()
                            .flatMap(StackStatus::wanted)
                            .map(c -> Printable.text(c.subject()))
                            .orElse("applied by hand"));
        }
        text.append('\n').append(table);
        for (var stack : stacks) {
            decided(stack, now, text);
            stack.jobs()
                    .forEach(job -> text.append("\nJob ")
                            .append(job.service())
                            .append(" of stack ")
                            .append(stack.name())
                            .append(": ")
                            .append(Printable.text(job.sentence(now)))
                            .append(".\n"));
            // Of others there are 'ps' and 'inspect'.
            if (stack.status().isPresent() && !stack.images().isEmpty()) {
                text.append("\nStack ")
                        .append(stack.name())
                        .append(" runs ")
                        .append(stack.images().entrySet().stream()
                                .map(image -> Printable.text(image.getKey()) + " ("
                                        + image.getValue().abbreviated() + ")")
                                .collect(Collectors.joining(", ")))
                        .append(".\n");
            }
            stack.status().ifPresent(s -> problems(s, now, text));
        }
        return text.toString();
    }

    private static String sentence(BuildRecord build, Instant now) {
        var what = "Build " + build.number() + " of " + build.name();
        return switch (build.state()) {
            case QUEUED -> what + " waits, since " + Spans.ago(build.queued(), now);
            case BUILDING, TESTING ->
                what + (build.state() == BuildRecord.State.TESTING ? " is tested" : " is made") + ", begun "
                        + Spans.ago(build.started().orElse(now), now);
            case FAILED ->
                what + " failed " + Spans.ago(build.ended().orElse(now), now) + ": " + build.problem()
                        + ". 'lockstep builds logs " + build.number() + "' shows what it said";
            case REFUSED ->
                what + " was refused " + Spans.ago(build.ended().orElse(now), now) + ": " + build.problem()
                        + ". 'lockstep builds retry " + build.number() + "' makes it all the same";
            case SUCCEEDED, SUPERSEDED -> what + " is over";
        };
    }

    private static String next(Optional<Instant> time, Instant now) {
        return time.filter(now::isBefore)
                .map(t -> ", next try in " + Spans.round(Duration.between(now, t)))
                .orElse("");
    }

    private static void decided(Stack stack, Instant now, StringBuilder text) {
        stack.suspended()
                .ifPresent(s -> text.append("\nStack ")
                        .append(stack.name())
                        .append(" is ")
                        .append(Printable.text(s.sentence(false)))
                        .append(", since ")
                        .append(Spans.ago(s.since(), now))
                        .append(". 'lockstep resume ")
                        .append(stack.name())
                        .append("' ends that.\n"));
        stack.held().ifPresent(held -> {
            text.append("\nStack ")
                    .append(stack.name())
                    .append(": plan ")
                    .append(held.id())
                    .append(" is held, since ")
                    .append(Spans.ago(held.since(), now))
                    .append(":\n");
            held.operations()
                    .forEach(line ->
                            text.append("  ").append(Printable.text(line)).append('\n'));
            held.reasons()
                    .forEach(why ->
                            text.append("  Held: ").append(Printable.text(why)).append(".\n"));
            text.append("  If that is meant: 'lockstep approve ")
                    .append(stack.name())
                    .append("'.\n");
        });
    }

    private static void problems(StackStatus status, Instant now, StringBuilder text) {
        if (status.orphaned()) {
            text.append("\nStack ")
                    .append(status.stack())
                    .append(" is orphaned: the repository no longer has it for this host, and it goes on running.\n");
        }
        // A held plan has been shown.
        if (!status.problems().isEmpty() && !status.outcome().equals(Optional.of(Outcome.HELD))) {
            text.append("\nStack ")
                    .append(status.stack())
                    .append(status.wanted()
                            .map(c -> " at " + c.id().substring(0, COMMIT) + " \"" + Printable.text(c.subject()) + "\"")
                            .orElse(""))
                    .append(", since ")
                    .append(Spans.ago(status.since(), now))
                    .append(next(status.nextTry(), now))
                    .append(":\n");
            status.problems()
                    .forEach(p ->
                            text.append("  ").append(Printable.text(p.asText())).append('\n'));
        }
        status.fetchError()
                .ifPresent(e -> text.append("\nStack ")
                        .append(status.stack())
                        .append(" is not brought to its newest commit, since ")
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
        texts(json, "problems", problems);
        json.writeEndObject();
        if (suspended.isPresent()) {
            write(json, suspended.get());
        }
        json.writeArrayFieldStart("repositories");
        for (var repository : repositories) {
            json.writeStartObject();
            json.writeStringField("url", repository.url());
            json.writeStringField("ref", repository.ref());
            optional(json, "commit", repository.commit());
            optional(json, "refused", repository.refused());
            optional(json, "error", repository.error());
            json.writeStringField("since", repository.since().toString());
            optional(json, "nextTry", repository.nextTry().map(Instant::toString));
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
        json.writeArrayFieldStart("builds");
        for (var build : builds) {
            BuildsCommand.write(build, json);
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
        json.writeStringField("health", stack.health().equals("-") ? "none" : stack.health());
        json.writeBooleanField(
                "followed", stack.status().filter(s -> !s.orphaned()).isPresent());
        json.writeArrayFieldStart("images");
        for (var image : stack.images().entrySet()) {
            json.writeStartObject();
            json.writeStringField("reference", image.getKey());
            json.writeStringField("digest", image.getValue().toString());
            json.writeEndObject();
        }
        json.writeEndArray();
        if (!stack.jobs().isEmpty()) {
            json.writeArrayFieldStart("jobs");
            for (var job : stack.jobs()) {
                write(json, job);
            }
            json.writeEndArray();
        }
        if (stack.suspended().isPresent()) {
            write(json, stack.suspended().get());
        }
        if (stack.held().isPresent()) {
            write(json, stack.held().get());
        }
        if (stack.status().isPresent()) {
            var status = stack.status().get();
            optional(json, "repository", status.repository());
            optional(json, "ref", status.ref());
            optional(json, "directory", status.directory());
            commit(json, "wanted", status.wanted());
            commit(json, "applied", status.applied());
            optional(json, "outcome", status.outcome().map(Outcome::word));
            json.writeBooleanField("inSync", status.isInSync());
            json.writeBooleanField("drifted", status.outcome().equals(Optional.of(Outcome.DRIFTED)));
            json.writeBooleanField("orphaned", status.orphaned());
            optional(json, "nextTry", status.nextTry().map(Instant::toString));
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

    private static void write(JsonGenerator json, Suspension suspension) throws IOException {
        json.writeObjectFieldStart("suspended");
        optional(json, "reason", suspension.reason());
        json.writeStringField("by", suspension.by());
        json.writeStringField("since", suspension.since().toString());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, HeldPlan held) throws IOException {
        json.writeObjectFieldStart("held");
        json.writeStringField("plan", held.id());
        optional(json, "commit", held.commit());
        texts(json, "guards", held.guards());
        texts(json, "reasons", held.reasons());
        texts(json, "operations", held.operations());
        json.writeStringField("since", held.since().toString());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Job job) throws IOException {
        json.writeStartObject();
        json.writeStringField("service", job.service());
        optional(json, "started", job.last().flatMap(JobRuns.Job::started).map(Instant::toString));
        optional(json, "ended", job.last().flatMap(JobRuns.Job::ended).map(Instant::toString));
        var code = job.last().flatMap(JobRuns.Job::exitCode);
        if (code.isPresent()) {
            json.writeNumberField("exitCode", code.get());
        }
        optional(json, "note", job.last().map(JobRuns.Job::note).filter(note -> !note.isEmpty()));
        optional(json, "next", job.next().map(Instant::toString));
        json.writeEndObject();
    }

    private static void texts(JsonGenerator json, String field, List<String> texts) throws IOException {
        json.writeArrayFieldStart(field);
        for (var text : texts) {
            json.writeString(text);
        }
        json.writeEndArray();
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
