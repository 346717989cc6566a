package dev.lockstep.spec.read;

import dev.lockstep.spec.model.ExtraHost;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@code extra_hosts} of services and builds. */
final class ExtraHostReader {
    private final Reading reading;
    private final Lists lists;

    ExtraHostReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    /** The hosts by order of the file; one name may have several addresses. */
    List<ExtraHost> read(Fields fields) {
        var hosts = new LinkedHashSet<ExtraHost>();
        if (fields.node("extra_hosts").orElse(null) instanceof YamlMapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                var path = fields.path("extra_hosts") + "." + name;
                reading.place(path, entry.keyAt());
                entry(path, name, entry, hosts);
            });
        } else {
            lists.each(fields, "extra_hosts", this::item).forEach(hosts::addAll);
        }
        return List.copyOf(hosts);
    }

    private void entry(String path, String name, YamlMapping.Entry entry, Set<ExtraHost> hosts) {
        if (entry.value() instanceof YamlSequence sequence) {
            for (var i = 0; i < sequence.items().size(); i++) {
                var item = sequence.items().get(i);
                var itemPath = path + "[" + i + "]";
                reading.text(itemPath, item)
                        .flatMap(text -> host(itemPath, item, name, text))
                        .ifPresent(hosts::add);
            }
        } else if (Reading.isNull(entry.value())) {
            host(path, YamlScalar.nothing(entry.keyAt()), name, "").ifPresent(hosts::add);
        } else {
            reading.text(path, entry.value())
                    .flatMap(text -> host(path, entry.value(), name, text))
                    .ifPresent(hosts::add);
        }
    }

    /** {@code NAME=ADDRESS[,ADDRESS]} or {@code NAME:ADDRESS}. */
    private Optional<List<ExtraHost>> item(String path, YamlNode node) {
        return reading.text(path, node).map(text -> {
            var equals = text.indexOf('=');
            var split = equals >= 0 ? equals : text.indexOf(':');
            if (split < 0) {
                reading.error(
                        node.at(), path, "\"" + text + "\" has no address. Write NAME=ADDRESS, such as db=192.0.2.7");
                return List.of();
            }
            var hosts = new ArrayList<ExtraHost>();
            for (var address : text.substring(split + 1).split(",", -1)) {
                host(path, node, text.substring(0, split), address).ifPresent(hosts::add);
            }
            return hosts;
        });
    }

    private Optional<ExtraHost> host(String path, YamlNode node, String name, String address) {
        if (address.isEmpty()) {
            reading.warning(node.at(), path, "has no address for \"" + name + "\". Write one, or host-gateway");
        }
        var bracketed = address.length() > 2 && address.startsWith("[") && address.endsWith("]");
        return reading.attempt(
                path,
                node,
                () -> new ExtraHost(name, bracketed ? address.substring(1, address.length() - 1) : address));
    }
}
