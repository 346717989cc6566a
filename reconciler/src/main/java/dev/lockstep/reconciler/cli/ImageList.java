package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.StoredImage;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image ls}: a line for each name, newest image first. */
final class ImageList implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Lists the images of this host.");
        spec.addOption(Options.flag("Accepted: all are listed", "-a", "--all"));
        spec.addOption(Options.flag("Only ids", "-q", "--quiet"));
        spec.addOption(Options.flag("Digests too", "--digests"));
        spec.addOption(Options.flag("Ids in full", "--no-trunc"));
        spec.addOption(Options.value("FORMAT", "table or json", "--format"));
        spec.addOption(Options.values(
                "FILTER", "dangling=true, dangling=false or reference=PATTERN; several may be given", "--filter"));
        spec.addPositional(Options.arguments("[REPOSITORY[:TAG]]", "0..1", "Only this one; may be a pattern"));
    }

    /** A name of an image, or an image without one. */
    record Line(StoredImage image, Optional<ImageReference> name, Optional<Instant> created, long size) {
        String repository() {
            return name.map(ImageList::repository).orElse(ImageLines.NONE);
        }

        String tag() {
            return name.flatMap(ImageReference::tag).orElse(ImageLines.NONE);
        }

        String id(boolean whole) {
            return image.whole().isPresent() ? ImageLines.id(image.id(), whole) : "<damaged>";
        }
    }

    /** The name without its tag, as people write it. */
    static String repository(ImageReference name) {
        return new ImageReference(name.host(), name.repository(), Optional.of("x"), Optional.empty())
                .familiar()
                .replaceFirst(":x$", "");
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--format", "table", List.of("table", "json"));
        var filter = filter(call);
        var door = EngineDoor.of(call);
        var lines = new ArrayList<Line>();
        try (var engine = door.openForReading()) {
            for (var image : engine.images().catalog().images()) {
                lines.addAll(lines(engine, image));
            }
        }
        lines.removeIf(filter.negate());
        lines.sort(Comparator.comparing((Line line) -> line.created().orElse(Instant.MIN))
                .reversed()
                .thenComparing(Line::repository)
                .thenComparing(Line::tag));
        call.world().out().print(print(call, format, lines));
        return ExitCodes.OK;
    }

    private static List<Line> lines(Engine engine, StoredImage image) throws IOException {
        Optional<Instant> created = Optional.empty();
        var size = 0L;
        if (image.whole().isPresent()) {
            created = engine.images().details(image.whole().get()).created();
            size = ImageLines.bytes(engine, image.whole().get());
        }
        var lines = new ArrayList<Line>();
        for (var name : image.names()) {
            lines.add(new Line(image, Optional.of(name), created, size));
        }
        return lines.isEmpty() ? List.of(new Line(image, Optional.empty(), created, size)) : lines;
    }

    private static Predicate<Line> filter(Invocation call) throws CommandException {
        Predicate<Line> dangling = line -> true;
        var patterns = new ArrayList<String>(call.arguments());
        var references = new ArrayList<Predicate<Line>>();
        for (var filter : call.texts("--filter")) {
            switch (filter) {
                case "dangling=true", "dangling=1" ->
                    dangling = line -> line.name().isEmpty();
                case "dangling=false", "dangling=0" ->
                    dangling = line -> line.name().isPresent();
                default -> {
                    if (!filter.startsWith("reference=")) {
                        throw new CommandException("--filter takes dangling=true, dangling=false or reference=PATTERN,"
                                + " not \"" + Printable.text(filter) + "\"");
                    }
                    patterns.add(filter.substring("reference=".length()));
                }
            }
        }
        for (var pattern : patterns) {
            references.add(matching(pattern));
        }
        return dangling.and(line -> references.isEmpty() || references.stream().anyMatch(r -> r.test(line)));
    }

    /** As Docker matches: the whole short name with or without its tag; {@code *} stops at a slash. */
    private static Predicate<Line> matching(String pattern) throws CommandException {
        try {
            var glob = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
            return line -> line.name()
                    .filter(name -> glob.matches(Path.of(name.familiar())) || glob.matches(Path.of(repository(name))))
                    .isPresent();
        } catch (PatternSyntaxException e) {
            throw new CommandException("\"" + Printable.text(pattern) + "\" is no pattern: " + e.getDescription());
        }
    }

    private static String print(Invocation call, String format, List<Line> lines) {
        var whole = call.flag("--no-trunc");
        var now = call.world().clock().instant();
        var text = new StringBuilder();
        if (call.flag("--quiet")) {
            lines.forEach(line -> text.append(line.id(whole)).append('\n'));
            return text.toString();
        }
        if (format.equals("json")) {
            lines.forEach(line -> text.append(json(line, whole, now)));
            return text.toString();
        }
        var digests = call.flag("--digests");
        var table = digests
                ? new Table("REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE")
                : new Table("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE");
        for (var line : lines) {
            var cells = new ArrayList<>(List.of(
                    line.repository(),
                    line.tag(),
                    line.id(whole),
                    ImageLines.since(line.created(), now),
                    ImageLines.size(line.size())));
            if (digests) {
                cells.add(2, line.image().digest().toString());
            }
            table.row(cells.toArray(String[]::new));
        }
        return table.toString();
    }

    /** Docker's fields, also those that it never knows. */
    private static String json(Line line, boolean whole, Instant now) {
        return JsonText.line(json -> {
            json.writeStartObject();
            json.writeStringField("Containers", "N/A");
            json.writeStringField("CreatedAt", ImageLines.at(line.created()));
            json.writeStringField("CreatedSince", ImageLines.since(line.created(), now));
            json.writeStringField("Digest", line.image().digest().toString());
            json.writeStringField("ID", line.id(whole));
            json.writeStringField("Repository", line.repository());
            json.writeStringField("SharedSize", "N/A");
            json.writeStringField("Size", ImageLines.size(line.size()));
            json.writeStringField("Tag", line.tag());
            json.writeStringField("UniqueSize", "N/A");
            json.writeEndObject();
        });
    }
}
