package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.ImageFiles;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What becomes of an image that {@code build} has built: {@code -o}, {@code --push}, {@code --iidfile} and their like.
 */
final class BuildOutputs {
    /** One {@code -o}. */
    private sealed interface Output {
        /** Into the store, with the names. */
        record Store(boolean push, List<ImageReference> names) implements Output {}

        /** An archive that is an OCI layout and a Docker archive at once. */
        record Archive(Optional<Path> file) implements Output {}

        /** The files as one archive. */
        record Tar(Optional<Path> file) implements Output {}

        /** The files. */
        record Local(Path directory) implements Output {}

        /** Nothing: the steps are in the cache. */
        record Nothing() implements Output {}
    }

    private final Invocation call;
    private final List<Output> outputs;
    private final List<ImageReference> names;

    private BuildOutputs(Invocation call, List<Output> outputs, List<ImageReference> names) {
        this.call = call;
        this.outputs = List.copyOf(outputs);
        this.names = List.copyOf(names);
    }

    static BuildOutputs of(Invocation call, List<ImageReference> names) throws CommandException {
        var outputs = new ArrayList<Output>();
        for (var text : call.texts("--output")) {
            outputs.add(output(call, text, names));
        }
        if (outputs.isEmpty() || call.flag("--load") || call.flag("--push")) {
            outputs.add(new Output.Store(call.flag("--push"), names));
        }
        var push = outputs.stream().anyMatch(output -> output instanceof Output.Store store && store.push());
        if (push && names(outputs).isEmpty()) {
            throw new CommandException("--push needs a name with the registry in it: give -t HOST/NAME:TAG");
        }
        return new BuildOutputs(call, outputs, names);
    }

    private static Output output(Invocation call, String text, List<ImageReference> names) throws CommandException {
        var fields = new LinkedHashMap<String, String>();
        if (!text.contains("=")) {
            return text.equals("-") ? new Output.Tar(Optional.empty()) : new Output.Local(path(call, text));
        }
        for (var field : text.split(",", -1)) {
            var words = field.split("=", 2);
            fields.put(words[0].toLowerCase(Locale.ROOT).strip(), words.length < 2 ? "true" : words[1]);
        }
        var type = Optional.ofNullable(fields.remove("type"))
                .orElseThrow(() -> new CommandException("-o " + text + ": say which type it is, such as type=local"));
        var dest =
                Optional.ofNullable(fields.remove("dest")).or(() -> Optional.ofNullable(fields.remove("destination")));
        var file = dest.filter(name -> !name.equals("-")).map(name -> path(call, name));
        var output = switch (type) {
            case "local" ->
                new Output.Local(file.orElseThrow(() -> new CommandException("-o type=local needs dest=DIR")));
            case "tar" -> new Output.Tar(file);
            case "oci" -> {
                if ("false".equals(fields.remove("tar"))) {
                    throw new CommandException("-o type=oci writes an archive; unpack it for a layout in a directory");
                }
                yield new Output.Archive(file);
            }
            case "docker" -> dest.isEmpty() ? new Output.Store(false, named(fields, names)) : new Output.Archive(file);
            case "image" -> {
                var push = "true".equals(fields.remove("push"));
                yield new Output.Store(push, named(fields, names));
            }
            case "registry" -> new Output.Store(true, named(fields, names));
            case "cacheonly" -> new Output.Nothing();
            default ->
                throw new CommandException(
                        "-o type=" + type + ": there are image, local, tar, oci, docker, registry and cacheonly");
        };
        unpacked(fields, type);
        return output;
    }

    private static List<ImageReference> named(Map<String, String> fields, List<ImageReference> names)
            throws CommandException {
        var all = new ArrayList<>(names);
        var text = Optional.ofNullable(fields.remove("name"));
        if (text.isPresent()) {
            for (var name : text.get().split(",", -1)) {
                all.add(ImageCommand.reference(name));
            }
        }
        return all;
    }

    /** Attributes that change nothing of what is done are taken; others would be missed. */
    private static void unpacked(Map<String, String> fields, String type) throws CommandException {
        fields.remove("unpack");
        if ("uncompressed".equals(fields.get("compression"))) {
            fields.remove("compression");
        }
        if ("true".equals(fields.get("oci-mediatypes"))) {
            fields.remove("oci-mediatypes");
        }
        if ("true".equals(fields.get("rewrite-timestamp"))) {
            fields.remove("rewrite-timestamp"); // Always so, with SOURCE_DATE_EPOCH.
        }
        if (!fields.isEmpty()) {
            throw new CommandException("-o type=" + type + ": " + String.join(", ", fields.keySet())
                    + " is not supported; layers are written uncompressed, with OCI's media types");
        }
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
    Builder.Finish finish(Engine engine) {
        return image -> {
            for (var output : outputs) {
                write(engine, image, output);
            }
        };
    }

    private void write(Engine engine, Image image, Output output) throws IOException {
        switch (output) {
            case Output.Store store ->
                Builder.Finish.named(engine.images(), store.names()).with(image);
            case Output.Archive(var file) ->
                write(
                        file,
                        out -> engine.images()
                                .save(List.of(new StoredImage(image.digest(), names, Optional.of(image))), out));
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
        var iid = call.text("--iidfile");
        if (iid.isPresent()) {
            Files.writeString(path(call, iid.get()), image.id().toString());
        }
        var names = names(outputs);
        var metadata = call.text("--metadata-file");
        if (metadata.isPresent()) {
            WholeFile.write(
                    path(call, metadata.get()),
                    out -> out.write(document(image, names).getBytes(StandardCharsets.UTF_8)));
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
                case Output.Archive(var file) -> file.ifPresent(path -> call.say("Wrote " + path));
                case Output.Tar(var file) -> file.ifPresent(path -> call.say("Wrote " + path));
                case Output.Local(var directory) -> call.say("Wrote " + directory);
                case Output.Nothing() -> call.say("Built " + image.id() + "; its steps are in the cache");
            }
        }
    }

    private static String document(Image image, List<ImageReference> names) {
        return JsonText.document(json -> {
            json.writeStartObject();
            json.writeStringField("containerimage.config.digest", image.id().toString());
            json.writeStringField("containerimage.digest", image.digest().toString());
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
