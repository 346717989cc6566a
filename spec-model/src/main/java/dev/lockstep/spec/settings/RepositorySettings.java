package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Orders;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlReader;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a repository says about all of its stacks, in {@code lockstep.yaml} beside {@code stacks/}. Everything in it is
 * optional, and so is the file. It is input: the host's own settings decide.
 *
 * @param hosts by name, in file order
 * @param stacks by the stack's name, in file order
 * @param windows by name, in file order
 * @param builds by name, in file order
 * @param policy holds for every stack
 * @param suspension of every stack on every host
 * @param sources where the values stand
 */
public record RepositorySettings(
        Map<String, HostEntry> hosts,
        Map<String, StackEntry> stacks,
        Map<String, Window> windows,
        Map<String, Build> builds,
        Policy policy,
        Optional<Suspension> suspension,
        Sources sources) {
    /** What the file is called. */
    public static final String FILE = "lockstep.yaml";

    /** What holds when there is no file. */
    public static final RepositorySettings NONE = new RepositorySettings(
            Map.of(), Map.of(), Map.of(), Map.of(), Policy.NONE, Optional.empty(), Sources.none());

    public RepositorySettings {
        hosts = ordered(hosts);
        stacks = ordered(stacks);
        windows = ordered(windows);
        builds = ordered(builds);
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /** What reading gave. */
    public sealed interface Read {
        /** What should be put right, by position. */
        List<Problem> warnings();

        /** Settings. */
        record Valid(RepositorySettings settings, List<Problem> warnings) implements Read {
            public Valid {
                warnings = List.copyOf(warnings);
            }
        }

        /** Everything that is wrong, by position; at least one. */
        record Invalid(List<Problem> errors, List<Problem> warnings) implements Read {
            public Invalid {
                errors = List.copyOf(errors);
                warnings = List.copyOf(warnings);
            }
        }
    }

    /** Reads the file's bytes; {@code file} is its name in positions. An empty file is {@link #NONE}. */
    public static Read read(String file, byte[] bytes) {
        var problems = new Problems();
        var documents = new YamlReader(YamlLimits.DEFAULT).read(file, bytes, problems);
        if (documents.size() > 1) {
            problems.error(documents.get(1).at(), "", "only one document is allowed here");
        }
        var settings =
                documents.isEmpty() ? NONE : new RepositoryReader(new Reading(problems)).read(documents.getFirst());
        return problems.hasErrors()
                ? new Read.Invalid(problems.errors(), problems.warnings())
                : new Read.Valid(settings, problems.warnings());
    }

    /** What is said about that stack. */
    public StackEntry stack(String name) {
        return stacks.getOrDefault(name, StackEntry.NONE);
    }

    /**
     * The host's labels: those of this file over those that the host has itself.
     *
     * @param own from the host's settings
     */
    public Map<String, String> labels(String host, Map<String, String> own) {
        var labels = new LinkedHashMap<>(own);
        labels.putAll(hosts.getOrDefault(host, HostEntry.NONE).labels());
        return labels;
    }

    /** Whether that host is to run that stack. */
    public boolean isPlaced(String stack, String host, Map<String, String> own) {
        return stack(stack).placement().takes(host, labels(host, own));
    }

    /** Where it stands that the stack is not to be changed on that host; empty when it may be. */
    public Optional<Suspended> suspension(String stack, String host) {
        return suspended("suspend", suspension)
                .or(() -> suspended(
                        "hosts." + host + ".suspend",
                        hosts.getOrDefault(host, HostEntry.NONE).suspension()))
                .or(() -> suspended("stacks." + stack + ".suspend", stack(stack).suspension()));
    }

    private static Optional<Suspended> suspended(String path, Optional<Suspension> suspension) {
        return suspension.map(s -> new Suspended(path, s));
    }

    /** A suspension and the path of the key that asks for it. */
    public record Suspended(String path, Suspension suspension) {}

    /** The names so that each stack stands behind those that it comes after. */
    public List<String> inOrder(Collection<String> names) {
        var after = new HashMap<String, List<String>>();
        stacks.forEach((name, entry) -> after.put(name, entry.after()));
        return StackOrder.sorted(List.copyOf(names), after);
    }

    /**
     * What is said about stacks and hosts that cannot be meant.
     *
     * @param names of every stack in the repository
     * @return warnings by position
     */
    public List<Problem> unmatched(Collection<String> names) {
        return new Unmatched(this, names).find();
    }

    /** What this file says of the images of a stack: an image must pass each of them. */
    public List<ImagePolicy> imagePolicies(String stack) {
        var policies = new ArrayList<ImagePolicy>();
        policies.add(images("policy", policy));
        stack(stack).policy().ifPresent(own -> policies.add(images("stacks." + stack + ".policy", own)));
        policies.removeIf(ImagePolicy.NONE::equals);
        return List.copyOf(policies);
    }

    /** What this file says a stack may ask for, beside the host: it must be allowed by each of them. */
    public List<PolicyLayer> policies(String stack) {
        var layers = new ArrayList<PolicyLayer>();
        layers.add(new PolicyLayer("The repository's " + FILE, policy.rulings(), policy.orders(), Optional.empty()));
        stack(stack)
                .policy()
                .ifPresent(own -> layers.add(
                        new PolicyLayer("The repository's " + FILE, own.rulings(), own.orders(), Optional.empty())));
        layers.removeIf(layer -> layer.rulings().isEmpty() && layer.orders().equals(Orders.NONE));
        return List.copyOf(layers);
    }

    /** The keys that it names for images, of all stacks. */
    public List<KeySource> imageKeys() {
        var keys = new ArrayList<>(images("policy", policy).keys());
        stacks.values()
                .forEach(stack ->
                        stack.policy().ifPresent(own -> own.images().forEach(rule -> keys.addAll(rule.signedBy()))));
        return List.copyOf(keys);
    }

    /**
     * Where a policy about images would let run what another one above it does not. Nothing runs because of that.
     *
     * @param host what the host itself says, where that is known
     * @return warnings
     */
    public List<Problem> widenings(Optional<ImagePolicy> host) {
        var problems = new ArrayList<Problem>();
        var own = images("policy", policy);
        host.ifPresent(above -> problems.addAll(new Widening(above, "the host", sources).find("policy", own)));
        stacks.forEach((name, stack) -> stack.policy().ifPresent(narrower -> {
            var path = "stacks." + name + ".policy";
            var images = images(path, narrower);
            host.ifPresent(above -> problems.addAll(new Widening(above, "the host", sources).find(path, images)));
            problems.addAll(new Widening(own, "the repository's policy", sources).find(path, images));
        }));
        problems.sort(null);
        return List.copyOf(problems);
    }

    private ImagePolicy images(String path, Policy policy) {
        return new ImagePolicy(
                policy.registries().map(hosts -> new ImagePolicy.Registries(hosts, sources.at(path + ".registries"))),
                policy.images());
    }

    /** When that stack may be changed, by the windows' names; none: at any time. */
    public Map<String, Window> windows(String stack) {
        var open = new LinkedHashMap<String, Window>();
        stack(stack).windows().forEach(name -> open.put(name, Objects.requireNonNull(windows.get(name))));
        return Collections.unmodifiableMap(open);
    }
}
