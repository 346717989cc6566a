package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.Life;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plans as text, from a table that people read: {@code plan/cases.txt}. Each case names a stack that runs, what is
 * edited in its file (both as it ran and as it is wanted, or only the latter), what happened to the host, and the whole
 * plan. {@code -Dlockstep.update} writes the plans anew; the difference is to be read before it is committed.
 */
class GoldenPlansTest {
    private static final Path CASES = Path.of("src/test/resources/plan/cases.txt");
    private static final String ARROW = " => ";

    /** @param lines the case without its plan, as they stand in the table */
    record Case(
            String name,
            List<String> lines,
            String stack,
            List<String> ran,
            List<String> edits,
            List<String> host,
            Set<String> facts,
            String plan) {
        @Override
        public String toString() {
            return name;
        }
    }

    private record Table(Map<String, String> stacks, String head, List<Case> cases) {}

    private static Table table() throws IOException {
        var text = Files.readString(CASES);
        var stacks = new LinkedHashMap<String, String>();
        var cases = new ArrayList<Case>();
        var parts = text.split("(?m)^(?=## )", -1);
        for (var stack : parts[0].split("(?m)^(?=# stack )", -1)) {
            if (stack.startsWith("# stack ")) {
                var name = stack.substring("# stack ".length(), stack.indexOf('\n'));
                stacks.put(name, stack.substring(stack.indexOf('\n') + 1).strip() + "\n");
            }
        }
        for (var part : List.of(parts).subList(1, parts.length)) {
            cases.add(read(part));
        }
        return new Table(stacks, parts[0], cases);
    }

    private static Case read(String part) {
        var at = part.indexOf("\nplan:\n");
        var head = (at < 0 ? part.strip() : part.substring(0, at)).split("\n");
        var plan = at < 0
                ? ""
                : part.substring(at + "\nplan:\n".length()).stripTrailing().stripIndent();
        var values = new LinkedHashMap<String, List<String>>();
        for (var line : List.of(head).subList(1, head.length)) {
            var colon = line.indexOf(": ");
            values.computeIfAbsent(line.substring(0, colon), _ -> new ArrayList<>())
                    .add(line.substring(colon + 2));
        }
        return new Case(
                head[0].substring(3),
                List.of(head),
                values.getOrDefault("stack", List.of("shop")).getFirst(),
                values.getOrDefault("ran", List.of()),
                values.getOrDefault("edit", List.of()),
                values.getOrDefault("host", List.of()),
                Set.copyOf(values.getOrDefault("facts", List.of())),
                plan);
    }

    static List<Case> cases() throws IOException {
        return table().cases();
    }

    private static String edited(String text, List<String> edits) {
        var result = text;
        for (var edit : edits) {
            var from = edit.substring(0, edit.indexOf(ARROW)).replace("\\n", "\n");
            assertThat(result).as("the stack has what is edited").contains(from);
            var to = edit.substring(edit.indexOf(ARROW) + ARROW.length());
            result = result.replace(from, to.equals("(nothing)") ? "" : to.replace("\\n", "\n"));
        }
        return result;
    }

    private static Plan plan(Case row, Map<String, String> stacks) {
        var ran = edited(Objects.requireNonNull(stacks.get(row.stack())), row.ran());
        var host = World.running(World.desired(ran));
        for (var event : row.host()) {
            host = after(host, event.split(" "));
        }
        var desired = row.facts().contains("down")
                ? Desired.nothing(new Owner("web1", "shop", Optional.empty()))
                : World.desired(edited(ran, row.edits()));
        return Planner.plan(desired, host, facts(row.facts()));
    }

