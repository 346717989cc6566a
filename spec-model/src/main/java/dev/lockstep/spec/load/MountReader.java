package dev.lockstep.spec.load;

import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads a service's {@code volumes}, in short and long form. */
final class MountReader {
    private static final Set<String> PROPAGATIONS =
            Set.of("private", "rprivate", "shared", "rshared", "slave", "rslave");
    private static final Set<String> FLAGS = Set.of("ro", "rw", "nocopy", "z", "Z");

    private final Reading reading;
    private final Optional<String> home;

    /** @param home what {@code ~} stands for */
    MountReader(Reading reading, Optional<String> home) {
        this.reading = reading;
        this.home = home;
    }

    /** A mount and where it is written. */
    private record Placed(Mount mount, SourcePosition at) {}

    /** The mounts by order; of two with one target the later stands in the earlier's place, as Compose merges them. */
    List<Mount> read(String path, YamlNode node) {
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
            return longForm(reading.fields(path, node.at(), node, ComposeKeys.MOUNT));
        }
        if (node instanceof YamlScalar scalar && scalar.isText()) {
            return reading.attempt(path, node, () -> shortForm(path, scalar));
        }
        reading.mustBe(path, node, "a mount such as \"./data:/data\", or a mapping");
        return Optional.empty();
    }

    private Mount shortForm(String path, YamlScalar scalar) {
        var text = scalar.text();
        if (text.isEmpty()) {
            throw new IllegalArgumentException("invalid empty volume spec");
        }
        var parts = text.split(":", -1);
        if (parts.length > 3) {
            throw new IllegalArgumentException("invalid spec: " + text + ": too many colons");
        }
        for (var part : parts) {
            if (part.isEmpty()) {
                throw new IllegalArgumentException("invalid spec: " + text + ": empty section between colons");
            }
        }
        if (parts.length == 1) {
            return new Mount.AnonymousVolume(target(text), false, false);
        }
        var readOnly = false;
        var noCopy = false;
        Optional<String> selinux = Optional.empty();
        Optional<String> propagation = Optional.empty();
        for (var option : parts.length == 3 ? List.of(parts[2].split(",", -1)) : List.<String>of()) {
            switch (option) {
                case "ro" -> readOnly = true;
                case "rw" -> readOnly = false;
                case "nocopy" -> noCopy = true;
                case "z", "Z" -> selinux = Optional.of(option);
                default -> {
                    if (PROPAGATIONS.contains(option)) {
                        propagation = Optional.of(option);
                    } else {
                        reading.warning(
                                scalar.at(),
                                path,
                                "the option \"" + option + "\" has no meaning and is ignored. There are "
                                        + String.join(", ", new TreeSet<>(FLAGS))
                                        + " and the kinds of propagation");
                    }
                }
            }
        }
        var target = target(parts[1]);
        return isPath(parts[0])
                ? new Mount.Bind(source(parts[0]), target, readOnly, true, propagation, selinux)
                : new Mount.NamedVolume(parts[0], target, readOnly, noCopy);
    }

    private Optional<Mount> longForm(Fields fields) {
        var type = fields.text("type");
        if (!fields.has("type")) {
            reading.error(fields.at(), fields.path(), "has no type. Write type: bind, volume or tmpfs");
        }
        var target = fields.text("target").filter(t -> !t.isEmpty()).map(MountReader::target);
        if (!fields.has("target")) {
            reading.error(fields.at(), fields.path(), "has no target. Write the path in the container: target: /data");
        }
        var source = fields.text("source").filter(s -> !s.isEmpty());
        var readOnly = fields.flag("read_only", false);
        var bind = fields.fields("bind", ComposeKeys.BIND);
        var volume = fields.fields("volume", ComposeKeys.VOLUME_MOUNT);
        var tmpfs = fields.fields("tmpfs", ComposeKeys.TMPFS);
        var createHostPath = bind.flag("create_host_path", true);
        var propagation = bind.parsed("propagation", MountReader::propagation);
        var selinux = bind.parsed("selinux", MountReader::selinux);
        var noCopy = volume.flag("nocopy", false);
        var size = tmpfs.node("size").flatMap(node -> Values.bytes(reading, tmpfs.path("size"), node));
        var mode = mode(tmpfs);
        if (type.isEmpty() || target.isEmpty()) {
            return Optional.empty();
        }
        return switch (type.get()) {
            case "bind" -> {
                if (source.isEmpty()) {
                    reading.error(fields.at(), fields.path(), "a bind mount needs a source, a path of the host");
                    yield Optional.empty();
                }
                yield fields.node("source")
                        .flatMap(node -> reading.attempt(fields.path("source"), node, () -> source(source.get())))
                        .map(s -> new Mount.Bind(s, target.get(), readOnly, createHostPath, propagation, selinux));
            }
            case "volume" ->
                Optional.of(source.<Mount>map(key -> new Mount.NamedVolume(key, target.get(), readOnly, noCopy))
                        .orElseGet(() -> new Mount.AnonymousVolume(target.get(), readOnly, noCopy)));
            case "tmpfs" -> Optional.of(new Mount.Tmpfs(target.get(), readOnly, size, mode));
            case "image", "npipe", "cluster" -> {
                fields.error("type", "\"" + type.get() + "\" is not supported yet");
                yield Optional.empty();
            }
            default -> {
                fields.error("type", "\"" + type.get() + "\" is no type of mount. Write bind, volume or tmpfs");
                yield Optional.empty();
            }
        };
    }

    /** A YAML number as it is ({@code 0755} is octal to YAML), text in octal. */
    private Optional<Integer> mode(Fields tmpfs) {
        return tmpfs.node("mode").flatMap(node -> {
            var path = tmpfs.path("mode");
            if (node instanceof YamlScalar scalar && scalar.isText()) {
                return reading.attempt(path, node, () -> octal(scalar.text()));
            }
            return reading.integer(path, node, 0, 07777);
        });
    }

    private static int octal(String text) {
        var digits = text.startsWith("0o") ? text.substring(2) : text;
        if (!digits.matches("[0-7]{1,5}") || Integer.parseInt(digits, 8) > 07777) {
            throw new IllegalArgumentException("\"" + text + "\" is no file mode. Write it in octal, such as 0755");
        }
        return Integer.parseInt(digits, 8);
    }

    private static String propagation(String text) {
        if (!PROPAGATIONS.contains(text)) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is no propagation. There are " + String.join(", ", new TreeSet<>(PROPAGATIONS)));
        }
        return text;
    }

    private static String selinux(String text) {
        if (!text.equals("z") && !text.equals("Z")) {
            throw new IllegalArgumentException("\"" + text + "\" is no way to relabel. Write z or Z");
        }
        return text;
    }

    private static boolean isPath(String source) {
        return source.startsWith(".") || source.startsWith("/") || source.startsWith("~");
    }

    private static String target(String text) {
        var clean = TreePaths.clean(text);
        return clean.isEmpty() ? "." : clean;
    }

    private String source(String text) {
        if (text.startsWith("~")) {
            var rest = text.substring(1);
            if (!rest.isEmpty() && !rest.startsWith("/")) {
                throw new IllegalArgumentException("\"" + text + "\": only ~ itself and ~/PATH are known");
            }
            return TreePaths.clean(home.orElseThrow(() -> new IllegalArgumentException(
                            "\"" + text + "\": there is no home directory here. Write an absolute path"))
                    + rest);
        }
        var clean = TreePaths.clean(text);
        return clean.isEmpty() ? "." : clean;
    }
}
