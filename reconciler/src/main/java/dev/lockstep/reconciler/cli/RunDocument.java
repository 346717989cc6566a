package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.plan.Printable;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The Compose file that says what the flags of {@code docker run} say: one service. So each attribute is read, checked
 * and honoured in one place, whoever asks for it.
 */
final class RunDocument {
    /** The service in the file. */
    static final String SERVICE = "container";

    /** The network of who asks for none. */
    private static final String BRIDGE = DefaultBridge.NAME;

    private static final Pattern NUMBER = Pattern.compile("-?\\d{1,18}");

    /** Flags whose value stands in an attribute as it is. */
    private static final List<List<String>> TEXTS = List.of(
            List.of("--cgroup-parent", "cgroup_parent"),
            List.of("--cgroupns", "cgroup"),
            List.of("--cpuset-cpus", "cpuset"),
            List.of("--domainname", "domainname"),
            List.of("--hostname", "hostname"),
            List.of("--ipc", "ipc"),
            List.of("--mac-address", "mac_address"),
            List.of("--memory", "mem_limit"),
            List.of("--memory-reservation", "mem_reservation"),
            List.of("--memory-swap", "memswap_limit"),
            List.of("--pid", "pid"),
            List.of("--platform", "platform"),
            List.of("--runtime", "runtime"),
            List.of("--shm-size", "shm_size"),
            List.of("--stop-signal", "stop_signal"),
            List.of("--user", "user"),
            List.of("--userns", "userns_mode"),
            List.of("--uts", "uts"),
            List.of("--workdir", "working_dir"));

    /** And those whose value is a number. */
    private static final List<List<String>> NUMBERS = List.of(
            List.of("--cpu-period", "cpu_period"),
            List.of("--cpu-quota", "cpu_quota"),
            List.of("--cpu-rt-period", "cpu_rt_period"),
            List.of("--cpu-rt-runtime", "cpu_rt_runtime"),
            List.of("--cpu-shares", "cpu_shares"),
            List.of("--memory-swappiness", "mem_swappiness"),
            List.of("--oom-score-adj", "oom_score_adj"),
            List.of("--pids-limit", "pids_limit"));

    /** Those that may be given several times, each an item of a list. */
    private static final List<List<String>> LISTS = List.of(
            List.of("--add-host", "extra_hosts"),
            List.of("--annotation", "annotations"),
            List.of("--cap-add", "cap_add"),
            List.of("--cap-drop", "cap_drop"),
            List.of("--device", "devices"),
            List.of("--device-cgroup-rule", "device_cgroup_rules"),
            List.of("--dns", "dns"),
            List.of("--dns-option", "dns_opt"),
            List.of("--dns-search", "dns_search"),
            List.of("--expose", "expose"),
            List.of("--group-add", "group_add"),
            List.of("--label", "labels"),
            List.of("--label-file", "label_file"),
            List.of("--link", "external_links"),
            List.of("--publish", "ports"),
            List.of("--security-opt", "security_opt"),
            List.of("--sysctl", "sysctls"),
            List.of("--tmpfs", "tmpfs"),
            List.of("--volume", "volumes"));

    private static final List<List<String>> FLAGS = List.of(
            List.of("--init", "init"),
            List.of("--interactive", "stdin_open"),
            List.of("--oom-kill-disable", "oom_kill_disable"),
            List.of("--privileged", "privileged"),
            List.of("--read-only", "read_only"),
            List.of("--tty", "tty"));

    private final Invocation call;
    private final ObjectNode document = JsonMapper.builder().build().createObjectNode();
    private final ObjectNode service;
    private final Set<String> networks = new LinkedHashSet<>();
    private final Map<String, Map<String, String>> volumes = new LinkedHashMap<>();

    private RunDocument(Invocation call) {
        this.call = call;
        document.put("name", "run");
        this.service = document.putObject("services").putObject(SERVICE);
    }

