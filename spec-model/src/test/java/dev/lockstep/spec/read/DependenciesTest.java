package dev.lockstep.spec.read;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DependenciesTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    depends_on => [b] => {"b": {"condition": "service_started", "required": true}}
                    depends_on => {b: {condition: service_healthy, restart: true, required: false}} => {"b": {"condition": "service_healthy", "restart": true, "required": false}}
                    depends_on => {b: {condition: service_completed_successfully, restart: "no"}} => {"b": {"condition": "service_completed_successfully", "required": true}}
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    depends_on: b => 1:38: services.a.depends_on: must be a list, not "b"
                    depends_on: [b, b] => 1:42: services.a.depends_on: items at 0 and 1 are equal: "b". Remove one of them
                    depends_on: {b: } => 1:39: services.a.depends_on.b: has no condition. Write condition: service_started, or service_healthy
                    depends_on: {b: {condition: ready}} => 1:54: services.a.depends_on.b.condition: "ready" is not a condition. Write service_started, service_healthy or service_completed_successfully
                    depends_on: {b: {condition: service_started, restrat: true}} => 1:71: services.a.depends_on.b.restrat: unknown key. Did you mean "restart"?
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }
}
