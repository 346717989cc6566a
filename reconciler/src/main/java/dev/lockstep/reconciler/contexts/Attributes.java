package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.build.LayerForm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The value of an option that is a list of attributes, {@code type=registry,ref=a/b}. Each attribute is taken by
 * whoever knows it; what is left at the end is nobody's.
 */
public final class Attributes {
    private final String where;
    private final Map<String, String> left;

    private Attributes(String where, Map<String, String> left) {
        this.where = where;
        this.left = left;
    }

    /**
     * Reads them.
     *
     * @param where the option, for sentences
     * @param text as a line of CSV: a field in quotes may have commas
     */
    public static Attributes parse(String where, String text) throws UnbuildableException {
        var all = new LinkedHashMap<String, String>();
        for (var field : fields(where, text)) {
            var words = field.split("=", 2);
            // The names of annotations have letters of both sizes.
            var name = words[0].strip();
            all.put(
                    name.startsWith("annotation") ? name : name.toLowerCase(Locale.ROOT),
                    words.length < 2 ? "true" : words[1]);
        }
        return new Attributes(where + " " + text, all);
    }

    private static List<String> fields(String where, String text) throws UnbuildableException {
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '"' && quoted && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                field.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        if (quoted) {
            throw new UnbuildableException(where + " " + text + ": a quote is not closed");
        }
        fields.add(field.toString());
        return fields;
    }

    /** The value of one. */
    public Optional<String> take(String name) {
        return Optional.ofNullable(left.remove(name));
    }

    /** The same of one without which nothing can be done. */
    public String require(String name, String example) throws UnbuildableException {
        return take(name)
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> new UnbuildableException(where + ": say " + name + ", such as " + example));
    }

    /** One that is true or false. */
    public Optional<Boolean> takeFlag(String name) throws UnbuildableException {
        var text = take(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                switch (text.get().toLowerCase(Locale.ROOT)) {
                    case "true", "1", "t" -> true;
                    case "false", "0", "f" -> false;
                    default ->
                        throw new UnbuildableException(
                                where + ": " + name + " is true or false, not \"" + text.get() + "\"");
                });
    }

    /** How layers are written. */
    public LayerForm takeForm(Map<String, String> further) throws UnbuildableException {
        var compression = take("compression");
        var how = Optional.<Compression>empty();
        if (compression.isPresent()) {
            how = Optional.of(
                    switch (compression.get()) {
                        case "gzip" -> Compression.GZIP;
                        case "zstd" -> Compression.ZSTD;
                        case "uncompressed" -> Compression.NONE;
                        case "estargz" ->
                            throw new UnbuildableException(where
                                    + ": layers are not written as estargz; there are gzip, zstd and uncompressed");
                        default ->
                            throw new UnbuildableException(where + ": compression is gzip, zstd or uncompressed, not \""
                                    + compression.get() + "\"");
                    });
        }
        var annotations = new LinkedHashMap<>(further);
        for (var name : List.copyOf(left.keySet())) {
            if (name.startsWith("annotation")) {
                annotations.put(annotation(name), left.remove(name));
            }
        }
        var types = takeFlag("oci-mediatypes").map(oci -> oci ? LayerForm.Types.OCI : LayerForm.Types.DOCKER);
        try {
            return new LayerForm(how, level(), takeFlag("force-compression").orElse(false), types, annotations);
        } catch (IllegalArgumentException e) {
            throw new UnbuildableException(where + ": " + e.getMessage());
        }
    }

    private OptionalInt level() throws UnbuildableException {
        var text = take("compression-level");
        try {
            return text.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text.get()));
        } catch (NumberFormatException e) {
            throw new UnbuildableException(where + ": compression-level is a number, not \"" + text.get() + "\"");
        }
    }

    /** Of {@code annotation.KEY} and {@code annotation-manifest.KEY}. */
    private String annotation(String name) throws UnbuildableException {
        var dot = name.indexOf('.');
        if (dot < 0 || dot + 1 == name.length()) {
            throw new UnbuildableException(where + ": " + name + " has no key; write annotation.KEY=VALUE");
        }
        var kind = name.substring("annotation".length(), dot).replaceFirst("\\[.*]$", "");
        checkAnnotation(where, kind.isEmpty() ? "manifest" : kind.substring(1));
        return name.substring(dot + 1);
    }

    /** An image for one platform has a manifest, and neither an index nor a place in one. */
    public static void checkAnnotation(String where, String kind) throws UnbuildableException {
        switch (kind) {
            case "manifest" -> {
                // The one that there is.
            }
            case "index", "index-descriptor", "manifest-descriptor" ->
                throw new UnbuildableException(
                        where + ": an image for one platform has no index to annotate; annotate its" + " manifest");
            default ->
                throw new UnbuildableException(where + ": annotations are of a manifest, not of \"" + kind + "\"");
        }
    }

    /** Nothing may be left. */
    public void end(String known) throws UnbuildableException {
        if (!left.isEmpty()) {
            throw new UnbuildableException(where + ": " + String.join(", ", left.keySet())
                    + (left.size() == 1 ? " is" : " are") + " not supported here; " + known);
        }
    }
}