    /**
     * What the flags say.
     *
     * @param networks that must be there
     * @param volumes by name, that are made when they are not there, with these labels
     */
    record Said(String text, Set<String> networks, Map<String, Map<String, String>> volumes) {
        Said {
            networks = Set.copyOf(networks);
            volumes = Map.copyOf(volumes);
        }
    }

    /** Reads the flags; {@code image} and {@code words} are the arguments. */
    static Said of(Invocation call, String image, List<String> words) throws CommandException {
        var document = new RunDocument(call);
        document.fill(image, words);
        return new Said(document.document.toString(), document.networks, document.volumes);
    }

    private void fill(String image, List<String> words) throws CommandException {
        service.put("image", image);
        service.put("container_name", call.text("--name").orElse(SERVICE));
        if (!words.isEmpty()) {
            var command = service.putArray("command");
            words.forEach(command::add);
        }
        var entrypoint = call.text("--entrypoint");
        if (entrypoint.isPresent()) {
            var list = service.putArray("entrypoint");
            entrypoint.filter(e -> !e.isEmpty()).ifPresent(list::add);
        }
        for (var pair : TEXTS) {
            call.text(pair.getFirst()).ifPresent(text -> service.put(pair.getLast(), text));
        }
        for (var pair : NUMBERS) {
            var text = call.text(pair.getFirst());
            if (text.isPresent()) {
                service.put(pair.getLast(), number(pair.getFirst(), text.get()));
            }
        }
        for (var pair : LISTS) {
            list(pair.getLast(), call.texts(pair.getFirst()));
        }
        for (var pair : FLAGS) {
            if (call.flag(pair.getFirst())) {
                service.put(pair.getLast(), true);
            }
        }
        service.put("restart", call.text("--restart").orElse("no"));
        call.text("--cpus").ifPresent(cpus -> service.put("cpus", cpus));
        call.text("--stop-timeout")
                .ifPresent(
                        t -> service.put("stop_grace_period", NUMBER.matcher(t).matches() ? t + "s" : t));
        list(
                "volumes_from",
                call.texts("--volumes-from").stream().map(v -> "container:" + v).toList());
        call.text("--gpus").ifPresent(this::gpus);
        environment();
        blockIo();
        health();
        ulimits();
        pairs("storage_opt", "--storage-opt");
        logging();
        mounts();
        network();
        var top = document.putObject("volumes");
        volumes.keySet().forEach(name -> top.putObject(name).put("name", name).put("external", true));
    }

    private void list(String attribute, List<String> values) {
        if (!values.isEmpty()) {
            var list = service.putArray(attribute);
            values.forEach(list::add);
        }
    }

    private static long number(String option, String text) throws CommandException {
        if (!NUMBER.matcher(text).matches()) {
            throw new CommandException(option + " takes a whole number, not \"" + Printable.text(text) + "\"");
        }
        return Long.parseLong(text);
    }

    /** {@code name=value}, or an error that says so. */
    private static String[] pair(String option, String text) throws CommandException {
        var words = text.split("[=:]", 2);
        if (words.length < 2 || words[0].isEmpty()) {
            throw new CommandException(option + " takes NAME=VALUE, not \"" + Printable.text(text) + "\"");
        }
        return words;
    }

    private void pairs(String attribute, String option) throws CommandException {
        for (var text : call.texts(option)) {
            var words = pair(option, text);
            service.withObject("/" + attribute).put(words[0], words[1]);
        }
    }

    private void gpus(String text) {
        if (text.equals("all")) {
            service.put("gpus", "all");
        } else {
            var request = service.putArray("gpus").addObject();
            if (text.matches("\\d{1,4}")) {
                request.put("count", Integer.parseInt(text));
            } else {
                var ids = request.putArray("device_ids");
                List.of(text.replaceFirst("^\"?device=", "").replace("\"", "").split(",", -1))
                        .forEach(ids::add);
            }
        }
    }

