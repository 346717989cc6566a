package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One container in Docker's words, as {@code docker compose ps} shows it.
 *
 * @param restarting its end is past, and its policy starts it again
 * @param exposed what its image says it listens on, {@code 80/tcp}
 */
record ContainerRow(ObservedContainer container, boolean restarting, Instant now, Set<String> exposed) {
    /** Headings of fields in a table, where they are not the field's name in upper-case letters. */
    static final Map<String, String> HEADINGS = Map.of(
            "ID", "CONTAINER ID", "CreatedAt", "CREATED AT", "RunningFor", "CREATED", "LocalVolumes", "LOCAL VOLUMES");

    private static final int COMMAND = 20;
    private static final int MOUNT = 15;
    private static final DateTimeFormatter CREATED = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss xx 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** @param decision what the policy says about its last end; absent while it runs */
    static ContainerRow of(ObservedContainer container, Optional<RestartDecision> decision, Instant now) {
        return new ContainerRow(
                container,
                decision.filter(RestartDecision.Restart.class::isInstance).isPresent(),
                now,
                Set.of());
    }

    /** The same with ports that it does not publish. */
    ContainerRow exposing(Set<String> ports) {
        return new ContainerRow(container, restarting, now, ports);
    }

    String name() {
        return container.name();
    }

    String service() {
        var spec = container.record().spec();
        return spec.service().isEmpty() ? ComposeLabels.service(spec.labels()) : spec.service();
    }

    boolean isOneOff() {
        return ComposeLabels.isOneOff(container.record().spec().labels());
    }

    String stack() {
        return container.record().spec().owner().stack();
    }

    String image() {
        return container.record().spec().image().familiar();
    }

    /** The whole command line; arguments with blanks stand in quotes, as Docker has it. */
    String command() {
        return container.record().effective().map(Effective::args).orElse(List.of()).stream()
                .map(word -> word.contains(" ") ? "'" + word + "'" : word)
                .collect(Collectors.joining(" "));
    }

    /** {@code created}, {@code running}, {@code paused}, {@code restarting} or {@code exited}. */
    String state() {
        return switch (container.state()) {
            case ContainerState.Created _ -> "created";
            case ContainerState.Running running -> running.paused() ? "paused" : "running";
            case ContainerState.Exited _, ContainerState.Lost _ -> restarting ? "restarting" : "exited";
        };
    }

    /** {@code Up 3 minutes (healthy)}, {@code Exited (137) 2 minutes ago}. */
    String status() {
        return switch (container.state()) {
            case ContainerState.Created _ -> "Created";
            case ContainerState.Running(var unused, var startedAt, var supervised, var paused) ->
                "Up " + Spans.words(Duration.between(startedAt, now)) + (paused ? " (Paused)" : healthNote())
                        + (supervised ? "" : " (unsupervised)");
            case ContainerState.Exited(var outcome, var unused) ->
                (restarting ? "Restarting (" : "Exited (") + outcome.exitCode() + ") "
                        + Spans.ago(outcome.finishedAt(), now);
            case ContainerState.Lost _ -> "Exited (" + ExitOutcome.UNKNOWN + ")";
        };
    }

    /** {@code healthy}, {@code unhealthy}, {@code starting}; empty without a health check. */
    String health() {
        return container.isRunning()
                ? container
                        .health()
                        .map(h -> h.status().name().toLowerCase(Locale.ROOT))
                        .orElse("")
                : "";
    }

    private String healthNote() {
        return container
                .health()
                .map(HealthState::status)
                .map(s -> switch (s) {
                    case STARTING -> " (health: starting)";
                    case HEALTHY -> " (healthy)";
                    case UNHEALTHY -> " (unhealthy)";
                })
                .orElse("");
    }

    int exitCode() {
        return switch (container.state()) {
            case ContainerState.Created _, ContainerState.Running _ -> 0;
            case ContainerState.Exited(var outcome, var unused) -> outcome.exitCode();
            case ContainerState.Lost _ -> ExitOutcome.UNKNOWN;
        };
    }

