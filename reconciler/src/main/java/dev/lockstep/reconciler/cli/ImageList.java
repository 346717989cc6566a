package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.ImageCatalog;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.StoredImage;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
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
        spec.addOption(Options.value("FORMAT", "table, json, or a template such as {{.ID}}", "--format"));
        spec.addOption(Options.values(
                "FILTER",
                "dangling=true|false, reference=PATTERN, label=KEY[=VALUE], before=IMAGE, since=IMAGE or until=TIME;"
                        + " several may be given",
                "--filter"));
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
        var format = call.text("--format").orElse("table");
        var template = format.contains("{{") ? Optional.of(GoTemplate.parse(format)) : Optional.<GoTemplate>empty();
        if (template.isEmpty()) {
            call.choice("--format", "table", List.of("table", "json"));
        }
        var door = EngineDoor.of(call);
        var lines = new ArrayList<Line>();
        try (var engine = door.openForReading()) {
            for (var image : engine.images().catalog().images()) {
                lines.addAll(lines(engine, image));
            }
        }
        lines.removeIf(filter(call, lines).negate());
        lines.sort(Comparator.comparing((Line line) -> line.created().orElse(Instant.MIN))
                .reversed()
                .thenComparing(Line::repository)
                .thenComparing(Line::tag));
        var now = call.world().clock().instant();
        var whole = call.flag("--no-trunc");
        call.world()
                .out()
                .print(
                        template.isPresent()
                                ? template.get()
                                        .lines(lines.stream()
                                                .map(line -> json(line, whole, now))
                                                .toList())
                                : print(call, format, lines));
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

    /** Several of one kind: one of them is enough for names; all have to hold for the rest. */
    private static Predicate<Line> filter(Invocation call, List<Line> all) throws CommandException {
        Predicate<Line> others = line -> true;
        var names = new ArrayList<Predicate<Line>>();
        for (var pattern : call.arguments()) {
            names.add(matching(pattern));
        }
        for (var filter : call.texts("--filter")) {
            var value = filter.substring(filter.indexOf('=') + 1);
            switch (filter.substring(0, Math.max(filter.indexOf('='), 0))) {
                case "reference" -> names.add(matching(value));
                case "dangling" -> others = others.and(dangling(filter, value));
                case "label" -> others = others.and(labelled(value));
                case "before" -> others = others.and(older(created(all, value)));
                case "since" -> {
                    var at = created(all, value);
                    others = others.and(
                            line -> line.created().filter(at::isBefore).isPresent());
                }
                case "until" ->
                    others = others.and(
                            older(LogTime.parse(value, call.world().clock().instant(), ZoneId.systemDefault())));
                default -> throw refused(filter);
            }
        }
        return others.and(line -> names.isEmpty() || names.stream().anyMatch(r -> r.test(line)));
    }

    private static CommandException refused(String filter) {
        return new CommandException(
                "--filter takes dangling=true, dangling=false, reference=PATTERN, label=KEY[=VALUE],"
                        + " before=IMAGE, since=IMAGE or until=TIME, not \"" + Printable.text(filter) + "\"");
    }

    private static Predicate<Line> dangling(String filter, String value) throws CommandException {
        return switch (value) {
            case "true", "1" -> line -> line.name().isEmpty();
            case "false", "0" -> line -> line.name().isPresent();
            default -> throw refused(filter);
        };
    }

    private static Predicate<Line> labelled(String text) {
        var label = text.split("=", 2);
        return line -> line.image()
                .whole()
                .map(whole -> whole.config().labels())
                .filter(labels ->
                        label.length == 1 ? labels.containsKey(label[0]) : label[1].equals(labels.get(label[0])))
                .isPresent();
    }

    private static Predicate<Line> older(Instant at) {
        return line -> line.created().filter(at::isAfter).isPresent();
    }

    private static Instant created(List<Line> all, String text) throws CommandException {
        try {
            var images = all.stream().map(Line::image).distinct().toList();
            var image = ImageLines.find(new ImageCatalog(images), text).image();
            return all.stream()
                    .filter(line -> line.image().equals(image))
                    .findFirst()
                    .flatMap(Line::created)
                    .orElse(Instant.MIN);
        } catch (IOException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
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
