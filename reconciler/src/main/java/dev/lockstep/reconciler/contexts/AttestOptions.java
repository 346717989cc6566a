package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.spec.model.Build;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code --attest}, and {@code --sbom} and {@code --provenance}, which are short for it. Of each type the last counts.
 */
public final class AttestOptions {
    private final Map<String, Optional<Attestation>> asked = new LinkedHashMap<>();

    private AttestOptions() {}

    /**
     * What is written in short.
     *
     * @param sbom {@code true}, {@code false} or attributes
     * @param provenance the same
     */
    public record ShortForm(Optional<String> sbom, Optional<String> provenance) {
        /** Nothing. */
        public static final ShortForm NONE = new ShortForm(Optional.empty(), Optional.empty());
    }

    /** What a {@code build} section asks for. */
    public static List<Attestation> of(Build build) throws UnbuildableException {
        return of(new ShortForm(build.sbom(), build.provenance()), List.of(), ShortForm.NONE);
    }

    /**
     * What a command asks for, above what a {@code build} section says.
     *
     * @param section of the section
     * @param attest values of {@code --attest}
     * @param options {@code --sbom} and {@code --provenance}
     */
    public static List<Attestation> of(ShortForm section, List<String> attest, ShortForm options)
            throws UnbuildableException {
        var all = new AttestOptions();
        all.add(section);
        for (var text : attest) {
            all.add("--attest", Attributes.parse("--attest", text));
        }
        all.add(options);
        return all.asked.values().stream().flatMap(Optional::stream).toList();
    }

    /**
     * Those labels of an image that tell where the context is from.
     *
     * @param given those that somebody has written: what they say of the source is not known to be true
     */
    public static Map<String, String> source(BuildRequest request, Set<String> given) {
        var source = new LinkedHashMap<>(request.labels());
        source.keySet().removeAll(given);
        return source;
    }

    private void add(ShortForm values) throws UnbuildableException {
        add("sbom", values.sbom());
        add("provenance", values.provenance());
    }

    private void add(String type, Optional<String> value) throws UnbuildableException {
        if (value.isEmpty()) {
            return;
        }
        var text = switch (value.get()) {
            case "true", "1", "" -> "";
            case "false", "0" -> ",disabled=true";
            default -> "," + value.get();
        };
        add("--" + type, Attributes.parse("--" + type, "type=" + type + text));
    }

    private void add(String option, Attributes attributes) throws UnbuildableException {
        var type = attributes.require("type", "type=sbom");
        if (attributes.takeFlag("disabled").orElse(false)) {
            asked.put(type, Optional.empty());
            return;
        }
        switch (type) {
            case "sbom" -> {
                if (attributes.take("generator").isPresent()) {
                    throw new UnbuildableException(option + ": Lockstep lists the packages itself, and no image is run"
                            + " for it; leave generator out");
                }
                asked.put(type, Optional.of(new Attestation.Sbom()));
            }
            case "provenance" -> {
                var mode = attributes.take("mode").orElse("min");
                if (!List.of("min", "max").contains(mode)) {
                    throw new UnbuildableException(option + ": mode is min or max, not \"" + mode + "\"");
                }
                var version = attributes.take("version").orElse("v1");
                if (!version.equals("v1")) {
                    throw new UnbuildableException(
                            option + ": provenance is written in version v1 of SLSA, not in " + version);
                }
                asked.put(
                        type,
                        Optional.of(new Attestation.Provenance(mode.equals("max"), attributes.take("builder-id"))));
            }
            default -> throw new UnbuildableException(option + " type=" + type + ": there are sbom and provenance");
        }
        attributes.end("there are disabled, and for provenance mode, version and builder-id");
    }
}