    /**
     * Files first, as Docker does: a line is a variable as it stands, without quotes or escapes. What is asked of
     * {@code --env} comes last and so wins.
     */
    static List<String> variables(Invocation call, List<String> files) throws CommandException {
        var all = new ArrayList<String>();
        for (var file : files) {
            try {
                for (var line : Files.readAllLines(call.world().directory().resolve(file))) {
                    var text = line.stripLeading();
                    if (!text.isEmpty() && !text.startsWith("#")) {
                        all.add(text);
                    }
                }
            } catch (CharacterCodingException e) {
                throw new CommandException("--env-file: " + file + " is not text in UTF-8");
            } catch (IOException e) {
                throw new CommandException("--env-file: " + Sentences.of(e));
            }
        }
        all.addAll(call.texts("--env"));
        return all;
    }

    private void environment() throws CommandException {
        for (var text : variables(call, call.texts("--env-file"))) {
            var equals = text.indexOf('=');
            var name = equals < 0 ? text : text.substring(0, equals);
            var value = equals < 0
                    ? Optional.ofNullable(call.world().environment().get(name))
                    : Optional.of(text.substring(equals + 1));
            value.ifPresent(v -> service.withObject("/environment").put(name, v));
        }
    }

    private void blockIo() throws CommandException {
        var weight = call.text("--blkio-weight");
        if (weight.isPresent()) {
            service.withObject("/blkio_config").put("weight", number("--blkio-weight", weight.get()));
        }
        devices("--blkio-weight-device", "weight_device", "weight");
        devices("--device-read-bps", "device_read_bps", "rate");
        devices("--device-read-iops", "device_read_iops", "rate");
        devices("--device-write-bps", "device_write_bps", "rate");
        devices("--device-write-iops", "device_write_iops", "rate");
    }

    private void devices(String option, String attribute, String value) throws CommandException {
        for (var text : call.texts(option)) {
            var words = text.split(":", 2);
            if (words.length < 2) {
                throw new CommandException(option + " takes DEVICE:VALUE, not \"" + Printable.text(text) + "\"");
            }
            var device = service.withObject("/blkio_config")
                    .withArray("/" + attribute)
                    .addObject();
            device.put("path", words[0]);
            if (NUMBER.matcher(words[1]).matches()) {
                device.put(value, Long.parseLong(words[1]));
            } else {
                device.put(value, words[1]);
            }
        }
    }

    private void health() throws CommandException {
        if (call.flag("--no-healthcheck")) {
            service.putObject("healthcheck").put("disable", true);
            return;
        }
        var command = call.text("--health-cmd");
        if (command.isPresent()) {
            service.withObject("/healthcheck")
                    .withArray("/test")
                    .add("CMD-SHELL")
                    .add(command.get());
        }
        for (var key : List.of("interval", "timeout", "start-period", "start-interval")) {
            call.text("--health-" + key)
                    .ifPresent(text -> service.withObject("/healthcheck").put(key.replace('-', '_'), text));
        }
        var retries = call.text("--health-retries");
        if (retries.isPresent()) {
            service.withObject("/healthcheck").put("retries", number("--health-retries", retries.get()));
        }
    }

    private void ulimits() throws CommandException {
        for (var text : call.texts("--ulimit")) {
            var words = pair("--ulimit", text);
            var limits = words[1].split(":", 2);
            var soft = number("--ulimit", limits[0]);
            service.withObject("/ulimits")
                    .putObject(words[0])
                    .put("soft", soft)
                    .put("hard", limits.length > 1 ? number("--ulimit", limits[1]) : soft);
        }
    }

    private void logging() throws CommandException {
        call.text("--log-driver")
                .ifPresent(driver -> service.withObject("/logging").put("driver", driver));
        for (var text : call.texts("--log-opt")) {
            var words = pair("--log-opt", text);
            service.withObject("/logging/options").put(words[0], words[1]);
        }
    }

