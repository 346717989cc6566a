package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.Subnet;
import dev.lockstep.runtime.network.SubnetSpec;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Docker's document about a network, and whose it is. */
record NetworkDocument(JsonGenerator json, Engine engine) {
    void write(NetworkRecord network) throws IOException {
        var spec = network.spec();
        json.writeStartObject();
        json.writeStringField("Name", network.name());
        json.writeStringField("Id", network.id());
        json.writeStringField("Created", network.created().toString());
        json.writeStringField("Scope", "local");
        json.writeStringField("Driver", spec.driver());
        json.writeBooleanField("EnableIPv4", spec.ipv4());
        json.writeBooleanField("EnableIPv6", spec.ipv6());
        json.writeObjectFieldStart("IPAM");
        json.writeStringField("Driver", "default");
        map("Options", Map.of());
        json.writeArrayFieldStart("Config");
        for (var subnet : network.subnets()) {
            range(network, subnet);
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeBooleanField("Internal", spec.internal());
        json.writeBooleanField("Attachable", spec.attachable());
        json.writeBooleanField("Ingress", false);
        json.writeObjectFieldStart("ConfigFrom");
        json.writeStringField("Network", "");
        json.writeEndObject();
        json.writeBooleanField("ConfigOnly", false);
        json.writeObjectFieldStart("Containers");
        for (var container : engine.containers().observe()) {
            var attached = engine.networks().attached(container.id());
            var endpoint = attached.stream()
                    .flatMap(a -> a.endpoints().stream())
                    .filter(e -> e.network().equals(network.name()))
                    .findFirst();
            if (endpoint.isPresent()) {
                container(container.id(), container.name(), endpoint.get());
            }
        }
        json.writeEndObject();
        map("Options", spec.driverOptions());
        map("Labels", spec.labels());
        json.writeStringField("Stack", spec.owner().stack());
        json.writeEndObject();
    }

    private void range(NetworkRecord network, Subnet subnet) throws IOException {
        var asked = network.spec().subnets().stream()
                .filter(s -> s.range().equals(subnet.range()))
                .findFirst();
        json.writeStartObject();
        json.writeStringField("Subnet", subnet.range().toString());
        var dynamic = asked.flatMap(SubnetSpec::ipRange);
        if (dynamic.isPresent()) {
            json.writeStringField("IPRange", dynamic.get().toString());
        }
        json.writeStringField("Gateway", subnet.gateway().toString());
        var reserved = asked.map(SubnetSpec::reserved).orElse(Map.of());
        if (!reserved.isEmpty()) {
            var texts = new LinkedHashMap<String, String>();
            reserved.forEach((name, address) -> texts.put(name, address.toString()));
            map("AuxiliaryAddresses", texts);
        }
        json.writeEndObject();
    }

    private void container(String id, String name, Endpoint endpoint) throws IOException {
        json.writeObjectFieldStart(id);
        json.writeStringField("Name", name);
        json.writeStringField("EndpointID", endpoint.id());
        json.writeStringField("MacAddress", endpoint.mac());
        json.writeStringField("IPv4Address", address(endpoint, AddressFamily.IPV4));
        json.writeStringField("IPv6Address", address(endpoint, AddressFamily.IPV6));
        json.writeEndObject();
    }

    private static String address(Endpoint endpoint, AddressFamily family) {
        return endpoint.of(family)
                .map(a -> a.address() + "/" + a.subnet().prefix())
                .orElse("");
    }

    private void map(String name, Map<String, String> values) throws IOException {
        json.writeObjectFieldStart(name);
        for (var value : values.entrySet()) {
            json.writeStringField(value.getKey(), value.getValue());
        }
        json.writeEndObject();
    }
}
