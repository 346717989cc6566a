package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.AttestOptions;
import dev.lockstep.reconciler.contexts.Attributes;
import dev.lockstep.reconciler.contexts.CacheOptions;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.build.ImageFiles;
import dev.lockstep.runtime.build.LayerForm;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.StoredImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What becomes of an image that {@code build} has built: {@code -o}, {@code --push}, {@code --iidfile} and their like.
 */
final class BuildOutputs {
    /** One {@code -o}. */
    private sealed interface Output {
        /** Into the store, with the names. */
        record Store(boolean push, List<ImageReference> names, LayerForm form) implements Output {}

        /** An archive that is an OCI layout and a Docker archive at once. */
        record Archive(Optional<Path> file, List<ImageReference> names, LayerForm form) implements Output {}

        /** The same as a directory. */
        record Layout(Path directory, List<ImageReference> names, LayerForm form) implements Output {}

        /** The files as one archive. */
        record Tar(Optional<Path> file) implements Output {}

        /** The files. */
        record Local(Path directory) implements Output {}

        /** Nothing: the steps are in the cache. */
        record Nothing() implements Output {}

        /** How the image is written. */
        default LayerForm form() {
            return LayerForm.AS_IS;
        }

        /** The names that it gets. */
        default List<ImageReference> names() {
            return List.of();
        }

        /** Whether it is an image, and not its files. */
        default boolean isImage() {
            return this instanceof Store || this instanceof Archive || this instanceof Layout;
        }
    }

    private static final Pattern KINDS =
            Pattern.compile("((?:(?:index|manifest|index-descriptor|manifest-descriptor)(?:\\[[^]]*])?,?)+):(.*)");

    private final Invocation call;
    private final List<Output> outputs;
    private final Map<Output, Digest> digests = new LinkedHashMap<>();

    private BuildOutputs(Invocation call, List<Output> outputs) {
        this.call = call;
        this.outputs = List.copyOf(outputs);
    }

    static BuildOutputs of(Invocation call, List<ImageReference> names) throws IOException, CommandException {
        var outputs = new ArrayList<Output>();
        var annotations = annotations(call);
        for (var text : call.texts("--output")) {
            outputs.add(output(call, text, names, annotations));
        }
        if (outputs.isEmpty() || call.flag("--load") || call.flag("--push")) {
            var form = new LayerForm(Optional.empty(), OptionalInt.empty(), false, Optional.empty(), annotations);
            outputs.add(new Output.Store(
                    call.flag("--push"), names, call.flag("--push") ? form.compressed(Compression.GZIP) : form));
        }
        var push = outputs.stream().anyMatch(output -> output instanceof Output.Store store && store.push());
        if (push && names(outputs).isEmpty()) {
            throw new CommandException("--push needs a name with the registry in it: give -t HOST/NAME:TAG");
        }
        return new BuildOutputs(call, outputs);
    }

    private static Output output(
            Invocation call, String text, List<ImageReference> names, Map<String, String> annotations)
            throws IOException, CommandException {
        if (!text.contains("=")) {
            return text.equals("-") ? new Output.Tar(Optional.empty()) : new Output.Local(path(call, text));
        }
        var fields = Attributes.parse("-o", text);
        var type = fields.take("type")
                .orElseThrow(() -> new CommandException("-o " + text + ": say which type it is, such as type=local"));
        var dest = fields.take("dest").or(() -> fields.take("destination"));
        var file = dest.filter(name -> !name.equals("-")).map(name -> path(call, name));
        var output = switch (type) {
            case "local" ->
                new Output.Local(file.orElseThrow(() -> new CommandException("-o type=local needs dest=DIR")));
            case "tar" -> new Output.Tar(file);
            case "oci" -> archive(fields, file, names, annotations);
            case "docker" ->
                dest.isEmpty() ? store(fields, false, names, annotations) : archive(fields, file, names, annotations);
            case "image" -> store(fields, fields.takeFlag("push").orElse(false), names, annotations);
            case "registry" -> store(fields, true, names, annotations);
            case "cacheonly" -> new Output.Nothing();
            default ->
                throw new CommandException(
                        "-o type=" + type + ": there are image, local, tar, oci, docker, registry and cacheonly");
        };
        fields.end(
                switch (output) {
                    case Output.Store _, Output.Archive _, Output.Layout _ ->
                        "an image is written by name, push, compression, compression-level, force-compression,"
                                + " oci-mediatypes, annotation.KEY and rewrite-timestamp, an archive by dest and tar"
                                + " too";
                    case Output.Tar _, Output.Local _, Output.Nothing _ -> "files have no such attribute";
                });
        return output;
    }

