package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Propagation;
import dev.lockstep.spec.model.Written;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Reads a service's {@code volumes}, in short and long form. */
final class MountReader {
    private static final Keys MOUNT = Keys.of("type source target read_only consistency bind volume tmpfs image");
    private static final Keys BIND = Keys.of("propagation create_host_path recursive selinux");
    private static final Keys VOLUME = Keys.of("labels nocopy subpath");
    private static final Keys TMPFS = Keys.of("size mode");
    private static final Keys IMAGE = Keys.of("subpath");

    private static final Function<String, String> TYPE =
            Words.oneOf("a type of mount", "bind", "volume", "tmpfs", "image", "npipe", "cluster");
    private static final Function<String, String> RECURSIVE =
            Words.oneOf("a way to take along what is mounted below", "enabled", "disabled", "writable", "readonly");
    private static final Function<String, String> SELINUX = Words.oneOf("a way to relabel", "z", "Z");

    private final Reading reading;
    private final HostPaths paths;
    private final Amounts amounts;

    MountReader(Reading reading, HostPaths paths) {
        this.reading = reading;
        this.paths = paths;
        this.amounts = new Amounts(reading);
    }

    /** A mount and where it is written. */
    private record Placed(Mount mount, SourcePosition at) {}

    /** The mounts by order; of two with one target the later stands in the earlier's place, as Compose merges them. */
    List<Mount> read(Fields service) {
        return service.node("volumes")
                .map(node -> read(service.path("volumes"), node))
                .orElse(List.of());
    }

    private List<Mount> read(String path, YamlNode node) {
        var mounts = new LinkedHashMap<String, Placed>();
        var items = reading.items(path, node);
        for (var i = 0; i < items.size(); i++) {
            var item = items.get(i);
            var itemPath = path + "[" + i + "]";
            entry(itemPath, item).ifPresent(mount -> {
                var earlier = mounts.put(mount.target(), new Placed(mount, item.at()));
                if (earlier != null && earlier.at.file().equals(item.at().file()) && !earlier.mount.equals(mount)) {
                    reading.warning(
                            item.at(),
                            itemPath,
                            "replaces the mount at " + mount.target() + " of line " + earlier.at.line()
                                    + ". Keep only one of them");
                }
            });
        }
        var place = 0;
        for (var placed : mounts.values()) {
            reading.place(path + "[" + place++ + "]", placed.at);
        }
        return mounts.values().stream().map(Placed::mount).toList();
    }

    private Optional<Mount> entry(String path, YamlNode node) {
        if (node instanceof YamlMapping) {
            return longForm(reading.fields(path, node.at(), node, MOUNT));
        }
        if (node instanceof YamlScalar scalar && scalar.isText()) {
            return reading.attempt(path, node, () -> {
                var mount = ShortMount.parse(scalar.text(), paths);
                mount.ignored().forEach(option -> reading.warning(scalar.at(), path, ShortMount.unknown(option)));
                return mount.mount();
            });
        }
        reading.mustBe(path, node, "a mount such as \"./data:/data\", or a mapping");
        return Optional.empty();
    }

    private Optional<Mount> longForm(Fields fields) {
        var type = fields.parsed("type", TYPE);
        if (!fields.has("type")) {
            reading.error(fields.at(), fields.path(), "has no type. Write type: bind, volume or tmpfs");
        }
        var target = Values.text(fields, "target").map(ShortMount::target);
        if (!fields.has("target")) {
            reading.error(fields.at(), fields.path(), "has no target. Write the path in the container: target: /data");
        }
        var source = Values.text(fields, "source");
        var readOnly = fields.flag("read_only", false);
        var options = options(fields);
        if (type.isEmpty() || target.isEmpty()) {
            return Optional.empty();
        }
        return switch (type.get()) {
            case "bind" ->
                required(fields, source, "a path of the host")
                        .flatMap(s -> fields.parsed("source", paths::path))
                        .map(s -> new Mount.Bind(s, target.get(), readOnly, options));
            case "volume" ->
                Optional.of(source.<Mount>map(key -> new Mount.NamedVolume(key, target.get(), readOnly, options))
                        .orElseGet(() -> new Mount.AnonymousVolume(target.get(), readOnly, options)));
            case "tmpfs" -> {
                source.ifPresent(s -> reading.warning(
                        fields.at("source"), fields.path("source"), "has no effect: memory has no source. Remove it"));
                yield Optional.of(new Mount.Tmpfs(target.get(), readOnly, options));
            }
            case "image" ->
                required(fields, source, "the name of an image")
                        .map(s -> new Mount.Image(s, target.get(), readOnly, options));
            case "npipe" ->
                required(fields, source, "a named pipe")
                        .map(s -> new Mount.NamedPipe(s, target.get(), readOnly, options));
            default ->
                required(fields, source, "a volume of the cluster")
                        .map(s -> new Mount.ClusterVolume(s, target.get(), readOnly, options));
        };
    }

    private Optional<String> required(Fields fields, Optional<String> source, String what) {
        if (source.isEmpty()) {
            reading.error(fields.at(), fields.path(), "has no source. Write " + what + ": source: …");
        }
        return source;
    }

    private MountOptions options(Fields fields) {
        var consistency = Values.text(fields, "consistency");
        var bind = fields.node("bind").map(node -> bind(fields.fields("bind", BIND)));
        var volume = fields.node("volume").map(node -> volume(fields.fields("volume", VOLUME)));
        var tmpfs = fields.node("tmpfs").map(node -> tmpfs(fields.fields("tmpfs", TMPFS)));
        var image = fields.node("image").map(node -> new MountOptions.Image(subpath(fields.fields("image", IMAGE))));
        return new MountOptions(consistency, bind, volume, tmpfs, image);
    }

    private static MountOptions.Bind bind(Fields bind) {
        return new MountOptions.Bind(
                bind.parsed("selinux", SELINUX),
                bind.text("propagation")
                        .filter(text -> !text.isEmpty())
                        .map(text -> Written.of(text, Propagation::parse)),
                bind.flag("create_host_path", true),
                bind.parsed("recursive", RECURSIVE));
    }

    private MountOptions.Volume volume(Fields volume) {
        return new MountOptions.Volume(
                Values.keyValues(volume, "labels"), volume.flag("nocopy", false), subpath(volume));
    }

    private MountOptions.Tmpfs tmpfs(Fields tmpfs) {
        return new MountOptions.Tmpfs(
                tmpfs.node("size").flatMap(node -> Values.bytes(reading, tmpfs.path("size"), node)),
                amounts.mode(tmpfs, "mode"));
    }

    private static Optional<String> subpath(Fields fields) {
        var subpath = Values.text(fields, "subpath");
        if (subpath.filter(MountReader::leadsOut).isPresent()) {
            fields.error(
                    "subpath",
                    "\"" + subpath.get()
                            + "\" leads out of what is mounted. Write a path below it, without / before it,"
                            + " such as data/current");
        }
        return subpath;
    }

    private static boolean leadsOut(String path) {
        if (path.startsWith("/")) {
            return true;
        }
        var depth = 0;
        for (var name : path.split("/", -1)) {
            if (name.equals("..") && --depth < 0) {
                return true;
            }
            if (!name.equals("..") && !name.equals(".") && !name.isEmpty()) {
                depth++;
            }
        }
        return false;
    }
}
