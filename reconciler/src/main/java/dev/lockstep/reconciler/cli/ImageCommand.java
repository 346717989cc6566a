package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.TaggedImage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image import|pull|ls|rm}. */
final class ImageCommand implements Command {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    ImageCommand() {
        subcommands.put("import", new Import());
        subcommands.put("pull", new Pull());
        subcommands.put("ls", new ListImages());
        subcommands.put("rm", new Remove());
        subcommands.putAll(RegistryCommands.byName());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Imports, pulls, lists and removes images.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    @Override
    public int run(Invocation call) {
        throw new IllegalStateException("one of the subcommands is run");
    }

    private static ImageReference reference(String text) throws CommandException {
        try {
            return ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
    }

    private static final class Import implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Imports the images of an archive: what 'docker save' writes, or an OCI layout.");
            spec.addPositional(Options.arguments(
                    "FILE|- [REFERENCE]",
                    "1..2",
                    "Archive or directory, - for standard input; a name for its only image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var file = call.arguments().getFirst();
            Optional<ImageReference> name = call.arguments().size() > 1
                    ? Optional.of(reference(call.arguments().get(1)))
                    : Optional.empty();
            try (var engine = EngineDoor.of(call).open()) {
                var imported = file.equals("-")
                        ? engine.images().importArchive(call.world().in(), name, Progress.NONE)
                        : engine.images().importArchive(call.world().directory().resolve(file), name, Progress.NONE);
                for (var image : imported) {
                    // Unpacked now, so that the first start of a container need not.
                    var whole = engine.images().find(image.digest());
                    if (whole.isPresent()) {
                        engine.snapshots().unpack(whole.get(), Progress.NONE);
                    }
                    call.world()
                            .out()
                            .println("Imported "
                                    + image.reference()
                                            .map(ImageReference::familiar)
                                            .orElse("an image without a name")
                                    + " " + image.digest());
                }
                return ExitCodes.OK;
            }
        }
    }

    private static final class Pull implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Pulls an image from its registry.");
            spec.addOption(Options.flag("Print only what was pulled", "-q", "--quiet"));
            spec.addPositional(Options.arguments("REFERENCE", "1", "The image"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var reference = reference(call.arguments().getFirst());
            try (var engine = EngineDoor.of(call).open()) {
                var progress = new PullProgress(
                        call.world().err(), call.world().terminals().err() && !call.flag("--quiet"));
                Image image;
                try {
                    image = engine.registry().pull(reference, progress);
                } finally {
                    progress.end();
                }
                call.world().out().println("Pulled " + reference.familiar() + " " + image.digest());
                return ExitCodes.OK;
            }
        }
    }

    private static final class ListImages implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lists the images of this host.");
            spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
            spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        }

        /** One line: a name, or none, and the image if it is whole. */
        private record Line(TaggedImage tagged, Optional<Image> image) {
            String repository() {
                return tagged.reference()
                        .map(r -> r.familiar().replaceFirst("@.*", "").replaceFirst(":[^/:]*$", ""))
                        .orElse("<none>");
            }

            String tag() {
                return tagged.reference().flatMap(ImageReference::tag).orElse("<none>");
            }

            String id() {
                return image.map(i -> i.id().hex().substring(0, 12)).orElse("<damaged>");
            }

            /** Compressed, as it was pulled. */
            long size() {
                return image.map(i -> i.layers().stream().mapToLong(Layer::size).sum())
                        .orElse(0L);
            }
        }

        @Override
        public int run(Invocation call) throws Exception {
            var format = call.choice("--format", "table", List.of("table", "json"));
            var door = EngineDoor.of(call);
            var table = new Table("REPOSITORY", "TAG", "IMAGE ID", "DIGEST", "SIZE");
            try (var engine = door.openForReading()) {
                for (var tagged : engine.images().list()) {
                    var line = new Line(tagged, find(engine, tagged));
                    if (call.flag("--quiet")) {
                        call.world().out().println(line.id());
                    } else if (format.equals("json")) {
                        call.world().out().print(json(line));
                    } else {
                        table.row(
                                line.repository(),
                                line.tag(),
                                line.id(),
                                tagged.digest().abbreviated(),
                                size(line.size()));
                    }
                }
            }
            if (!call.flag("--quiet") && format.equals("table")) {
                call.world().out().print(table);
            }
            return ExitCodes.OK;
        }

        private static Optional<Image> find(Engine engine, TaggedImage tagged) {
            try {
                return engine.images().find(tagged.digest());
            } catch (IOException e) {
                return Optional.empty();
            }
        }

        private static String json(Line line) {
            return JsonText.line(json -> {
                json.writeStartObject();
                json.writeStringField("Repository", line.repository());
                json.writeStringField("Tag", line.tag());
                json.writeStringField("ID", line.id());
                json.writeStringField("Digest", line.tagged().digest().toString());
                json.writeStringField("Size", size(line.size()));
                json.writeEndObject();
            });
        }

        /** Decimal units, as Docker shows sizes of images. */
        static String size(long bytes) {
            var units = List.of("B", "kB", "MB", "GB", "TB");
            var value = (double) bytes;
            var unit = 0;
            while (value >= 1000 && unit < units.size() - 1) {
                value /= 1000;
                unit++;
            }
            return unit == 0
                    ? bytes + "B"
                    : String.format(Locale.ROOT, value < 10 ? "%.2f%s" : "%.1f%s", value, units.get(unit));
        }
    }

    private static final class Remove implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Takes the name of an image away. Its content stays as long as a container needs it.");
            spec.addOption(Options.flag("No error for images that are not here", "-f", "--force"));
            spec.addPositional(Options.arguments("REFERENCE...", "1..*", "The images"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var code = ExitCodes.OK;
            try (var engine = EngineDoor.of(call).open()) {
                for (var text : call.arguments()) {
                    var reference = reference(text);
                    if (engine.images().remove(reference)) {
                        call.world().out().println("Untagged: " + reference.familiar());
                    } else if (!call.flag("--force")) {
                        call.say("lockstep: there is no image " + reference.familiar() + " here");
                        code = ExitCodes.ERROR;
                    }
                }
            }
            return code;
        }
    }
}
