package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A seccomp profile as containers/common and moby write it: the OCI form with conditions. {@link #forContainer} keeps
 * the rules whose conditions hold and writes nothing but what the OCI runtime specification knows.
 */
public final class SeccompProfile {
    /** Where distributions keep the profile they maintain. */
    public static final Path DISTRIBUTION = Path.of("/usr/share/containers/seccomp.json");

    /** 64 bits with pointers of 32. */
    private static final String X32 = "SCMP_ARCH_X32";

    private final JsonNode profile;
    private final Digest digest;
    private final boolean narrowed;
    private final JsonMapper json;

    /** By bounding set; nearly all containers have the same. */
    private final Map<Set<String>, ObjectNode> translated = new ConcurrentHashMap<>();

    private SeccompProfile(JsonNode profile, Digest digest, boolean narrowed, JsonMapper json) {
        this.profile = profile;
        this.digest = digest;
        this.narrowed = narrowed;
        this.json = json;
    }

    /**
     * The profile of containers that ask for none: this file's, which is the distribution's, less what it leaves open
     * and Docker does not ({@link ClosedCalls}, {@link SocketFamilies}).
     *
     * @throws IOException also when there is none: a container never starts without one
     */
    public static SeccompProfile read(Path file, JsonMapper json) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "The seccomp profile " + file + " is missing, and containers are not started without one."
                            + " On Debian and Ubuntu install golang-github-containers-common, on RHEL containers-common.",
                    e);
        }
        return of(bytes, true, json);
    }

    /**
     * A profile of somebody's own from its text: as it is.
     *
     * @throws IOException when it is no JSON
     */
    public static SeccompProfile of(byte[] bytes, JsonMapper json) throws IOException {
        return of(bytes, false, json);
    }

    private static SeccompProfile of(byte[] bytes, boolean narrowed, JsonMapper json) throws IOException {
        try {
            var hex = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            return new SeccompProfile(json.readTree(bytes), new Digest(hex), narrowed, json);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Digest of the file. */
    public Digest digest() {
        return digest;
    }

    /**
     * Not to be changed: the profile for a container with that bounding set (names with {@code CAP_}) on this machine.
     */
    public ObjectNode forContainer(Collection<String> capabilities) {
        return translated.computeIfAbsent(
                Set.copyOf(capabilities), held -> forContainer(held, Architecture.current(), KernelVersion.current()));
    }

    ObjectNode forContainer(Collection<String> capabilities, Architecture architecture, KernelVersion kernel) {
        var held = Set.copyOf(capabilities);
        var result = json.createObjectNode();
        result.set("defaultAction", profile.path("defaultAction"));
        if (profile.hasNonNull("defaultErrnoRet")) {
            result.set("defaultErrnoRet", profile.path("defaultErrnoRet"));
        }
        var architectures = architectures(architecture);
        if (narrowed) {
            // Debian's kernels have it switched off, others do not have it, and it costs every start as much as x86.
            architectures.removeIf(name -> name.asText().equals(X32));
        }
        result.set("architectures", architectures);
        var rules = result.putArray("syscalls");
        for (var rule : profile.path("syscalls")) {
            if (applies(rule, held, architecture.goName(), kernel)) {
                rules.add(translate(rule));
            }
        }
        if (narrowed) {
            ClosedCalls.close(result, held);
            SocketFamilies.restrict(result);
        }
        return result;
    }

    private ArrayNode architectures(Architecture architecture) {
        var own = architecture == Architecture.X86_64 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64";
        var all = json.createArrayNode().add(own);
        for (var entry : profile.path("archMap")) {
            if (entry.path("architecture").asText().equals(own)) {
                entry.path("subArchitectures").forEach(all::add);
            }
        }
        return all;
    }

    /** In this order, as containers/common does it. */
    private static boolean applies(JsonNode rule, Set<String> held, String architecture, KernelVersion kernel) {
        var excludes = rule.path("excludes");
        var includes = rule.path("includes");
        if (texts(excludes.path("arches")).contains(architecture)
                || texts(excludes.path("caps")).stream().anyMatch(held::contains)
                || minimum(excludes).filter(m -> m.compareTo(kernel) <= 0).isPresent()) {
            return false;
        }
        var arches = texts(includes.path("arches"));
        return (arches.isEmpty() || arches.contains(architecture))
                && held.containsAll(texts(includes.path("caps")))
                && minimum(includes).filter(m -> m.compareTo(kernel) > 0).isEmpty();
    }

    private static Optional<KernelVersion> minimum(JsonNode conditions) {
        return conditions.hasNonNull("minKernel")
                ? Optional.of(KernelVersion.parse(conditions.path("minKernel").asText()))
                : Optional.empty();
    }

    private ObjectNode translate(JsonNode rule) {
        var result = json.createObjectNode();
        if (rule.path("names").isArray()) {
            result.set("names", rule.path("names"));
        } else {
            result.putArray("names").add(rule.path("name").asText());
        }
        result.set("action", rule.path("action"));
        if (rule.hasNonNull("errnoRet")) {
            result.set("errnoRet", rule.path("errnoRet"));
        }
        if (rule.path("args").size() > 0) {
            var args = result.putArray("args");
            for (var arg : rule.path("args")) {
                var kept = args.addObject();
                for (var field : List.of("index", "value", "valueTwo", "op")) {
                    if (arg.hasNonNull(field)) {
                        kept.set(field, arg.path(field));
                    }
                }
            }
        }
        return result;
    }

    private static List<String> texts(JsonNode array) {
        return array.valueStream().map(JsonNode::asText).toList();
    }
}
