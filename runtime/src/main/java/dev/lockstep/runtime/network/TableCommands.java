package dev.lockstep.runtime.network;

import static dev.lockstep.runtime.network.NftJson.array;
import static dev.lockstep.runtime.network.NftJson.node;
import static dev.lockstep.runtime.network.NftJson.object;
import static dev.lockstep.runtime.network.NftJson.texts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;

/** Commands of libnftables-json(5) about one table, in the order in which they are given. */
final class TableCommands {
    private final String family;
    private final String table;
    private final ArrayNode commands = array();

    /** On a table that is there, or is {@linkplain #addTable added} first. */
    TableCommands(String family, String table) {
        this.family = family;
        this.table = table;
    }

    /** Takes the table away; no error when there is none. */
    static TableCommands removal(String family, String table) {
        var commands = new TableCommands(family, table);
        // Adding first makes the deletion work when there is none.
        commands.addTable();
        commands.deleteTable();
        return commands;
    }

    /** An empty table in place of any that is there, to be filled. */
    static TableCommands replacement(String family, String table) {
        var commands = removal(family, table);
        commands.addTable();
        return commands;
    }

    /** All commands, of one table after the other, as one transaction. */
    static String transaction(TableCommands... tables) {
        var commands = array();
        for (var table : tables) {
            commands.addAll(table.commands);
        }
        return object("nftables", commands).toString();
    }

    void addTable() {
        command("add", "table", node().put("family", family).put("name", table));
    }

    void deleteTable() {
        command("delete", "table", node().put("family", family).put("name", table));
    }

    void baseChain(String name, String type, String hook, int priority) {
        command(
                "add",
                "chain",
                named(name)
                        .put("type", type)
                        .put("hook", hook)
                        .put("prio", priority)
                        .put("policy", "accept"));
    }

    void chain(String name) {
        command("add", "chain", named(name));
    }

    void set(String name, JsonNode type, ArrayNode elements) {
        ObjectNode set = named(name);
        set.set("type", type);
        addElements(set, elements);
        command("add", "set", set);
    }

    /** A set of ranges of addresses, each of one link. */
    void ranges(String name, String address, ArrayNode elements) {
        ObjectNode set = named(name);
        set.set("type", texts("ifname", address));
        set.set("flags", texts("interval"));
        addElements(set, elements);
        command("add", "set", set);
    }

    void map(String name, JsonNode type, JsonNode target, ArrayNode elements) {
        ObjectNode map = named(name);
        map.set("type", type);
        map.set("map", target);
        addElements(map, elements);
        command("add", "map", map);
    }

    /** Elements of sets or maps that are there come or go. */
    void change(List<SetChange> changes) {
        for (var change : changes) {
            var elements = array();
            change.elements().forEach(e -> elements.add(e.json()));
            ObjectNode element = named(change.set());
            addElements(element, elements);
            var verb = switch (change.verb()) {
                case ADD -> "add";
                case DELETE -> "delete";
            };
            command(verb, "element", element);
        }
    }

    /** Adds a rule at the end of a chain; an empty comment is none. */
    void rule(String chain, String comment, JsonNode... statements) {
        ObjectNode rule = node().put("family", family).put("table", table).put("chain", chain);
        if (!comment.isEmpty()) {
            rule.put("comment", comment);
        }
        rule.set("expr", array(statements));
        command("add", "rule", rule);
    }

    /**
     * Adds, at the very end, how much of the table stays.
     *
     * @param changing names of sets and maps whose elements come and go
     */
    void fixed(Collection<String> changing) {
        var added = commands.valueStream().map(command -> command.path("add")).toList();
        chain(FixedPart.of(added, changing).chain());
    }

    private ObjectNode named(String name) {
        return node().put("family", family).put("table", table).put("name", name);
    }

    private static void addElements(ObjectNode to, ArrayNode elements) {
        if (!elements.isEmpty()) {
            to.set("elem", elements);
        }
    }

    private void command(String verb, String what, JsonNode object) {
        commands.add(object(verb, object(what, object)));
    }
}
