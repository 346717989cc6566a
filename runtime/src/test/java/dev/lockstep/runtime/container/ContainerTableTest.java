package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of the README that says what a container gets: true as far as a program can tell. */
class ContainerTableTest {
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    /** Attributes of a Compose service that are about one container. */
    private static final List<String> ATTRIBUTES = List.of(("annotations blkio_config cap_add cap_drop cgroup"
                    + " cgroup_parent command configs container_name cpu_period cpu_quota cpu_rt_period cpu_rt_runtime"
                    + " cpu_shares cpus cpuset device_cgroup_rules devices domainname entrypoint environment extra_hosts"
                    + " gpus group_add healthcheck hostname image init ipc labels mem_limit mem_reservation"
                    + " mem_swappiness memswap_limit network_mode networks oom_kill_disable oom_score_adj pid pids_limit"
                    + " ports post_start pre_stop privileged read_only restart runtime secrets security_opt shm_size"
                    + " stdin_open stop_grace_period stop_signal sysctls tmpfs tty ulimits user userns_mode uts volumes"
                    + " volumes_from working_dir")
            .split(" "));

    private record Row(Set<String> attributes, Set<String> tests) {}

    private static List<Row> rows() throws IOException {
        var readme = Files.readString(Path.of("README.md"));
        var from = readme.indexOf("## What a container gets");
        var table = readme.substring(from, readme.indexOf("\n## ", from + 1));
        return table.lines()
                .dropWhile(line -> !line.startsWith("|---"))
                .skip(1)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> {
                    var cells = line.split("\\|", -1);
                    return new Row(words(cells[1]), words(cells[cells.length - 2]));
                })
                .toList();
    }

    private static Set<String> words(String cell) {
        return CODE.matcher(cell)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private static Set<String> tests() throws IOException {
        var names = new TreeSet<String>();
        for (var module : List.of("src/test/java", "../reconciler/src/test/java")) {
            try (Stream<Path> files = Files.walk(Path.of(module))) {
                files.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith("IT.java") || name.endsWith("Test.java"))
                        .forEach(name -> names.add(name.replace(".java", "")));
            }
        }
        return names;
    }

    @Test
    void every_row_names_tests_that_exist() throws IOException {
        var tests = tests();
        assertThat(rows()).hasSizeGreaterThan(30);
        for (var row : rows()) {
            assertThat(row.tests()).as("%s", row.attributes()).isNotEmpty().isSubsetOf(tests);
        }
    }

    @Test
    void no_attribute_is_missing() throws IOException {
        var named = rows().stream().flatMap(row -> row.attributes().stream()).collect(Collectors.toSet());
        assertThat(named).containsAll(ATTRIBUTES);
    }
}
