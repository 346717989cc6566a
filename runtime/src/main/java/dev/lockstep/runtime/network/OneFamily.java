package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Records of format 1: networks had IPv4 addresses alone, and one range of them. */
public final class OneFamily {
    private OneFamily() {}

    /** Of a {@link NetworkRecord}. */
    static void network(ObjectNode record) {
        if (record.path("spec") instanceof ObjectNode spec) {
            spec.put("ipv4", true).put("ipv6", false);
            var asked = spec.putArray("subnets");
            if (spec.has("subnet")) {
                var subnet = asked.addObject();
                move(spec, "subnet", subnet, "range");
                move(spec, "gateway", subnet, "gateway");
                move(spec, "ipRange", subnet, "ipRange");
                subnet.putObject("reserved");
            }
            spec.put("driver", "bridge").put("attachable", false);
        }
        var dynamic = record.at("/spec/subnets/0/ipRange");
        var subnet = record.putArray("subnets").addObject();
        subnet.set("dynamic", dynamic.isMissingNode() ? record.path("subnet") : dynamic);
        move(record, "subnet", subnet, "range");
        move(record, "gateway", subnet, "gateway");
        subnet.putArray("reserved");
        list(record, "lastGiven", "lastGiven");
    }

    /** Of an {@link AttachmentRecord}. */
    static void attachment(ObjectNode record) {
        wishes(record.at("/request/networks"));
        for (var endpoint : record.path("endpoints")) {
            if (endpoint instanceof ObjectNode end) {
                var address = end.putArray("addresses").addObject();
                move(end, "address", address, "address");
                move(end, "subnet", address, "subnet");
                move(end, "gateway", address, "gateway");
                end.put("silent", false).put("apart", false);
            }
        }
    }

    /** Of a list of {@link AttachmentSpec}. */
    public static void wishes(JsonNode networks) {
        for (var network : networks) {
            if (network instanceof ObjectNode wish) {
                list(wish, "ipv4", "addresses");
            }
        }
    }

    private static void move(ObjectNode from, String name, ObjectNode to, String newName) {
        if (from.has(name)) {
            to.set(newName, from.remove(name));
        }
    }

    /** What was there or not is a list of one or none. */
    private static void list(ObjectNode in, String name, String newName) {
        var value = in.remove(name);
        var list = in.putArray(newName);
        if (value != null && !value.isNull()) {
            list.add(value);
        }
    }
}
