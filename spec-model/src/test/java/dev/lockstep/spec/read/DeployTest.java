package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeployTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    {} => {"resources": {}, "placement": {}}
                    {mode: global, endpoint_mode: dnsrr, labels: [a=1, b]} => {"mode": "global", "labels": {"a": "1", "b": ""}, "resources": {}, "placement": {}, "endpoint_mode": "dnsrr"}
                    {replicas: "3"} => {"replicas": 3, "resources": {}, "placement": {}}
                    {resources: {limits: {}, reservations: {}}} => {"resources": {"limits": {}, "reservations": {}}, "placement": {}}
                    {resources: {limits: {cpus: "0.50", memory: 50M, pids: 1}}} => {"resources": {"limits": {"cpus": 0.5, "memory": "52428800", "pids": 1}}, "placement": {}}
                    {resources: {reservations: {cpus: 0.25, memory: 1g}}} => {"resources": {"reservations": {"cpus": 0.25, "memory": "1073741824"}}, "placement": {}}
                    {resources: {reservations: {devices: [{capabilities: [gpu]}]}}} => {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"], "count": -1}]}}, "placement": {}}
                    {resources: {reservations: {devices: [{capabilities: [gpu, tpu], driver: nvidia, count: 2, options: [a=1]}]}}} => {"resources": {"reservations": {"devices": [{"capabilities": ["gpu", "tpu"], "driver": "nvidia", "count": 2, "options": {"a": "1"}}]}}, "placement": {}}
                    {resources: {reservations: {devices: [{capabilities: [gpu], count: ALL}]}}} => {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"], "count": -1}]}}, "placement": {}}
                    {resources: {reservations: {devices: [{capabilities: [gpu], device_ids: ["0", "3"]}]}}} => {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"], "device_ids": ["0", "3"]}]}}, "placement": {}}
                    {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 2}}]}}} => {"resources": {"reservations": {"generic_resources": [{"discrete_resource_spec": {"kind": "gpu", "value": 2}}]}}, "placement": {}}
                    {update_config: {parallelism: 0, delay: 0s, failure_action: rollback, monitor: 90s, max_failure_ratio: 0.3, order: start-first}} => {"update_config": {"parallelism": 0, "failure_action": "rollback", "monitor": "1m30s", "max_failure_ratio": 0.3, "order": "start-first"}, "resources": {}, "placement": {}}
                    {rollback_config: {}} => {"rollback_config": {}, "resources": {}, "placement": {}}
                    {restart_policy: {condition: on-failure, delay: 5s, max_attempts: 3, window: 2m}} => {"resources": {}, "restart_policy": {"condition": "on-failure", "delay": "5s", "max_attempts": 3, "window": "2m0s"}, "placement": {}}
                    {placement: {constraints: [a==b], preferences: [{spread: x}, {}], max_replicas_per_node: 2}} => {"resources": {}, "placement": {"constraints": ["a==b"], "preferences": [{"spread": "x"}, {}], "max_replicas_per_node": 2}}
                    """)
    void is_printed_in_its_long_form(String deploy, String json) throws IOException {
        printed("deploy: " + deploy, "deploy", json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    {replicas: -1} => 1:45: services.a.deploy.replicas: must be between 0 and 10000, not -1
                    {replicsa: 1} => 1:35: services.a.deploy.replicsa: unknown key. Did you mean "replicas"?
                    {resources: {limits: {memory: 10}}} => 1:64: services.a.deploy.resources.limits.memory: must be text, and YAML takes 10 for a number. Write it in quotes: "10"
                    {resources: {limits: {cpus: many}}} => 1:62: services.a.deploy.resources.limits.cpus: "many" is not a number of CPUs. Write one such as 0.5 or 2
                    {resources: {reservations: {devices: [{count: 1}]}}} => 1:72: services.a.deploy.resources.reservations.devices[0]: has no capabilities. Write what the device can do: capabilities: [gpu]
                    {resources: {reservations: {devices: [{capabilities: [g], count: 1, device_ids: [x]}]}}} => 1:92: services.a.deploy.resources.reservations.devices[0]: "count" and "device_ids" are exclusive. Write only one of them
                    {resources: {reservations: {devices: [{capabilities: [g], count: some}]}}} => 1:99: services.a.deploy.resources.reservations.devices[0].count: must be a whole number, not "some"
                    {resources: {reservations: {generic_resources: [{}]}}} => 1:82: services.a.deploy.resources.reservations.generic_resources[0]: has no discrete_resource_spec. Write {kind: NAME, value: NUMBER} below it
                    {update_config: {order: any}} => 1:58: services.a.deploy.update_config.order: "any" is not an order. Write start-first or stop-first
                    {restart_policy: {delay: soon}} => 1:59: services.a.deploy.restart_policy.delay: "soon" is not a duration. Write numbers with units, such as 1m30s
                    """)
    void is_refused_with_its_place(String deploy, String problem) throws IOException {
        refused("deploy: " + deploy, problem);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "'no'", "on-failure", "any", "always", "unless-stopped"})
    void a_restart_policy_has_the_words_of_restart_too(String condition) throws IOException {
        var file = service("deploy: {restart_policy: {condition: " + condition + "}}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict()).isEmpty();
        stays(file);
    }

    @Test
    void words_that_compose_does_not_check_are_printed_and_not_run() throws IOException {
        var file = service(
                "deploy: {mode: some, restart_policy: {condition: maybe}, update_config: {failure_action: cry}}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict())
                .contains(
                        "compose.yaml:1:41: services.a.deploy.mode: \"some\" is not a mode. Write replicated, global,"
                                + " replicated-job or global-job",
                        "compose.yaml:1:75: services.a.deploy.restart_policy.condition: \"maybe\" is not a condition."
                                + " Write none, on-failure, any or unless-stopped",
                        "compose.yaml:1:115: services.a.deploy.update_config.failure_action: \"cry\" is not an action."
                                + " Write continue, pause or rollback");
        stays(file);
    }
}
