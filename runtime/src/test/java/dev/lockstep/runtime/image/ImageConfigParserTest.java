package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageConfigParserTest {
    @Test
    void everything_that_decides_how_an_image_runs_is_read() throws InvalidImageException {
        var config = parse("""
                {"architecture": "arm64", "os": "linux", "variant": "v8", "created": "2020-01-01T00:00:00Z",
                 "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]},
                 "config": {"Entrypoint": ["/entry"], "Cmd": ["a", ""], "Env": ["A=1", "B=x=y", "NOTHING", "=z", "C="],
                  "WorkingDir": "srv/./app/", "User": "app:web", "StopSignal": "sigint",
                  "Volumes": {"/data": {}, "cache/": {}}, "ExposedPorts": {"80/tcp": {}, "rubbish": {}},
                  "Labels": {"k": "v", "n": null}, "Shell": ["/bin/bash", "-c"], "ArgsEscaped": true,
                  "Healthcheck": {"Test": ["CMD-SHELL", "x"], "Interval": 1000000000, "Timeout": 0, "Retries": 2}}}
                """.formatted("a".repeat(64)));

        assertThat(config.platform()).hasToString("linux/arm64/v8");
        assertThat(config.entrypoint()).containsExactly("/entry");
        assertThat(config.command()).containsExactly("a", "");
        assertThat(config.environment()).containsExactly("A=1", "B=x=y", "C=");
        assertThat(config.workingDir()).contains("/srv/app");
        assertThat(config.user()).contains("app:web");
        assertThat(config.stopSignal()).contains("SIGINT");
        assertThat(config.volumes()).containsExactly("/data", "/cache");
        assertThat(config.exposedPorts()).containsExactly("80/tcp");
        assertThat(config.labels()).containsOnly(java.util.Map.entry("k", "v"));
        assertThat(config.shell()).contains(List.of("/bin/bash", "-c"));
        assertThat(config.healthCheck())
                .contains(new ImageHealthCheck(
                        List.of("CMD-SHELL", "x"),
                        Optional.of(Duration.ofSeconds(1)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(2)));
        assertThat(config.diffIds()).containsExactly(new Digest("a".repeat(64)));
    }

    @Test
    void null_and_absent_are_the_same() throws InvalidImageException {
        var config = run("'Cmd': null, 'Entrypoint': null, 'Volumes': null, 'Labels': null, 'Healthcheck': {}");

        assertThat(config.command()).isEmpty();
        assertThat(config.entrypoint()).isEmpty();
        assertThat(config.healthCheck()).isEmpty();
        assertThat(parse("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{}}")
                        .command())
                .isEmpty();
    }

    @Test
    void a_working_directory_cannot_leave_the_root() throws InvalidImageException {
        assertThat(run("'WorkingDir': '../../etc/../..'").workingDir()).contains("/");
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'User': 'root\\n0:0'                        | User",
                "'User': 5                                   | User must be text",
                "'WorkingDir': '/a\\u0000b'                  | WorkingDir holds a NUL",
                "'WorkingDir': '/a\\nb'                      | WorkingDir",
                "'Env': ['A=\\u0000']                        | Env holds a NUL",
                "'Env': ['A\\nB=1']                          | control characters",
                "'Env': 'A=1'                                | Env must be a list",
                "'Cmd': 'sh'                                 | Cmd must be a list",
                "'Cmd': [1]                                  | Cmd must be a list of texts",
                "'Cmd': ['a\\u0000']                         | Cmd holds a NUL",
                "'StopSignal': 'SIGTERM; rm'                 | StopSignal is no signal",
                "'Volumes': {'/': {}}                        | Volumes must not be the root",
                "'Volumes': {'/a/..': {}}                    | Volumes must not be the root",
                "'Volumes': {'/a\\nb': {}}                   | Volumes must be paths",
                "'Volumes': ['/a']                           | must be an object",
                "'Healthcheck': {'Test': ['x']}              | Test must begin",
                "'Healthcheck': {'Test': ['CMD'], 'Interval': -1} | must not be negative",
                "'Healthcheck': {'Test': ['CMD'], 'Interval': 1.5} | whole number"
            })
    void what_would_mean_something_else_later_is_refused(String fields, String why) {
        assertThatThrownBy(() -> run(fields.strip()))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("image configuration sha256:")
                .hasMessageContaining(why.strip());
    }

    @Test
    void the_size_of_everything_is_bounded() {
        assertThatThrownBy(() -> run("'Cmd': ['" + "x".repeat(200_000) + "']")).hasMessageContaining("more than");
        assertThatThrownBy(() -> run("'Cmd': [" + "'',".repeat(10_001) + "'']")).hasMessageContaining("10000");
        var huge = new byte[(4 << 20) + 1];
        Arrays.fill(huge, (byte) ' ');
        assertThatThrownBy(() -> new ImageConfigParser(Json.mapper()).parse(huge, new Digest("1".repeat(64))))
                .hasMessageContaining("4 MiB");
        assertThatThrownBy(() -> run("'x': " + "[".repeat(5000) + "]".repeat(5000)))
                .isInstanceOf(InvalidImageException.class);
    }

    @Test
    void a_configuration_without_layers_or_platform_is_refused() {
        assertThatThrownBy(() -> parse("{\"os\":\"linux\",\"architecture\":\"amd64\"}"))
                .hasMessageContaining("rootfs is missing");
        assertThatThrownBy(() -> parse("{\"rootfs\":{}}")).hasMessageContaining("os is missing");
        assertThatThrownBy(() -> parse("{\"os\":\"linux\",\"architecture\":\"a/b\",\"rootfs\":{}}"))
                .hasMessageContaining("platform");
        assertThatThrownBy(() ->
                        parse("{\"os\":\"linux\",\"architecture\":\"a\",\"rootfs\":{\"diff_ids\":[\"sha512:1\"]}}"))
                .hasMessageContaining("diff_ids");
    }

    private static ImageConfig run(String fields) throws InvalidImageException {
        return parse("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{},\"config\":{"
                + fields.replace('\'', '"') + "}}");
    }

    private static ImageConfig parse(String json) throws InvalidImageException {
        return new ImageConfigParser(Json.mapper())
                .parse(json.getBytes(StandardCharsets.UTF_8), new Digest("1".repeat(64)));
    }
}
