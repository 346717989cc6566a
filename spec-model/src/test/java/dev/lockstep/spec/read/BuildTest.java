package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    . => {"context": "/p", "dockerfile": "Dockerfile"}
                    ./x => {"context": "/p/x", "dockerfile": "Dockerfile"}
                    ~/x => {"context": "/home/u/x", "dockerfile": "Dockerfile"}
                    "https://h/x.git#main" => {"context": "https://h/x.git#main", "dockerfile": "Dockerfile"}
                    github.com/a/b => {"context": "github.com/a/b", "dockerfile": "Dockerfile"}
                    {dockerfile: D, context: ../up} => {"context": "/up", "dockerfile": "D"}
                    {dockerfile_inline: "FROM x"} => {"context": "/p", "dockerfile_inline": "FROM x"}
                    {args: {A: 1, B: true, C: "", SET: , UNSET: }} => {"context": "/p", "dockerfile": "Dockerfile", "args": {"A": "1", "B": "true", "C": "", "SET": "set"}}
                    {args: [A=1, SET, UNSET]} => {"context": "/p", "dockerfile": "Dockerfile", "args": {"A": "1", "SET": "set"}}
                    {ssh: default} => {"context": "/p", "dockerfile": "Dockerfile", "ssh": ["default"]}
                    {ssh: [default, id=/key]} => {"context": "/p", "dockerfile": "Dockerfile", "ssh": ["default", "id=/key"]}
                    {ssh: {default: , id: /key}} => {"context": "/p", "dockerfile": "Dockerfile", "ssh": ["default", "id=/key"]}
                    {no_cache_filter: x} => {"context": "/p", "dockerfile": "Dockerfile", "no_cache_filter": ["x"]}
                    {provenance: true, sbom: "mode=max"} => {"context": "/p", "dockerfile": "Dockerfile", "provenance": "true", "sbom": "mode=max"}
                    {additional_contexts: [x=../x, i=docker-image://z]} => {"context": "/p", "dockerfile": "Dockerfile", "additional_contexts": {"x": "/x", "i": "docker-image://z"}}
                    {extra_hosts: ["b=1.1.1.1", "a:[::1]"], ulimits: {nofile: 3}} => {"context": "/p", "dockerfile": "Dockerfile", "extra_hosts": ["a=::1", "b=1.1.1.1"], "ulimits": {"nofile": 3}}
                    {secrets: [s, {source: t, target: u, uid: "1", gid: "2", mode: 0440}]} => {"context": "/p", "dockerfile": "Dockerfile", "secrets": [{"source": "s"}, {"source": "t", "target": "u", "uid": "1", "gid": "2", "mode": "0440"}]}
                    {labels: [A=1, B], cache_from: [x], cache_to: [y], no_cache: true, pull: true, isolation: i, network: host, target: t, shm_size: 64m, tags: [a, b], platforms: [linux/amd64], privileged: true, entitlements: [e]} => {"context": "/p", "dockerfile": "Dockerfile", "labels": {"A": "1", "B": ""}, "cache_from": ["x"], "cache_to": ["y"], "no_cache": true, "pull": true, "isolation": "i", "network": "host", "target": "t", "shm_size": "67108864", "tags": ["a", "b"], "platforms": ["linux/amd64"], "privileged": true, "entitlements": ["e"]}
                    """)
    void is_printed_in_its_long_form(String build, String json) throws IOException {
        printed("build: " + build, "build", json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    [x] => 1:33: services.a.build: must be a mapping, not a list
                    {contxt: .} => 1:34: services.a.build.contxt: unknown key. Did you mean "context"?
                    {dockerfile: D, dockerfile_inline: F} => 1:49: services.a.build.dockerfile_inline: "dockerfile" and "dockerfile_inline" are exclusive. Write only one of them
                    {secrets: [ss]} => 1:44: services.a.build.secrets[0]: refers to undefined build secret "ss". Did you mean "s"?
                    {additional_contexts: {x: "service:none"}} => 1:59: services.a.build.additional_contexts.x: refers to undefined service "none"
                    {additional_contexts: {x: "service:b"}} => 1:59: services.a.build.additional_contexts.x: the service "b" is not built here. Write docker-image://NAME to build upon its image
                    {cache_from: x} => 1:46: services.a.build.cache_from: must be a list, not "x"
                    {shm_size: 1x} => 1:44: services.a.build.shm_size: "1x" is not a size. Write a number and a unit: b, k, m, g, t or p, such as 512m
                    """)
    void is_refused_with_its_place(String build, String problem) throws IOException {
        refused("build: " + build, problem);
    }

    @Test
    void a_context_may_be_what_another_service_builds() throws IOException {
        var file = file("services: {a: {build: {additional_contexts: {x: 'service:b'}}}, b: {build: ./b}}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.attribute("build").path("additional_contexts"))
                .isEqualTo(OneFile.parse("{\"x\": \"service:b\"}"));
        stays(file);
    }
}
