package dev.lockstep.reconciler.deploy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.plan.PlanBasis;
import dev.lockstep.reconciler.plan.PlanJson;
import dev.lockstep.reconciler.plan.PlanMarkdown;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A plan in a file, to be looked at by people and then applied once, by the same Lockstep on the same host, if nothing
 * that it rests on has moved. No value of a secret is in it; it has mode 0600 all the same.
 *
 * @param format {@value #FORMAT}
 * @param id by chance; what has been applied is known by it
 * @param version of Lockstep
 * @param root id of the root; absent when the host had none yet
 * @param revision the commit, for people
 * @param key of the fingerprints, where the root had none of its own yet
 * @param observedDigest keyed fingerprint of what the host had of the stack
 * @param source which files it was made from, in words that find them again
 * @param options what else was asked for
 * @param basis the parts of {@link PlanBasis}, and what images are made of that it builds
 * @param text the plan as people read it
 * @param markdown the same as a comment
 * @param plan the same for programs
 */
public record SavedPlan(
        String format,
        String id,
        Instant createdAt,
        String version,
        String host,
        Optional<String> root,
        String stack,
        Optional<String> revision,
        Optional<String> key,
        String observedDigest,
        Source source,
        Choices options,
        Map<String, String> basis,
        String text,
        String markdown,
        JsonNode plan) {
    /** Name and number of the format. */
    public static final String FORMAT = "lockstep.saved-plan/1";

    private static final String NAME = "lockstep.saved-plan/";
    private static final long LARGEST = 64L << 20;

    /**
     * Which files.
     *
     * @param directory where the command was called, absolute
     */
    public record Source(
            String directory,
            List<String> files,
            List<String> envFiles,
            List<String> profiles,
            Optional<String> projectDirectory,
            Optional<String> projectName) {
        public Source {
            Objects.requireNonNull(directory, "directory");
            files = List.copyOf(files);
            envFiles = List.copyOf(envFiles);
            profiles = List.copyOf(profiles);
            projectDirectory = Objects.requireNonNullElse(projectDirectory, Optional.empty());
            projectName = Objects.requireNonNullElse(projectName, Optional.empty());
        }
    }

    /** The options that a plan depends on. */
    public record Choices(boolean removeOrphans, boolean forceRecreate, Optional<PullChoice> pull, BuildChoice builds) {
        public Choices {
            pull = Objects.requireNonNullElse(pull, Optional.empty());
            builds = Objects.requireNonNullElse(builds, BuildChoice.DONE);
        }

        /** The same by somebody who builds before anything is changed. */
        public Choices building(BuildChoice choice) {
            return new Choices(removeOrphans, forceRecreate, pull, choice);
        }

        /** The same to plan by. */
        public PlanOptions planOptions() {
            return PlanOptions.byHand(removeOrphans, forceRecreate, pull).building(builds);
        }
    }

    /** The file says less than it should, or was written by hand. */
    public SavedPlan {
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(createdAt, "createdAt");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(host, "host");
        root = Objects.requireNonNullElse(root, Optional.empty());
        Objects.requireNonNull(stack, "stack");
        revision = Objects.requireNonNullElse(revision, Optional.empty());
        key = Objects.requireNonNullElse(key, Optional.empty());
        Objects.requireNonNull(observedDigest, "observedDigest");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(options, "options");
        basis = new TreeMap<>(basis);
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(markdown, "markdown");
        Objects.requireNonNull(plan, "plan");
    }

    /**
     * What planning just gave, to be written down.
     *
     * @param hasRoot whether there is a root on this host, whose id is remembered
     * @param inputs what images are made of that it builds, by part
     */
    public static SavedPlan of(
            Planned.Ready ready,
            Engine engine,
            boolean hasRoot,
            String version,
            Source source,
            Choices options,
            Map<String, Object> inputs,
            Instant now)
            throws IOException {
        var plan = ready.plan();
        var key = engine.contents().areLasting()
                ? Optional.<String>empty()
                : Optional.of(UUID.randomUUID().toString().replace("-", ""));
        var fingerprints = new Fingerprints(engine, key);
        return new SavedPlan(
                FORMAT,
                UUID.randomUUID().toString(),
                now,
                version,
                plan.host(),
                Optional.of(engine.root().id()).filter(_ -> hasRoot),
                plan.stack(),
                plan.revision(),
                key,
                PlanBasis.observed(ready.desired(), ready.observed(), fingerprints),
                source,
                options,
                basis(ready, fingerprints, inputs).parts(),
                new PlanText(false).print(plan),
                new PlanMarkdown().print(plan),
                engine.root().json().readTree(new PlanJson().print(plan, now)));
    }

    private static PlanBasis basis(Planned.Ready ready, Fingerprints fingerprints, Map<String, Object> inputs) {
        var more = new TreeMap<String, String>();
        inputs.forEach((part, value) -> more.put(part, fingerprints.of(value)));
        return PlanBasis.of(ready.plan(), ready.desired(), ready.observed(), fingerprints)
                .with(more);
    }

    /** Writes it with mode 0600. */
    public void write(Path file, JsonMapper json) throws IOException {
        AtomicFiles.write(file, json.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    }

    /**
     * Reads it.
     *
     * @throws IOException with a sentence, when there is none, when it is none, or when a newer Lockstep wrote it
     */
    public static SavedPlan read(Path file) throws IOException {
        var json = Json.mapper();
        var document = document(file, json);
        var format = document.path("format").asText();
        if (format.startsWith(NAME) && !format.equals(FORMAT)) {
            throw new IOException(file + " has the format " + format + ", and this Lockstep knows " + FORMAT
                    + ": another version wrote it. Plan again with this one");
        }
        if (!format.equals(FORMAT)) {
            throw new IOException(file + " is no saved plan: 'lockstep plan --out FILE' writes one");
        }
        try {
            return json.treeToValue(document, SavedPlan.class);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is damaged: not all of a saved plan is in it. Plan again", e);
        }
    }

    private static JsonNode document(Path file, JsonMapper json) throws IOException {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new IOException(file + " is no file");
            }
            if (Files.size(file) > LARGEST) {
                throw new IOException(file + " is no saved plan: it has more than " + LARGEST + " bytes");
            }
            return json.readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file; 'lockstep plan --out FILE' writes one", e);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is no saved plan: 'lockstep plan --out FILE' writes one", e);
        }
    }

    /**
     * What moved since it was made, a sentence for each; none: it may be applied.
     *
     * @param now what planning the same gives now
     * @param inputs what images are made of that it builds, by part
     */
    public List<String> moved(Planned.Ready now, Map<String, Object> inputs, Engine engine, String runningVersion) {
        var moved = new ArrayList<String>();
        if (!host.equals(now.plan().host())) {
            moved.add("it was made for host " + host + ", and this is host "
                    + now.plan().host());
        }
        if (root.filter(id -> !id.equals(engine.root().id())).isPresent()) {
            moved.add("it was made for another root than " + engine.root().state());
        }
        if (!version.equals(runningVersion)) {
            moved.add("Lockstep " + version + " made it, and this is Lockstep " + runningVersion);
        }
        if (moved.isEmpty()) {
            moved.addAll(asBasis().moved(basis(now, new Fingerprints(engine, key), inputs)));
        }
        return List.copyOf(moved);
    }

    /**
     * What moved while its images were built, a sentence for each; none: the rest of it may be applied.
     *
     * @param now what planning the same gives now, with the images that were built
     * @param inputs what they are made of now, by part
     * @param services whose images were built
     */
    public List<String> movedSinceBuilt(
            Planned.Ready now, Map<String, Object> inputs, Set<String> services, Engine engine) {
        return asBasis()
                .withoutImages(services)
                .moved(basis(now, new Fingerprints(engine, key), inputs).withoutImages(services));
    }

    private PlanBasis asBasis() {
        return new PlanBasis(new TreeMap<>(basis));
    }
}
