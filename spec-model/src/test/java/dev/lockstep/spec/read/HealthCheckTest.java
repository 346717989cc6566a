package dev.lockstep.spec.read;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthCheckTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    healthcheck => {} => {}
                    healthcheck => {test: curl x} => {"test": ["CMD-SHELL", "curl x"]}
                    healthcheck => {test: [CMD, a, b]} => {"test": ["CMD", "a", "b"]}
                    healthcheck => {test: [CMD-SHELL, a b]} => {"test": ["CMD-SHELL", "a b"]}
                    healthcheck => {test: [NONE]} => {"test": ["NONE"]}
                    healthcheck => {test: [], interval: 90s} => {"interval": "1m30s"}
                    healthcheck => {interval: 0s, timeout: 1d2h, retries: "0", start_period: 1h5m30s20ms, start_interval: 500ms, disable: "true"} => {"timeout": "26h0m0s", "interval": "0s", "retries": 0, "start_period": "1h5m30.02s", "start_interval": "500ms", "disable": true}
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    healthcheck: x => 1:39: services.a.healthcheck: must be a mapping, not "x"
                    healthcheck: {test: [curl]} => 1:46: services.a.healthcheck.test: must start with CMD, CMD-SHELL or NONE, or be one text for the shell
                    healthcheck: {interval: 10} => 1:50: services.a.healthcheck.interval: needs a unit: write 10s
                    healthcheck: {timeout: 1.5} => 1:49: services.a.healthcheck.timeout: needs a unit: write 1.5s
                    healthcheck: {interval: "10"} => 1:50: services.a.healthcheck.interval: missing unit in duration "10". Write "10s" for seconds
                    healthcheck: {retries: few} => 1:49: services.a.healthcheck.retries: must be a whole number, not "few"
                    healthcheck: {retries: -1} => 1:49: services.a.healthcheck.retries: must be between 0 and 2147483647, not -1
                    healthcheck: {interval: 999us} => 1:50: services.a.healthcheck.interval: cannot be less than 1ms
                    healthcheck: {timeout: 1ns} => 1:49: services.a.healthcheck.timeout: cannot be less than 1ms
                    healthcheck: {start_period: 1us} => 1:54: services.a.healthcheck.start_period: cannot be less than 1ms
                    healthcheck: {start_interval: 1us} => 1:56: services.a.healthcheck.start_interval: cannot be less than 1ms
                    healthcheck: {tset: x} => 1:40: services.a.healthcheck.tset: unknown key. Did you mean "test"?
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }
}
