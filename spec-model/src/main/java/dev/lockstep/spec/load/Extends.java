package dev.lockstep.spec.load;

import dev.lockstep.spec.load.Includes.NamedFile;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import dev.lockstep.spec.yaml.Suggestion;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Puts each service over the one that it extends, of the same document or of another file. Paths of another file are
 * rebased, so that the result can stand where the service stands. Of that file only the service is taken.
 */
final class Extends {
    private static final List<String> KEYS = List.of("service", "file");

    private final Problems problems;
    private final Budget budget;
    private final Merge merge;
    private final OtherFiles otherFiles;
    private final Map<String, Optional<Source>> sources = new HashMap<>();
    private final IdentityHashMap<Source, Map<String, YamlNode>> done = new IdentityHashMap<>();

    Extends(Problems problems, Budget budget, Merge merge, OtherFiles otherFiles) {
        this.problems = problems;
        this.budget = budget;
        this.merge = merge;
        this.otherFiles = otherFiles;
    }

    /** Reads what is extended. */
    interface OtherFiles {
        /** The services of a file; empty with the problem told if there are none. */
        Optional<Source> of(NamedFile file);
    }

    /**
     * Services that may extend each other.
     *
     * @param file that they are of
     * @param directory that they name other files from
     * @param forgetting what they delete from what they extend
     */
    record Source(String file, String directory, YamlMapping services, Forgetting forgetting) {}

    private record Reference(String file, String service) {
        @Override
        public String toString() {
            return service + " in " + file;
        }
    }

    /** The services with all that they inherit. */
    YamlMapping apply(Source source) {
        return source.services.mapValues((name, service) -> extended(source, name, service, List.of()));
    }

    /** @param open the references that lead here */
    private YamlNode extended(Source source, String name, YamlNode node, List<Reference> open) {
        if (!(node instanceof YamlMapping service)) {
            return node;
        }
        var entry = service.entries().get("extends");
        if (entry == null) {
            return node;
        }

        var finished = done.computeIfAbsent(source, _ -> new HashMap<>());
        var known = finished.get(name);
        if (known != null) {
            return known;
        }

        var chain = new ArrayList<>(open);
        chain.add(new Reference(source.file, name));
        var rest = service.without(key -> key.equals("extends"));

        var result = reference("services." + name + ".extends", entry)
                .flatMap(wanted -> base(source, name, wanted, chain))
                .<YamlNode>map(base -> merge.services(name, base, rest))
                .orElse(rest);
        finished.put(name, result);
        return result;
    }

    /** What an {@code extends} says. */
    private record Wanted(String service, Optional<YamlMapping.Entry> file, SourcePosition at) {}

    private Optional<Wanted> reference(String path, YamlMapping.Entry entry) {
        if (entry.value() instanceof YamlScalar scalar && scalar.isText()) {
            return Optional.of(new Wanted(scalar.text(), Optional.empty(), scalar.at()));
        } else if (entry.value() instanceof YamlMapping mapping) {
            return reference(path, mapping, entry.keyAt());
        }
        problems.error(entry.value().at(), path, "must be the name of a service, or a mapping with service: and file:");
        return Optional.empty();
    }

    private Optional<Wanted> reference(String path, YamlMapping mapping, SourcePosition at) {
        mapping.entries().forEach((key, value) -> {
            if (!KEYS.contains(key)) {
                problems.error(value.keyAt(), path + "." + key, Suggestion.unknownKey(key, KEYS));
            }
        });
        var file = Optional.ofNullable(mapping.entries().get("file"))
                .filter(f -> !(f.value() instanceof YamlScalar scalar && scalar.isNull()));
        if (file.isPresent() && !isText(file.get().value())) {
            problems.error(file.get().value().at(), path + ".file", "must be text, the path of a file");
            return Optional.empty();
        }
        if (mapping.get("service") instanceof YamlScalar service && service.isText()) {
            return Optional.of(new Wanted(service.text(), file, at));
        }
        problems.error(mapping.at(), path + ".service", "is required: the name of a service");
        return Optional.empty();
    }

    private static boolean isText(YamlNode node) {
        return node instanceof YamlScalar scalar && scalar.isText();
    }

    private Optional<YamlNode> base(Source source, String name, Wanted wanted, List<Reference> chain) {
        var path = "services." + name + ".extends";
        var from = Optional.of(source);
        var directory = "";
        if (wanted.file.isPresent() && wanted.file.get().value() instanceof YamlScalar file) {
            if (LocalPaths.isFetched(file.text())) {
                problems.error(file.at(), path + ".file", "cannot be fetched from elsewhere. Name a file that is here");
                return Optional.empty();
            }
            var named = new NamedFile(TreePaths.resolve(source.directory, file.text()), file.at(), path + ".file");
            from = sources.computeIfAbsent(named.path(), _ -> otherFiles.of(named));
            directory = TreePaths.directoryOf(TreePaths.clean(file.text()));
        }
        if (from.isEmpty()) {
            return Optional.empty();
        }
        var services = from.get();
        var target = new Reference(services.file, wanted.service);
        if (chain.contains(target)) {
            problems.error(
                    wanted.at,
                    path,
                    "services extend each other in a circle: "
                            + chain.subList(chain.indexOf(target), chain.size()).stream()
                                    .map(Reference::toString)
                                    .collect(Collectors.joining(" → "))
                            + " → " + target);
            return Optional.empty();
        }
        if (chain.size() > Budget.DEPTH) {
            problems.error(wanted.at, path, "more than " + Budget.DEPTH + " services extend each other in a row");
            return Optional.empty();
        }
        var base = services.services.get(wanted.service);
        if (base == null) {
            problems.error(wanted.at, path, notFound(source, name, services, wanted.service));
            return Optional.empty();
        }
        return Optional.of(inherited(source, name, wanted, directory, extended(services, wanted.service, base, chain)));
    }

    private static String notFound(Source source, String name, Source services, String wanted) {
        return "cannot extend service \"" + name + "\" in " + source.file + ": service \"" + wanted + "\" not found"
                + (services.file.equals(source.file) ? "" : " in " + services.file)
                + Suggestion.nearest(wanted, services.services.entries().keySet())
                        .map(near -> ". Did you mean \"" + near + "\"?")
                        .orElse("");
    }

    private YamlNode inherited(Source source, String name, Wanted wanted, String directory, YamlNode base) {
        var rebased = PathValues.inService(name, base, value -> LocalPaths.rebased(directory, value.text()));
        var kept = source.forgetting.below("services").below(name).apply(rebased);
        return Inheritance.through(new Step.Extended(wanted.service, wanted.at.plain()), kept, budget);
    }
}
