package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Device;
import dev.lockstep.spec.model.DeviceRequest;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code devices}, {@code gpus}, and the devices of {@code deploy.resources.reservations}. */
final class DeviceReader {
    private static final Keys DEVICE = Keys.of("source target permissions");
    private static final Keys REQUEST = Keys.of("capabilities driver count device_ids options");
    private static final String ALL_PERMISSIONS = "rwm";

    private final Reading reading;
    private final Lists lists;

    DeviceReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    /** The service's devices. */
    List<Device> devices(Fields service) {
        return lists.each(service, "devices", this::device);
    }

    private Optional<Device> device(String path, YamlNode node) {
        if (!(node instanceof YamlMapping)) {
            return reading.parsed(path, node, DeviceReader::shortForm);
        }
        var fields = reading.fields(path, node.at(), node, DEVICE);
        var source = Values.text(fields, "source");
        if (!fields.has("source")) {
            reading.error(fields.at(), path, "has no source. Write the device of the host: source: /dev/sda");
        }
        var target = Values.text(fields, "target");
        var permissions = Values.text(fields, "permissions");
        return source.map(s -> new Device(s, target.orElse(s), permissions));
    }

    /** {@code SOURCE[:TARGET[:PERMISSIONS]]}; a CDI name is a source. */
    private static Device shortForm(String text) {
        var parts = text.split(":", -1);
        if (parts.length > 3) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" has too many colons. Write source:, target: and permissions: as a mapping");
        }
        for (var part : parts) {
            if (part.isEmpty()) {
                throw new IllegalArgumentException(
                        "\"" + text + "\" has an empty part. Write SOURCE[:TARGET[:PERMISSIONS]]");
            }
        }
        return new Device(
                parts[0],
                parts.length > 1 ? parts[1] : parts[0],
                Optional.of(parts.length > 2 ? parts[2] : ALL_PERMISSIONS));
    }

    /** What {@code gpus} asks for. */
    List<DeviceRequest> gpus(Fields service) {
        if (service.node("gpus").orElse(null) instanceof YamlScalar scalar) {
            return reading.parsed(service.path("gpus"), scalar, Words.oneOf("a number of GPUs, or give a list", "all"))
                    .map(word -> List.of(DeviceRequest.all()))
                    .orElse(List.of());
        }
        return lists.each(service, "gpus", (path, node) -> request(path, node, false));
    }

    /** What a reservation asks for. */
    List<DeviceRequest> requests(Fields reservations) {
        return lists.each(reservations, "devices", (path, node) -> request(path, node, true));
    }

    /** @param saysWhat whether it must say what kind of device */
    private Optional<DeviceRequest> request(String path, YamlNode node, boolean saysWhat) {
        if (!(node instanceof YamlMapping)) {
            reading.mustBe(path, node, "a mapping");
            return Optional.empty();
        }
        var fields = reading.fields(path, node.at(), node, REQUEST);
        if (saysWhat && !fields.has("capabilities")) {
            reading.error(fields.at(), path, "has no capabilities. Write what the device can do: capabilities: [gpu]");
        }
        if (fields.has("count") && fields.has("device_ids")) {
            reading.error(
                    fields.at("count"), path, "\"count\" and \"device_ids\" are exclusive. Write only one of them");
        }
        var ids = lists.unique(fields, "device_ids");
        var count = fields.node("count").flatMap(n -> count(fields.path("count"), n));
        return Optional.of(new DeviceRequest(
                lists.unique(fields, "capabilities"),
                Values.text(fields, "driver"),
                ids.isEmpty()
                        ? count.orElseGet(DeviceRequest.Selection.All::new)
                        : new DeviceRequest.Selection.Ids(ids),
                Values.keyValues(fields, "options")));
    }

    private Optional<DeviceRequest.Selection> count(String path, YamlNode node) {
        if (node instanceof YamlScalar scalar
                && scalar.text().toLowerCase(Locale.ROOT).equals("all")) {
            return Optional.of(new DeviceRequest.Selection.All());
        }
        return reading.integer(path, node)
                .flatMap(count -> count == -1
                        ? Optional.of(new DeviceRequest.Selection.All())
                        : reading.attempt(path, node, () -> new DeviceRequest.Selection.Count(count)));
    }
}