    String ports() {
        return new ShownPorts(ShownPorts.places(container), exposed).text();
    }

    /**
     * NAME IMAGE COMMAND SERVICE CREATED STATUS PORTS.
     *
     * @param whole whether nothing is cut
     */
    String[] cells(boolean whole) {
        return new String[] {name(), image(), quoted(whole), service(), created(), status(), ports()};
    }

    /** @param whole whether nothing is cut */
    String quoted(boolean whole) {
        return "\"" + (whole ? command() : cut(command(), COMMAND)) + "\"";
    }

    /** {@code 3 minutes ago}. */
    String created() {
        return Spans.ago(container.record().createdAt(), now);
    }

    /** Names of its volumes, also of those without a name of their own, by where they are mounted. */
    private Map<String, String> volumes() {
        var volumes = new TreeMap<>(
                container.record().effective().map(Effective::anonymousVolumes).orElse(Map.of()));
        for (var mount : container.record().spec().mounts()) {
            if (mount instanceof MountSpec.Volume volume) {
                volumes.put(volume.target(), volume.name());
            }
        }
        return volumes;
    }

    /**
     * Names of volumes and sources of binds, as Docker's {@code Mounts}; memory is none.
     *
     * @param whole whether nothing is cut
     */
    private String mounts(boolean whole) {
        var binds = container.record().spec().mounts().stream()
                .filter(MountSpec.Bind.class::isInstance)
                .map(mount -> ((MountSpec.Bind) mount).source().toString());
        return Stream.concat(volumes().values().stream(), binds)
                .map(name -> whole ? name : cut(name, MOUNT))
                .collect(Collectors.joining(","));
    }

    private static String cut(String text, int most) {
        return text.codePointCount(0, text.length()) <= most
                ? text
                : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…";
    }

    /**
     * The fields of {@code docker compose ps --format json} and {@code docker ps --format json}, and the process, which
     * is nobody's secret.
     *
     * @param whole whether nothing is cut
     * @param size what it takes on the disk, in words
     */
    void write(JsonGenerator json, boolean whole, String size) throws IOException {
        var spec = container.record().spec();
        json.writeStartObject();
        json.writeStringField("Command", quoted(whole));
        json.writeStringField("CreatedAt", CREATED.format(container.record().createdAt()));
        json.writeNumberField("ExitCode", exitCode());
        json.writeStringField("Health", health());
        json.writeStringField("ID", whole ? container.id() : container.record().shortId());
        json.writeStringField("Image", image());
        json.writeStringField(
                "Labels",
                container.record().labels().entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .collect(Collectors.joining(",")));
        json.writeStringField("LocalVolumes", Integer.toString(volumes().size()));
        json.writeStringField("Mounts", mounts(whole));
        json.writeStringField("Name", name());
        json.writeStringField("Names", name());
        json.writeStringField(
                "Networks", spec.networks().stream().map(n -> n.network()).collect(Collectors.joining(",")));
        json.writeNumberField("Pid", container.state() instanceof ContainerState.Running running ? running.pid() : 0);
        json.writeStringField("Ports", ports());
        json.writeStringField("Project", stack());
        json.writeArrayFieldStart("Publishers");
        for (var port : new ShownPorts(ShownPorts.places(container), exposed).all()) {
            json.writeStartObject();
            json.writeStringField("URL", port.url());
            json.writeNumberField("TargetPort", port.inside());
            json.writeNumberField("PublishedPort", port.published());
            json.writeStringField("Protocol", port.protocol());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeStringField("RunningFor", Spans.ago(container.record().createdAt(), now));
        json.writeStringField("Service", service());
        json.writeStringField("Size", size);
        json.writeStringField("State", state());
        json.writeStringField("Status", status());
        json.writeEndObject();
    }
}
