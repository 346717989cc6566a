package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountsTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    ["/data/", /d] => [{"type": "volume", "target": "/data", "volume": {}}, {"type": "volume", "target": "/d"}]
                    ["v:/v"] => [{"type": "volume", "source": "v", "target": "/v", "volume": {}}]
                    ["v:/v:ro,nocopy"] => [{"type": "volume", "source": "v", "target": "/v", "read_only": true, "volume": {"nocopy": true}}]
                    ["v:/v:z"] => [{"type": "volume", "source": "v", "target": "/v", "bind": {"selinux": "z"}, "volume": {}}]
                    ["./a:/x/../f/"] => [{"type": "bind", "source": "/p/a", "target": "/f", "bind": {}}]
                    ["~/a:/a:Z,rslave,ro"] => [{"type": "bind", "source": "/home/u/a", "target": "/a", "read_only": true, "bind": {"selinux": "Z", "propagation": "rslave"}}]
                    [".:/a:nocopy,rw"] => [{"type": "bind", "source": "/p", "target": "/a", "bind": {}, "volume": {"nocopy": true}}]
                    [{type: bind, source: ./a, target: /a}] => [{"type": "bind", "source": "/p/a", "target": "/a"}]
                    [{type: bind, source: /a, target: /a, read_only: true, consistency: cached, bind: {create_host_path: false, propagation: rshared, recursive: disabled, selinux: z}}] => [{"type": "bind", "source": "/a", "target": "/a", "read_only": true, "consistency": "cached", "bind": {"selinux": "z", "propagation": "rshared", "create_host_path": false, "recursive": "disabled"}}]
                    [{type: bind, source: /a, target: /a, bind: {create_host_path: true}}] => [{"type": "bind", "source": "/a", "target": "/a", "bind": {}}]
                    [{type: volume, target: /a}] => [{"type": "volume", "target": "/a"}]
                    [{type: volume, source: v, target: /a, volume: {nocopy: true, subpath: x, labels: [a=1]}}] => [{"type": "volume", "source": "v", "target": "/a", "volume": {"labels": {"a": "1"}, "nocopy": true, "subpath": "x"}}]
                    [{type: tmpfs, target: /t}, {type: tmpfs, target: /u, tmpfs: {size: 10m, mode: 0755}}] => [{"type": "tmpfs", "target": "/t"}, {"type": "tmpfs", "target": "/u", "tmpfs": {"size": "10485760", "mode": 493}}]
                    [{type: tmpfs, target: /t, tmpfs: {mode: "0700"}}] => [{"type": "tmpfs", "target": "/t", "tmpfs": {"mode": 448}}]
                    [{type: image, source: x/y, target: /i, image: {subpath: d}}] => [{"type": "image", "source": "x/y", "target": "/i", "image": {"subpath": "d"}}]
                    [{type: npipe, source: '\\\\.\\pipe\\x', target: /n}] => [{"type": "npipe", "source": "\\\\\\\\.\\\\pipe\\\\x", "target": "/n"}]
                    [{type: cluster, source: c, target: /c}] => [{"type": "cluster", "source": "c", "target": "/c"}]
                    """)
    void are_printed_in_their_long_form(String volumes, String json) throws IOException {
        printed("volumes: " + volumes, "volumes", json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    [""] => 1:36: services.a.volumes[0]: invalid empty volume spec. Write SOURCE:TARGET, such as ./data:/data
                    ["a:/b:ro:x"] => 1:36: services.a.volumes[0]: invalid spec: a:/b:ro:x: too many colons. Write SOURCE:TARGET:OPTIONS
                    ["a::b"] => 1:36: services.a.volumes[0]: invalid spec: a::b: empty section between colons. Write SOURCE:TARGET:OPTIONS
                    ['C:\\x:/x'] => 1:36: services.a.volumes[0]: invalid spec: C:\\x:/x: a path of Windows. Hosts run Linux: write a path with /, such as ./data:/data
                    ["~x/a:/a"] => 1:36: services.a.volumes[0]: "~x/a": only ~ itself and ~/PATH are known
                    [{target: /a}] => 1:36: services.a.volumes[0]: has no type. Write type: bind, volume or tmpfs
                    [{type: volume}] => 1:36: services.a.volumes[0]: has no target. Write the path in the container: target: /data
                    [{type: bind, target: /a}] => 1:36: services.a.volumes[0]: has no source. Write a path of the host: source: …
                    [{type: image, target: /a}] => 1:36: services.a.volumes[0]: has no source. Write the name of an image: source: …
                    [{type: disk, target: /a}] => 1:43: services.a.volumes[0].type: "disk" is not a type of mount. Write bind, volume, tmpfs, image, npipe or cluster
                    [{type: bind, source: a, target: /a, bind: {selinux: x}}] => 1:88: services.a.volumes[0].bind.selinux: "x" is not a way to relabel. Write z or Z
                    [{type: tmpfs, target: /a, tmpfs: {mode: 0999}}] => 1:76: services.a.volumes[0].tmpfs.mode: "0999" is no file mode. Write it in octal, such as 0440
                    [{type: volume, source: v, target: /a, volume: {subpath: /etc}}] => 1:92: services.a.volumes[0].volume.subpath: "/etc" leads out of what is mounted. Write a path below it, without / before it, such as data/current
                    [{type: image, source: v, target: /a, image: {subpath: a/../../b}}] => 1:90: services.a.volumes[0].image.subpath: "a/../../b" leads out of what is mounted. Write a path below it, without / before it, such as data/current
                    [{type: tmpfs, target: /a, tmpfs: {sise: 1}}] => 1:70: services.a.volumes[0].tmpfs.sise: unknown key. Did you mean "size"?
                    """)
    void are_refused_with_their_place(String volumes, String problem) throws IOException {
        refused("volumes: " + volumes, problem);
    }

    @Test
    void what_means_nothing_is_said() throws IOException {
        assertThat(service("volumes: ['./a:/a:ro,fast', {type: tmpfs, source: x, target: /t}]")
                        .warnings())
                .containsExactly(
                        "compose.yaml:1:36: services.a.volumes[0]: the option \"fast\" has no meaning and is ignored. There"
                                + " are ro, rw, nocopy, z, Z and the kinds of propagation: private, rprivate, shared,"
                                + " rshared, slave, rslave",
                        "compose.yaml:1:68: services.a.volumes[1].source: has no effect: memory has no source. Remove it");
    }

    @Test
    void a_propagation_that_is_none_is_printed_and_not_run() throws IOException {
        var file = service("volumes: [{type: bind, source: /a, target: /a, bind: {propagation: all}}]");
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict())
                .containsExactly("compose.yaml:1:93: services.a.volumes[0].bind.propagation: \"all\" is not a kind of"
                        + " propagation. Write one of private, rprivate, shared, rshared, slave, rslave");
        stays(file);
    }
}