    private static Output store(
            Attributes fields, boolean push, List<ImageReference> names, Map<String, String> annotations)
            throws IOException, CommandException {
        var named = named(fields, names);
        rewritten(fields);
        fields.takeFlag("unpack"); // Layers of a build are unpacked, since its steps stand on them.
        var form = fields.takeForm(annotations);
        return new Output.Store(push, named, push ? form.compressed(Compression.GZIP) : form);
    }

    private static Output archive(
            Attributes fields, Optional<Path> file, List<ImageReference> names, Map<String, String> annotations)
            throws IOException, CommandException {
        var named = named(fields, names);
        rewritten(fields);
        var form = fields.takeForm(annotations);
        if (fields.takeFlag("tar").orElse(true)) {
            return new Output.Archive(file, named, form);
        }
        return new Output.Layout(
                file.orElseThrow(() -> new CommandException("-o tar=false needs dest=DIR")), named, form);
    }

    /** Files have no time after SOURCE_DATE_EPOCH, whether that is asked for or not. */
    private static void rewritten(Attributes fields) throws IOException, CommandException {
        if (fields.takeFlag("rewrite-timestamp").equals(Optional.of(false))) {
            throw new CommandException("-o rewrite-timestamp=false: with SOURCE_DATE_EPOCH no file of a layer is newer;"
                    + " leave out one of them");
        }
    }

    private static List<ImageReference> named(Attributes fields, List<ImageReference> names) throws CommandException {
        var all = new ArrayList<>(names);
        var text = fields.take("name");
        if (text.isPresent()) {
            for (var name : text.get().split(",", -1)) {
                all.add(ImageCommand.reference(name));
            }
        }
        return all;
    }

    /** {@code --annotation [KIND:]KEY=VALUE}. */
    private static Map<String, String> annotations(Invocation call) throws IOException, CommandException {
        var all = new LinkedHashMap<String, String>();
        for (var text : call.texts("--annotation")) {
            var words = text.split("=", 2);
            var kinds = KINDS.matcher(words[0]);
            var key = words[0];
            if (kinds.matches()) {
                for (var kind : kinds.group(1).split(",", -1)) {
                    Attributes.checkAnnotation("--annotation " + text, kind.replaceFirst("\\[.*]$", ""));
                }
                key = kinds.group(2);
            }
            if (words.length < 2 || key.isEmpty()) {
                throw new CommandException("--annotation takes KEY=VALUE, not \"" + text + "\"");
            }
            all.put(key, words[1]);
        }
        return all;
    }

    private static Path path(Invocation call, String text) {
        return call.world().directory().resolve(text).normalize();
    }

    private static List<ImageReference> names(List<Output> outputs) {
        return outputs.stream()
                .flatMap(output -> output instanceof Output.Store store ? store.names().stream() : Stream.empty())
                .distinct()
                .toList();
    }

    /** What is done while the image's content is held. */
    Builder.Finish finish(Engine engine, Builder builder, CacheOptions caches, Map<String, String> source)
            throws IOException {
        var attestations = attestations(call, AttestOptions.ShortForm.NONE);
        return built -> {
            for (var output : outputs) {
                var packed = built.as(builder.packing().pack(built.image(), output.form()));
                if (output.isImage()) {
                    attest(engine, packed, attestations, output.names(), source);
                }
                write(engine, packed, output);
                digests.putIfAbsent(output, packed.image().digest());
            }
            caches.write(builder, built, call::say);
        };
    }

    /** What the options of the command line ask for, above what a {@code build} section says. */
    static List<Attestation> attestations(Invocation call, AttestOptions.ShortForm section) throws IOException {
        return call.parsed().commandSpec().optionsMap().containsKey("--attest")
                ? AttestOptions.of(
                        section,
                        call.texts("--attest"),
                        new AttestOptions.ShortForm(call.text("--sbom"), call.text("--provenance")))
                : AttestOptions.of(section, List.of(), AttestOptions.ShortForm.NONE);
    }

