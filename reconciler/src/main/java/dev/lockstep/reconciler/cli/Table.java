package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import java.util.ArrayList;
import java.util.List;

/** Columns under headings, as Docker prints them: three spaces between, nothing behind the last. */
final class Table {
    /** What docker compose pads the columns of its lists to. */
    static final int COMPOSE = 20;

    /** And those of processes. */
    static final int PROCESSES = 5;

    private static final int GAP = 3;

    private final List<List<String>> rows = new ArrayList<>();
    private final int narrowest;

    Table(String... headings) {
        this(0, headings);
    }

    /** @param narrowest no column but the last is narrower, the gap behind it included */
    Table(int narrowest, String... headings) {
        this.narrowest = narrowest;
        rows.add(List.of(headings));
    }

    /** A cell for each heading; control characters in it are escaped. */
    Table row(String... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException(rows.getFirst().size() + " columns, got " + cells.length);
        }
        rows.add(List.of(cells).stream().map(Printable::text).toList());
        return this;
    }

    /** The lines, each with its newline. */
    @Override
    public String toString() {
        var widths = new int[rows.getFirst().size()];
        for (var row : rows) {
            for (var i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], Math.max(narrowest - GAP, width(row.get(i))));
            }
        }
        var text = new StringBuilder();
        for (var row : rows) {
            var line = new StringBuilder();
            for (var i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(' ', widths[i] - width(row.get(i)) + GAP);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