    private static Facts facts(Set<String> facts) {
        return new Facts(
                facts.contains("followed"),
                facts.contains("followed") || facts.contains("prune") || facts.contains("down"),
                facts.contains("volumes"),
                facts.contains("force"),
                Set.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                facts.contains("no conmon") ? List.of("conmon is missing") : List.of(),
                Secrets.NONE,
                facts.contains("keep")
                                || facts.contains("renew")
                                || facts.contains("not started")
                                || facts.contains("again")
                        ? new Wishes(
                                Set.of(),
                                Set.of(),
                                facts.contains("keep"),
                                facts.contains("renew"),
                                !facts.contains("not started"),
                                facts.contains("again"))
                        : Wishes.NONE,
                Set.of());
    }

    /** The host after something happened there. */
    private static Observed after(Observed host, String... event) {
        return switch (event[0]) {
            case "empty" -> World.nothing();
            case "exited" -> World.with(host, event[1], World.state(World.exited(Integer.parseInt(event[2]))));
            case "created" -> World.with(host, event[1], World.state(new ContainerState.Created()));
            case "lost" -> World.with(host, event[1], World.state(new ContainerState.Lost()));
            case "stopped" ->
                World.with(
                        World.with(host, event[1], World.state(World.exited(137))), event[1], GoldenPlansTest::byHand);
            case "half" -> World.with(host, event[1], phase(ContainerRecord.Phase.CREATING));
            case "twice" -> twice(host, event[1]);
            case "memory" -> World.with(host, event[1], World.limits(memory(Optional.of(Long.parseLong(event[2])))));
            case "unlimited" -> World.with(host, event[1], World.limits(memory(Optional.empty())));
            case "restarted" -> World.with(host, event[1], left(event[2]));
            case "no" -> without(host, event[1], event[2]);
            case "broken" -> broken(host, event[1], event[2]);
            default -> throw new IllegalArgumentException(event[0]);
        };
    }

    private static ObservedContainer byHand(ObservedContainer c) {
        return new ObservedContainer(
                c.record(),
                c.state(),
                new Life(
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        true,
                        0,
                        0,
                        Duration.ZERO,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()),
                c.limits(),
                c.ports(),
                c.addresses(),
                c.health());
    }

    private static UnaryOperator<ObservedContainer> phase(ContainerRecord.Phase phase) {
        return c -> record(
                c,
                new ContainerRecord(
                        c.record().id(),
                        c.record().spec(),
                        c.record().effective(),
                        phase,
                        c.record().createdAt()));
    }

    private static ObservedContainer record(ObservedContainer c, ContainerRecord record) {
        return new ObservedContainer(record, c.state(), c.life(), c.limits(), c.ports(), c.addresses(), c.health());
    }

    private static Observed twice(Observed host, String name) {
        var containers = new ArrayList<>(host.containers());
        host.containers().stream()
                .filter(c -> c.name().equals(name))
                .map(c -> record(
                        c,
                        new ContainerRecord(
                                "e".repeat(64),
                                c.record().spec(),
                                c.record().effective(),
                                c.record().phase(),
                                c.record().createdAt().minusSeconds(5))))
                .forEach(containers::add);
        return new Observed(containers, host.networks(), host.volumes());
    }

    private static UnaryOperator<Limits> memory(Optional<Long> bytes) {
        return l -> new Limits(
                bytes,
                l.memorySwap(),
                l.memoryReservation(),
                l.cpuQuota(),
                l.cpuPeriod(),
                l.pids(),
                l.cpuShares(),
                l.cpuset(),
                l.realtimePeriod(),
                l.realtimeRuntime(),
                l.swappiness(),
                l.oomKillDisable(),
                l.blockIo());
    }

    private static UnaryOperator<ObservedContainer> left(String other) {
        return c -> new ObservedContainer(
                c.record(),
                c.state(),
                c.life(),
                c.limits(),
                c.ports(),
                c.addresses(),
                c.health(),
                List.of(other),
                Optional.empty());
    }

    private static Observed without(Observed host, String kind, String name) {
        return new Observed(
                host.containers().stream()
                        .filter(c -> !kind.equals("container") || !c.name().equals(name))
                        .toList(),
                new ObservedNetworks(
                        host.networks().networks().stream()
                                .filter(n -> !kind.equals("network")
                                        || !n.record().name().equals(name))
                                .toList(),
                        Map.of()),
                host.volumes().stream()
                        .filter(v -> !kind.equals("volume") || !v.spec().name().equals(name))
                        .toList());
    }

