package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopLevelTest extends BlockTest {
    private static final String USER =
            "services: {a: {image: i, volumes: ['x:/v'], secrets: [x], configs: [x]," + " models: [x]}}\n";

    /** The section's own line, and the other sections as they must be. */
    private static String with(String section, String value) {
        var text = new StringBuilder(USER);
        var lines = new String[][] {
            {"volumes", ""}, {"secrets", "{file: f}"}, {"configs", "{file: f}"}, {"models", "{model: m}"}
        };
        // The one that is asked about stands in the second line.
        text.append(section).append(": {x: ").append(value).append("}\n");
        for (var line : lines) {
            if (!line[0].equals(section)) {
                text.append(line[0]).append(": {x: ").append(line[1]).append("}\n");
            }
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    volumes => ~ => {"name": "p_x"}
                    volumes => {name: v, driver: d, driver_opts: {a: 1}, labels: {l: }} => {"name": "v", "driver": "d", "driver_opts": {"a": "1"}, "labels": {"l": ""}}
                    volumes => {driver: local, driver_opts: {o: bind, device: ./d, type: none}} => {"name": "p_x", "driver": "local", "driver_opts": {"o": "bind", "device": "/p/d", "type": "none"}}
                    volumes => {driver_opts: {o: bind, device: ./d}} => {"name": "p_x", "driver_opts": {"o": "bind", "device": "./d"}}
                    volumes => {external: true} => {"name": "x", "external": true}
                    volumes => {external: {name: y}} => {"name": "y", "external": true}
                    volumes => {external: "yes", name: y} => {"name": "y", "external": true}
                    secrets => {file: ./f} => {"name": "p_x", "file": "/p/f"}
                    secrets => {file: ~/f, name: n, labels: [a=1], template_driver: t} => {"name": "n", "file": "/home/u/f", "labels": {"a": "1"}, "template_driver": "t"}
                    secrets => {environment: SET} => {"name": "p_x", "environment": "SET"}
                    secrets => {driver: d, driver_opts: {a: 1}} => {"name": "p_x", "driver": "d", "driver_opts": {"a": "1"}}
                    secrets => {external: true} => {"name": "x", "external": true}
                    configs => {content: "a $$b"} => {"name": "p_x", "content": "a $$b"}
                    configs => {environment: SET} => {"name": "p_x", "environment": "SET"}
                    configs => {file: f, labels: {a: }, template_driver: t} => {"name": "p_x", "file": "/p/f", "labels": {"a": ""}, "template_driver": "t"}
                    configs => {external: {name: y}} => {"name": "y", "external": true}
                    models => {model: ai/x, context_size: 1024, runtime_flags: [--a], name: n} => {"name": "n", "model": "ai/x", "context_size": 1024, "runtime_flags": ["--a"]}
                    """)
    void elements_are_printed_in_their_long_form(String section, String value, String json) throws IOException {
        var file = file(with(section, value));
        assertThat(file.errors()).isEmpty();
        assertThat(file.json().path(section).path("x")).isEqualTo(OneFile.parse(json));
        stays(file);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    volumes => {external: true, driver: d} => 2:31: volumes.x.driver: conflicting parameters "external" and "driver" specified. An external volume has a name only
                    volumes => {drivr: d} => 2:15: volumes.x.drivr: unknown key. Did you mean "driver"?
                    volumes => {external: perhaps} => 2:25: volumes.x.external: must be true or false, not "perhaps"
                    secrets => {} => 2:11: secrets.x: one of file|environment must be set, or external: true
                    secrets => {external: false} => 2:11: secrets.x: one of file|environment must be set, or external: true
                    secrets => {file: f, environment: E} => 2:24: secrets.x: file|environment attributes are mutually exclusive. Write only one of file and environment
                    secrets => {content: c} => 2:15: secrets.x.content: unknown key
                    secrets => {file: ""} => 2:21: secrets.x.file: is empty. Write the path of a file
                    configs => {file: f, content: c} => 2:24: configs.x: file|environment|content attributes are mutually exclusive. Write only one of file and content
                    configs => {driver: d} => 2:15: configs.x.driver: unknown key
                    models => {} => 2:10: models.x: has no model. Write what is run: model: ai/smollm2
                    models => {model: m, context_size: big} => 2:38: models.x.context_size: must be a whole number, not "big"
                    """)
    void elements_are_refused_with_their_place(String section, String value, String problem) throws IOException {
        assertThat(file(with(section, value)).errors()).contains("compose.yaml:" + problem);
    }

    @Test
    void what_others_keep_is_only_named() throws IOException {
        assertThat(file(with("secrets", "{external: true, file: f}")).warnings())
                .containsExactly(
                        "compose.yaml:2:31: secrets.x.file: has no effect: the secret is external, others decide"
                                + " about it");
    }

    @Test
    void the_value_of_a_secret_reaches_no_output() throws IOException {
        var file = file(with("secrets", "{environment: SET}"));
        assertThat(file.json().toString()).doesNotContain("\"set\"");
        assertThat(file.yaml()).doesNotContain(" set\n");
    }
}
