package dev.lockstep.spec.read;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    logging => {} => {}
                    logging => {driver: json-file, options: {a: , b: 3, c: 1.50, d: x}} => {"driver": "json-file", "options": {"a": "", "b": "3", "c": "1.5", "d": "x"}}
                    credential_spec => {file: ./x.json} => {"file": "./x.json"}
                    credential_spec => {config: c, registry: r} => {"config": "c", "registry": "r"}
                    models => [m] => {"m": null}
                    models => {m: } => {"m": null}
                    models => {m: {endpoint_var: U, model_var: N}} => {"m": {"endpoint_var": "U", "model_var": "N"}}
                    provider => {type: x, options: {a: 1, b: [x, true], c: text}} => {"type": "x", "options": {"a": ["1"], "b": ["x", "true"], "c": ["text"]}}
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    logging: {options: {a: true}} => 1:49: services.a.logging.options.a: must be text or a number. Write it in quotes: "true"
                    logging: {options: [a]} => 1:45: services.a.logging.options: must be a mapping, not a list
                    logging: {drvier: x} => 1:36: services.a.logging.drvier: unknown key. Did you mean "driver"?
                    credential_spec: {config: cc} => 1:52: services.a.credential_spec.config: refers to undefined config "cc". Did you mean "c"?
                    models: [n] => 1:35: services.a.models.n: refers to undefined model "n". Declare it below models:
                    models: {m: {endpoint: x}} => 1:39: services.a.models.m.endpoint: unknown key
                    provider: {options: {}} => 1:26: services.a.provider: has no type. Write the program that provides the service
                    provider: {type: x, options: {a: {b: c}}} => 1:59: services.a.provider.options.a: must be a single value or a list of them, not a mapping
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }
}