    /** {@code -v} is Compose's short form but for relative paths; {@code --mount} its long form with commas between. */
    private void mounts() throws CommandException {
        var driver = call.text("--volume-driver").filter(word -> !word.equals("local"));
        if (driver.isPresent()) {
            throw new CommandException("--volume-driver takes local, not \"" + Printable.text(driver.get())
                    + "\": volumes are on this host");
        }
        for (var text : call.texts("--volume")) {
            var source = text.split(":", 2)[0];
            if (text.contains(":") && !source.matches("[/.~].*")) {
                volumes.putIfAbsent(source, Map.of());
            }
        }
        for (var text : call.texts("--mount")) {
            var mount = service.withArray("/volumes").addObject();
            mount.put("type", "volume");
            for (var field : text.split(",", -1)) {
                field(mount, text, field);
            }
            if (mount.path("type").asText().equals("volume") && mount.has("source")) {
                var labels = new LinkedHashMap<String, String>();
                mount.path("volume")
                        .path("labels")
                        .properties()
                        .forEach(label ->
                                labels.put(label.getKey(), label.getValue().asText()));
                if (!labels.isEmpty()) {
                    mount.withObject("/volume").remove("labels"); // it is there when the container is made
                }
                volumes.put(mount.path("source").asText(), labels);
            }
        }
    }

    private static void field(ObjectNode mount, String text, String field) throws CommandException {
        var words = field.split("=", 2);
        var value = words.length > 1 ? words[1] : "true";
        switch (words[0]) {
            case "type" -> mount.put("type", value);
            case "source", "src" -> mount.put("source", value);
            case "target", "destination", "dst" -> mount.put("target", value);
            case "readonly", "ro" -> mount.put("read_only", value.matches("true|1"));
            case "bind-propagation" -> mount.withObject("/bind").put("propagation", value);
            case "bind-recursive" -> mount.withObject("/bind").put("recursive", value);
            case "volume-nocopy" -> mount.withObject("/volume").put("nocopy", value.matches("true|1"));
            case "volume-subpath" -> mount.withObject("/volume").put("subpath", value);
            case "volume-label" -> {
                var label = value.split("=", 2);
                mount.withObject("/volume/labels").put(label[0], label.length > 1 ? label[1] : "");
            }
            case "tmpfs-size" -> mount.withObject("/tmpfs").put("size", value);
            case "tmpfs-mode" -> mount.withObject("/tmpfs").put("mode", Integer.parseInt(octal(text, value), 8));
            default ->
                throw new CommandException("--mount \"" + Printable.text(text) + "\": \"" + Printable.text(words[0])
                        + "\" is not known; there are type, source, target, readonly, bind-propagation, bind-recursive,"
                        + " volume-nocopy, volume-subpath, volume-label, tmpfs-size and tmpfs-mode");
        }
    }

    private static String octal(String text, String value) throws CommandException {
        if (!value.matches("[0-7]{1,5}")) {
            throw new CommandException("--mount \"" + Printable.text(text) + "\": tmpfs-mode is octal, such as 1777");
        }
        return value;
    }

    private void network() throws CommandException {
        var wanted = call.texts("--network");
        var mode = wanted.stream()
                .filter(n -> n.equals("none") || n.equals("host") || n.startsWith("container:"))
                .findFirst();
        if (mode.isPresent()) {
            if (wanted.size() > 1 || call.flag("--network-alias") || call.flag("--ip")) {
                throw new CommandException("--network " + Printable.text(mode.get())
                        + " is all the network there is: no other, no alias and no address goes with it");
            }
            service.put("network_mode", mode.get());
            return;
        }
        for (var name : wanted.isEmpty() ? List.of(BRIDGE) : wanted) {
            networks.add(name.equals("default") ? BRIDGE : name);
        }
        for (var name : networks) {
            document.withObject("/networks").putObject(name).put("name", name).put("external", true);
            var attachment = service.withObject("/networks").putObject(name);
            call.texts("--network-alias").forEach(attachment.withArray("/aliases")::add);
            call.text("--ip").ifPresent(address -> attachment.put("ipv4_address", address));
            call.text("--ip6").ifPresent(address -> attachment.put("ipv6_address", address));
            call.texts("--link-local-ip").forEach(attachment.withArray("/link_local_ips")::add);
        }
    }
}