    private static Observed broken(Observed host, String name, String part) {
        return new Observed(
                host.containers(),
                new ObservedNetworks(
                        host.networks().networks().stream()
                                .map(n -> n.record().name().equals(name)
                                        ? new ObservedNetwork(
                                                n.record(),
                                                !part.equals("bridge"),
                                                !part.equals("address"),
                                                !part.equals("rules"),
                                                false,
                                                !part.equals("forwarding"),
                                                !part.equals("names"))
                                        : n)
                                .toList(),
                        Map.of()),
                host.volumes());
    }

    private static String text(Plan plan) {
        return new PlanText(false).print(plan).strip();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void a_plan_reads_as_in_the_table(Case row) throws IOException {
        var plan = plan(row, table().stacks());

        assertThat(text(plan)).isEqualTo(row.plan());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void its_json_is_as_the_published_schema_says(Case row) throws IOException {
        LineCommits commits =
                at -> Optional.of(new LineCommit("a".repeat(40), World.NOW, World.NOW, "Ann", "Change it"));
        var plan = commits.explain(plan(row, table().stacks()));

        assertThat(schema().validate(new PlanJson().print(plan, World.NOW), InputFormat.JSON))
                .isEmpty();
    }

    private static Schema schema() throws IOException {
        try (var in = PlanJson.class.getResourceAsStream("plan.schema.json")) {
            assertThat(in).isNotNull();
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(new String(in.readAllBytes(), StandardCharsets.UTF_8), InputFormat.JSON);
        }
    }

    @Test
    void the_schema_refuses_what_no_plan_has() throws IOException {
        var json = new PlanJson()
                .print(
                        Planner.plan(World.desired("services: {a: {image: x}}"), World.nothing(), Facts.none()),
                        World.NOW);
        for (var wrong : List.of(
                json.replace("lockstep.plan/1", "lockstep.plan/2"),
                json.replace("\"create\",", "\"make\","),
                json.replace("\"stack\"", "\"stak\""),
                json.replace("\"dependsOn\": []", "\"dependsOn\": [ 1 ]"))) {
            assertThat(wrong).isNotEqualTo(json);
            assertThat(schema().validate(wrong, InputFormat.JSON)).isNotEmpty();
        }
    }

    @Test
    void there_are_enough_of_them_and_no_two_are_the_same() throws IOException {
        var table = table();
        assertThat(table.cases()).hasSizeGreaterThanOrEqualTo(120);
        assertThat(table.cases()).extracting(Case::name).doesNotHaveDuplicates();
        assertThat(table.cases())
                .extracting(row -> row.stack() + row.ran() + row.edits() + row.host() + row.facts())
                .doesNotHaveDuplicates();
        // What happens is in the table, each kind of it.
        var all = String.join("\n", table.cases().stream().map(Case::plan).toList());
        for (var symbol : List.of(
                "+ container",
                "~ container",
                "-/+ container",
                "> container",
                "- container",
                "+ network",
                "~ network",
                "-/+ network",
                "- network",
                "+ volume",
                "- volume")) {
            assertThat(all).containsPattern("(?m)^ *" + Pattern.quote(symbol) + " ");
        }
    }

    @Test
    void the_table_is_written_anew_where_somebody_asks_for_it() throws IOException {
        if (System.getProperty("lockstep.update") == null) {
            return;
        }
        var table = table();
        var text = new StringBuilder(table.head());
        for (var row : table.cases()) {
            text.append(String.join("\n", row.lines()).strip())
                    .append("\nplan:\n")
                    .append(text(plan(row, table.stacks())).indent(4).replaceAll("(?m)^ +$", ""))
                    .append("\n");
        }
        Files.writeString(CASES, text.toString());
    }
}
