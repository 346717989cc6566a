package dev.lockstep.spec.read;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HooksTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    post_start => [{command: echo 'a b'}] => [{"command": ["echo", "a b"]}]
                    pre_stop => [{command: [x], user: u, privileged: true, working_dir: /w, environment: [A, B=2]}] => [{"command": ["x"], "user": "u", "privileged": true, "working_dir": "/w", "environment": {"A": null, "B": "2"}}]
                    post_start => [{command: }] => [{"command": null}]
                    pre_start => [{image: j, per_replica: true}, {command: x}] => [{"command": null, "image": "j", "per_replica": true}, {"command": ["x"]}]
                    develop => {} => {}
                    develop => {watch: [{path: ./src, action: sync, target: /x, ignore: n, include: [a, b], initial_sync: true}]} => {"watch": [{"path": "/p/src", "action": "sync", "target": "/x", "exec": {"command": null}, "include": ["a", "b"], "ignore": ["n"], "initial_sync": true}]}
                    develop => {watch: [{path: /s, action: sync+exec, target: /x, exec: {command: [r]}}]} => {"watch": [{"path": "/s", "action": "sync+exec", "target": "/x", "exec": {"command": ["r"]}}]}
                    develop => {watch: [{path: s, action: rebuild}]} => {"watch": [{"path": "/p/s", "action": "rebuild", "exec": {"command": null}}]}
                    """)
    void are_printed_in_their_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    post_start: [{user: u}] => 1:39: services.a.post_start[0]: has no command. Write command: [PROGRAM, ARGUMENT]
                    post_start: [x] => 1:39: services.a.post_start[0]: must be a mapping with a command, not "x"
                    post_start: [{command: x, image: j}] => 1:52: services.a.post_start[0].image: unknown key
                    develop: {watch: [{action: sync, target: /x}]} => 1:44: services.a.develop.watch[0]: has no path. Write the directory to watch: path: ./src
                    develop: {watch: [{path: s}]} => 1:44: services.a.develop.watch[0]: has no action. Write action: rebuild, sync or another
                    develop: {watch: [{path: s, action: dance}]} => 1:62: services.a.develop.watch[0].action: "dance" is not an action. Write rebuild, sync, restart, sync+restart or sync+exec
                    develop: {watch: [{path: s, action: sync}]} => 1:44: services.a.develop.watch[0]: has no target. Write where files go in the container: target: /usr/src/app
                    develop: {watch: [{path: "", action: rebuild}]} => 1:51: services.a.develop.watch[0].path: is empty. Write the path of a file
                    """)
    void are_refused_with_their_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }
}
