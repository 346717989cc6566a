package dev.lockstep.spec.read;

import dev.lockstep.spec.model.BlockIo;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** Reads {@code blkio_config}. */
final class BlockIoReader {
    private static final Keys BLOCK_IO =
            Keys.of("weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops");
    private static final Keys WEIGHT = Keys.of("path weight");
    private static final Keys RATE = Keys.of("path rate");
    private static final int LARGEST_WEIGHT = 65_535;

    private final Reading reading;
    private final Lists lists;

    BlockIoReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    Optional<BlockIo> read(Fields service) {
        return service.node("blkio_config").map(node -> {
            var fields = service.fields("blkio_config", BLOCK_IO);
            return new BlockIo(
                    fields.integer("weight", 0, LARGEST_WEIGHT),
                    lists.each(fields, "weight_device", this::weight),
                    rates(fields, "device_read_bps"),
                    rates(fields, "device_read_iops"),
                    rates(fields, "device_write_bps"),
                    rates(fields, "device_write_iops"));
        });
    }

    private Optional<BlockIo.Weight> weight(String path, YamlNode node) {
        var fields = reading.fields(path, node.at(), node, WEIGHT);
        var device = device(fields);
        var weight = fields.integer("weight", 0, LARGEST_WEIGHT).orElse(0);
        return device.map(d -> new BlockIo.Weight(d, weight));
    }

    private List<BlockIo.Rate> rates(Fields fields, String key) {
        return lists.each(fields, key, this::rate);
    }

    private Optional<BlockIo.Rate> rate(String path, YamlNode node) {
        var fields = reading.fields(path, node.at(), node, RATE);
        var device = device(fields);
        if (!fields.has("rate")) {
            reading.error(fields.at(), path, "has no rate. Write how much a second: rate: 10m");
        }
        return fields.node("rate")
                .flatMap(n -> Values.bytes(reading, fields.path("rate"), n))
                .flatMap(rate -> device.map(d -> new BlockIo.Rate(d, rate)));
    }

    private Optional<String> device(Fields fields) {
        if (!fields.has("path")) {
            reading.error(fields.at(), fields.path(), "has no path. Write the device: path: /dev/sda");
        }
        return fields.text("path");
    }
}
