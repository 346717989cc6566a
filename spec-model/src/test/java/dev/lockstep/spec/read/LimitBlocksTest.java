package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitBlocksTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    ulimits => {nofile: 5, core: "0", memlock: -1} => {"core": 0, "memlock": -1, "nofile": 5}
                    ulimits => {nofile: {soft: 0, hard: 4}, nproc: {hard: 5, soft: 5}} => {"nofile": {"soft": 0, "hard": 4}, "nproc": {"soft": 5, "hard": 5}}
                    blkio_config => {} => {}
                    blkio_config => {weight: 300, weight_device: [{path: /dev/a, weight: 400}], device_read_bps: [{path: /dev/b, rate: 12mb}], device_read_iops: [{path: /dev/b, rate: 120}], device_write_bps: [{path: /dev/b, rate: "1024k"}], device_write_iops: [{path: /dev/b, rate: "30"}]} => {"weight": 300, "weight_device": [{"path": "/dev/a", "weight": 400}], "device_read_bps": [{"path": "/dev/b", "rate": "12582912"}], "device_read_iops": [{"path": "/dev/b", "rate": "120"}], "device_write_bps": [{"path": "/dev/b", "rate": "1048576"}], "device_write_iops": [{"path": "/dev/b", "rate": "30"}]}
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    ulimits: [nofile] => 1:35: services.a.ulimits: must be a mapping, not a list
                    ulimits: {nofile: many} => 1:44: services.a.ulimits.nofile: must be a whole number, not "many"
                    ulimits: {nofile: -2} => 1:44: services.a.ulimits.nofile: a limit cannot be -2. Write -1 for no limit
                    ulimits: {nofile: {soft: 1}} => 1:36: services.a.ulimits.nofile: has no hard limit. Write both soft: and hard:
                    ulimits: {nofile: {soft: 1, hrad: 2}} => 1:54: services.a.ulimits.nofile.hrad: unknown key. Did you mean "hard"?
                    blkio_config: {weight: heavy} => 1:49: services.a.blkio_config.weight: must be a whole number, not "heavy"
                    blkio_config: {device_read_bps: [{path: /dev/a}]} => 1:59: services.a.blkio_config.device_read_bps[0]: has no rate. Write how much a second: rate: 10m
                    blkio_config: {device_read_bps: [{rate: 1x}]} => 1:59: services.a.blkio_config.device_read_bps[0]: has no path. Write the device: path: /dev/sda
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }

    @Test
    void what_the_kernel_does_not_know_is_printed_and_not_run() throws IOException {
        var file = service("ulimits: {no_file: 5}, blkio_config: {weight: 5}");
        assertThat(file.errors()).isEmpty();
        assertThat(file.strict())
                .contains(
                        "compose.yaml:1:36: services.a.ulimits.no_file: Linux has no limit \"no_file\". Did you mean \"nofile\"?",
                        "compose.yaml:1:72: services.a.blkio_config.weight: must be between 10 and 1000, not 5");
        stays(file);
    }
}
