package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The flags of an instruction, checked against those that it has. */
final class Flags {
    /** What a flag takes. */
    enum Kind {
        TEXT,
        /** May be given several times. */
        TEXTS,
        /** The name alone is true. */
        BOOL
    }

    private final Map<String, List<String>> values = new LinkedHashMap<>();

    private Flags() {}

    /** Reads those of an instruction; what is wrong goes to {@code problems}. */
    static Flags read(RawInstruction raw, Map<String, Kind> known, List<Problem> problems) {
        var flags = new Flags();
        for (var flag : raw.flags()) {
            var equals = flag.text().indexOf('=');
            var name = equals < 0 ? flag.text() : flag.text().substring(0, equals);
            var value = equals < 0
                    ? Optional.<String>empty()
                    : Optional.of(flag.text().substring(equals + 1));
            var kind = known.get(name);
            var at = raw.line().at(flag.offset());
            if (kind == null) {
                problems.add(new Problem(
                        at, "unknown flag: --" + Shown.plain(name), Suggestion.nearest(name, known.keySet())));
            } else if (flags.values.containsKey(name) && kind != Kind.TEXTS) {
                problems.add(Problem.of(at, "duplicate flag specified: --" + name));
            } else {
                flags.add(name, kind, value, at, problems);
            }
        }
        return flags;
    }

    private void add(String name, Kind kind, Optional<String> value, SourceRange at, List<Problem> problems) {
        if (kind == Kind.BOOL && value.isEmpty()) {
            put(name, "true");
        } else if (value.isEmpty() || kind == Kind.BOOL && value.get().isEmpty()) {
            problems.add(Problem.of(at, "missing a value on flag: --" + name));
        } else if (kind == Kind.BOOL) {
            var word = value.get().toLowerCase(Locale.ROOT);
            if (!word.equals("true") && !word.equals("false")) {
                problems.add(Problem.of(
                        at, "expecting boolean value for flag " + name + ", not: " + Shown.plain(value.get())));
            }
            put(name, word);
        } else {
            put(name, value.get());
        }
    }

    private void put(String name, String value) {
        values.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name)).map(List::getLast);
    }

    List<String> texts(String name) {
        return values.getOrDefault(name, List.of());
    }

    boolean isSet(String name) {
        return text(name).filter("true"::equals).isPresent();
    }

    /** Empty if the flag is not given. */
    Optional<Boolean> bool(String name) {
        return text(name).map("true"::equals);
    }
}
