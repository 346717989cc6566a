package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.PullPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Signal;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceAttributesTest {
    private final Problems problems = new Problems();

    /** Variables that a process has, and no files. */
    private record Given(Map<String, String> variables) implements Surroundings {
        @Override
        public Optional<Value> variable(String name) {
            return Optional.ofNullable(variables.get(name))
                    .map(text -> new Value(text, dev.lockstep.spec.yaml.SourcePosition.DEFAULT));
        }

        @Override
        public Map<String, Value> files(
                List<VariableFile> files, Function<String, Optional<String>> outside, List<String> read) {
            throw new AssertionError("nobody names " + files);
        }
    }

    private Project read(String text) {
        var document = new YamlReader(YamlLimits.DEFAULT)
                .read("compose.yaml", text.getBytes(StandardCharsets.UTF_8), problems)
                .getFirst();
        return new ProjectReader(
                        Reading.refusingNothing(problems),
                        new Given(Map.of("GIVEN", "value")),
                        Optional.of("/home/u"),
                        "shop")
                .read(document);
    }

    private Service a(String attributes) {
        return Objects.requireNonNull(read("services:\n  a: {image: x, " + attributes + "}\n")
                .services()
                .get("a"));
    }

    private List<String> errors() {
        return problems.errors().stream().map(Problem::toString).toList();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "tty: 1                    | 2:22: services.a.tty: must be true or false, not a number",
                "tty: '1'                  | 2:22: services.a.tty: must be true or false, not \"1\"",
                "init: ''                  | 2:23: services.a.init: must be true or false, not \"\"",
                "cgroup: private2          | 2:25: services.a.cgroup: \"private2\" is no cgroup namespace. Write host or private",
                "pull_policy: sometimes    | 2:30: services.a.pull_policy: \"sometimes\" is no pull policy. Write always, missing,"
                        + " never, build, refresh, daily, weekly or every_12h",
                "pull_policy: every_5      | 2:30: services.a.pull_policy: missing unit in duration \"5\". Write \"5s\" for seconds",
                "cpu_count: -1             | 2:28: services.a.cpu_count: must not be negative",
                "cpu_percent: 101          | 2:30: services.a.cpu_percent: must be between 0 and 100, not 101",
                "cpu_shares: few           | 2:29: services.a.cpu_shares: must be a whole number, not \"few\"",
                "oom_score_adj: 1001       | 2:32: services.a.oom_score_adj: must be between -1000 and 1000, not 1001",
                "pids_limit: 1.5           | 2:29: services.a.pids_limit: must be a whole number, not 1.5",
                "mem_limit: 1.5            | 2:28: services.a.mem_limit: must be a whole number of bytes, or have a unit: \"1.5g\"",
                "shm_size: 1x              | 2:27: services.a.shm_size: \"1x\" is not a size. Write a number and a unit: b, k, m,"
                        + " g, t or p, such as 512m",
                "stop_grace_period: 10     | 2:36: services.a.stop_grace_period: needs a unit: write 10s",
                "stop_grace_period: '10'   | 2:36: services.a.stop_grace_period: missing unit in duration \"10\". Write \"10s\" for"
                        + " seconds",
                "user: 1000                | 2:23: services.a.user: must be text, and YAML takes 1000 for a number. Write it in"
                        + " quotes: \"1000\"",
                "container_name: a         | 2:33: services.a.container_name: \"a\" cannot name a container. Write at least two"
                        + " characters: letters, digits, \"_\", \".\" and \"-\", the first one a letter or digit",
                "cap_add: NET_ADMIN        | 2:26: services.a.cap_add: must be a list, not \"NET_ADMIN\"",
                "cap_add: [1]              | 2:27: services.a.cap_add[0]: must be text, and YAML takes 1 for a number. Write it in"
                        + " quotes: \"1\"",
                "group_add: [1.5]          | 2:29: services.a.group_add[0]: must be text, and YAML takes 1.5 for a number. Write"
                        + " it in quotes: \"1.5\"",
                "storage_opt: [a=1]        | 2:30: services.a.storage_opt: must be a mapping, not a list",
                "environment: ['A =1']     | 2:31: services.a.environment: the name \"A \" ends with a space",
                "environment: [1]          | 2:31: services.a.environment[0]: must be KEY=VALUE, not a number",
                "environment: {A: [1]}     | 2:34: services.a.environment.A: must be a single value, not a list",
                "environment:              | 2:17: services.a.environment: has no value. Write one, or remove the key",
                "env_file: ''               | 2:27: services.a.env_file[0]: is empty. Write the path of a file",
                "env_file: [{format: raw}] | 2:28: services.a.env_file[0]: has no path. Write path: FILE",
                "env_file: [{path: e, format: x}] | 2:46: services.a.env_file[0].format: unsupported env_file format \"x\". There"
                        + " is raw",
                "scale: -1                 | 2:24: services.a.scale: must be between 0 and 10000, not -1",
                "x-lockstep: {schedul: x}  | 2:30: services.a.x-lockstep.schedul: unknown key. Did you mean \"schedule\"?",
                "x-lockstep: {schedule: {zone: UTC}} | 2:30: services.a.x-lockstep.schedule: has no cron. Write for example cron:"
                        + " \"0 0 2 ? * MON-FRI\"",
                "healthcheck: {x-lockstep: {}} | 2:31: services.a.healthcheck.x-lockstep: has no meaning here. It goes to the top"
                        + " level, or below a service, a network or a volume",
                "prots: []                 | 2:17: services.a.prots: unknown key. Did you mean \"ports\"?",
            })
    void what_is_wrong_is_told_where_it_stands(String attribute, String error) {
        a(attribute);
        assertThat(errors()).containsExactly("compose.yaml:" + error);
    }

    @Test
    void a_value_that_only_a_host_can_judge_keeps_its_text_and_says_what_is_wrong() {
        var service = a("restart: sometimes, stop_signal: SIGNOPE, cpuset: 3-1, pid: nobody, mac_address: x");
        assertThat(errors()).isEmpty();
        assertThat(service.lifecycle().restart().map(Written::text)).contains("sometimes");
        assertThat(service.lifecycle().restart().flatMap(Written::value)).isEmpty();
        assertThat(service.lifecycle().stopSignal().flatMap(Written::problem))
                .contains("\"SIGNOPE\" is no signal. Write a name such as SIGTERM, or a number from 1 to 64");
        assertThat(service.limits().cpu().set().flatMap(Written::problem))
                .contains("\"3-1\" is no list of CPUs. Write numbers and ranges, such as 0-3 or 0,2");
        assertThat(service.isolation().namespaces().pid().flatMap(Written::problem))
                .isPresent();
        assertThat(service.networking().macAddress().flatMap(Written::problem)).isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "SIGTERM, 15",
        "term, 15",
        "9, 9",
        "SIGRTMIN, 34",
        "RTMIN+3, 37",
        "SIGRTMAX-1, 63",
        "SIGPOLL, 29",
        "64, 64"
    })
    void signals_have_names_and_numbers(String text, int number) {
        assertThat(Signal.parse(text)).isEqualTo(new Signal(number));
    }

    @Test
    void texts_become_what_they_mean() {
        var service = a("pid: 'service:b', ipc: 'container:c', uts: host, network_mode: 'service:b',"
                + " pull_policy: every_1d12h, volumes_from: [b, 'container:c:ro'], cpuset: '0,2-3,1'");
        assertThat(errors()).isEmpty();
        var namespaces = service.isolation().namespaces();
        assertThat(namespaces.pid().flatMap(Written::value)).contains(new NamespaceMode.OfService("b"));
        assertThat(namespaces.ipc().flatMap(Written::value)).contains(new NamespaceMode.OfContainer("c"));
        assertThat(namespaces.uts().flatMap(Written::value)).contains(new NamespaceMode.Host());
        assertThat(service.networking().mode().flatMap(Written::value)).contains(new NetworkMode.OfService("b"));
        assertThat(service.networking().networks()).isEmpty();
        assertThat(service.image().pullPolicy()).contains(new PullPolicy.Every("1d12h", Duration.ofHours(36)));
        assertThat(service.storage().volumesFrom())
                .containsExactly(
                        new VolumesFrom.OfService("b", Optional.empty()),
                        new VolumesFrom.OfContainer("c", Optional.of("ro")));
        assertThat(service.limits().cpu().set().flatMap(Written::value).map(Object::toString))
                .contains("0-3");
    }

    @Test
    void an_environment_without_values_takes_those_of_the_surroundings() {
        assertThat(a("environment: [GIVEN, MISSING, OWN=1, 'EMPTY=']").program().environment())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "GIVEN", Optional.of("value"),
                        "MISSING", Optional.empty(),
                        "OWN", Optional.of("1"),
                        "EMPTY", Optional.of("")));
    }

    @Test
    void what_is_shared_with_another_service_makes_depend_on_it() {
        var service = a("links: ['l:alias'], pid: 'service:p', volumes_from: [v], depends_on: {p: {condition:"
                + " service_healthy}}");
        var dependencies = service.lifecycle().dependsOn();
        assertThat(dependencies.keySet()).containsExactlyInAnyOrder("p", "l", "v");
        assertThat(dependencies.get("l")).hasToString("Dependency[condition=STARTED, restart=true, required=true]");
        assertThat(dependencies.get("v")).hasToString("Dependency[condition=STARTED, restart=false, required=true]");
        assertThat(dependencies.get("p")).hasToString("Dependency[condition=HEALTHY, restart=false, required=true]");
    }

    @Test
    void a_scale_fills_in_for_replicas() {
        assertThat(a("scale: 3, deploy: {}").lifecycle().deploy().flatMap(d -> d.replicas()))
                .contains(3);
        assertThat(a("scale: 0").replicas()).isZero();
        assertThat(a("deploy: {replicas: 2}").replicas()).isEqualTo(2);
        assertThat(a("tty: true").replicas()).isEqualTo(1);
    }

    @Test
    void what_the_readme_writes_of_fields_that_somebody_else_owns_is_read() throws IOException {
        var block = Pattern.compile("(?m)^ {4}x-lockstep:\\n(?: {4}.*\\n)+")
                .matcher(Files.readString(Path.of("../README.md")));
        assertThat(block.find()).isTrue();
        // A line end would be a last line without indentation.
        var extension = block.group().stripTrailing().stripIndent();
        var project = read(extension + "\nservices: {web: {image: x}, app: {image: x}}\n");

        assertThat(errors()).isEmpty();
        assertThat(project.extension().flatMap(own -> own.drift()).orElseThrow().ignore())
                .extracting(field -> field.path())
                .containsExactly("services.web.mem_limit", "services.app.cpus");
    }
}
