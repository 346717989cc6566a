package dev.lockstep.spec.read;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DevicesTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    devices => [/dev/a, "/dev/b:/dev/c", "/dev/d:/dev/e:r", "vendor.com/class=name"] => [{"source": "/dev/a", "target": "/dev/a", "permissions": "rwm"}, {"source": "/dev/b", "target": "/dev/c", "permissions": "rwm"}, {"source": "/dev/d", "target": "/dev/e", "permissions": "r"}, {"source": "vendor.com/class=name", "target": "vendor.com/class=name", "permissions": "rwm"}]
                    devices => [{source: /dev/a}, {source: /dev/b, target: /dev/c}, {source: /dev/d, target: /dev/e, permissions: rw}] => [{"source": "/dev/a", "target": "/dev/a"}, {"source": "/dev/b", "target": "/dev/c"}, {"source": "/dev/d", "target": "/dev/e", "permissions": "rw"}]
                    devices => ["/dev/a:/dev/x", "/dev/b:/dev/x"] => [{"source": "/dev/b", "target": "/dev/x", "permissions": "rwm"}]
                    gpus => all => [{"count": -1}]
                    gpus => [{driver: nvidia}, {count: 2}, {count: -1}, {device_ids: ["1"], capabilities: [gpu], options: {a: 1}}] => [{"driver": "nvidia", "count": -1}, {"count": 2}, {"count": -1}, {"capabilities": ["gpu"], "device_ids": ["1"], "options": {"a": "1"}}]
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    devices: [a:b:c:d] => 1:36: services.a.devices[0]: "a:b:c:d" has too many colons. Write source:, target: and permissions: as a mapping
                    devices: ["a::r"] => 1:36: services.a.devices[0]: "a::r" has an empty part. Write SOURCE[:TARGET[:PERMISSIONS]]
                    devices: [{target: /dev/a}] => 1:36: services.a.devices[0]: has no source. Write the device of the host: source: /dev/sda
                    devices: [5] => 1:36: services.a.devices[0]: must be text, and YAML takes 5 for a number. Write it in quotes: "5"
                    gpus: some => 1:32: services.a.gpus: "some" is not a number of GPUs, or give a list. Write all
                    gpus: [x] => 1:33: services.a.gpus[0]: must be a mapping, not "x"
                    gpus: [{count: -2}] => 1:41: services.a.gpus[0].count: -2 is no number of devices. Write a number, or all for every one
                    gpus: [{capabilities: [a, a]}] => 1:52: services.a.gpus[0].capabilities: items at 0 and 1 are equal: "a". Remove one of them
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }
}