    /** Says of an image what is asked for, by its first name. */
    static void attest(
            Engine engine,
            Built built,
            List<Attestation> attestations,
            List<ImageReference> names,
            Map<String, String> source)
            throws IOException {
        var name = names.isEmpty()
                ? built.image().digest().toString()
                : names.getFirst().toString();
        engine.attestations().attach(built, attestations, name, source);
    }

    private void write(Engine engine, Built built, Output output) throws IOException {
        var image = built.image();
        switch (output) {
            case Output.Store store ->
                Builder.Finish.named(engine.images(), store.names()).with(built);
            case Output.Archive(var file, var names, var _) -> {
                var stored = List.of(new StoredImage(image.digest(), names, Optional.of(image)));
                write(file, out -> engine.images().save(stored, out));
            }
            case Output.Layout(var directory, var names, var _) ->
                engine.images()
                        .saveLayout(List.of(new StoredImage(image.digest(), names, Optional.of(image))), directory);
            case Output.Tar(var file) -> write(file, out -> new ImageFiles(engine.snapshots()).archive(image, out));
            case Output.Local(var directory) -> new ImageFiles(engine.snapshots()).copy(image, directory);
            case Output.Nothing() -> {
                // The steps are in the cache.
            }
        }
    }

    private void write(Optional<Path> file, WholeFile.Content content) throws IOException {
        if (file.isPresent()) {
            WholeFile.write(file.get(), content);
            return;
        }
        if (call.world().terminals().out()) {
            throw new IOException("an archive does not go to a terminal: say dest=FILE, or redirect it");
        }
        OutputStream out = call.world().out();
        content.write(out);
        out.flush();
    }

    /** Pushes what is to be pushed, each name. */
    void push(Engine engine) throws Exception {
        for (var output : outputs) {
            if (output instanceof Output.Store store && store.push()) {
                for (var name : store.names()) {
                    try (var progress = LayerProgress.onStandardError(call)) {
                        engine.push(name, progress);
                    }
                    if (!call.flag("--quiet")) {
                        call.say("Pushed " + name.familiar());
                    }
                }
            }
        }
    }

    /** Writes the files that tell of it, and says where it is. */
    void tell(Image image) throws IOException {
        var iid = call.word("--iidfile");
        if (iid.isPresent()) {
            Files.writeString(path(call, iid.get()), image.id().toString());
        }
        var names = names(outputs);
        var metadata = call.word("--metadata-file");
        if (metadata.isPresent()) {
            WholeFile.write(
                    path(call, metadata.get()),
                    out -> out.write(document(image, digest(image), names).getBytes(StandardCharsets.UTF_8)));
        }
        if (call.flag("--quiet")) {
            return;
        }
        for (var output : outputs) {
            switch (output) {
                case Output.Store store ->
                    call.say("Built " + image.id()
                            + (store.names().isEmpty()
                                    ? ""
                                    : " as "
                                            + String.join(
                                                    ", ",
                                                    store.names().stream()
                                                            .map(ImageReference::familiar)
                                                            .toList())));
                case Output.Archive(var file, var _, var _) -> file.ifPresent(path -> call.say("Wrote " + path));
                case Output.Layout(var directory, var _, var _) -> call.say("Wrote " + directory);
                case Output.Tar(var file) -> file.ifPresent(path -> call.say("Wrote " + path));
                case Output.Local(var directory) -> call.say("Wrote " + directory);
                case Output.Nothing() -> call.say("Built " + image.id() + "; its steps are in the cache");
            }
        }
    }

    /** What the first output that is an image has made of it. */
    private Digest digest(Image image) {
        return digests.values().stream().findFirst().orElse(image.digest());
    }

    private static String document(Image image, Digest digest, List<ImageReference> names) {
        return JsonText.document(json -> {
            json.writeStartObject();
            json.writeStringField("containerimage.config.digest", image.id().toString());
            json.writeStringField("containerimage.digest", digest.toString());
            if (!names.isEmpty()) {
                json.writeStringField(
                        "image.name",
                        String.join(
                                ",",
                                names.stream().map(ImageReference::toString).toList()));
            }
            json.writeEndObject();
        });
    }
}
