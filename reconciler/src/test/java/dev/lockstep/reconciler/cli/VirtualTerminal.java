package dev.lockstep.reconciler.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Understands what a progress display may use of a terminal, and nothing else; shows what a person would see. */
final class VirtualTerminal {
    private final int columns;
    private final int rows;
    private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    private int row;
    private int column;
    private int scrolled;

    VirtualTerminal(int columns, int rows) {
        this.columns = columns;
        this.rows = rows;
    }

    void write(String text) {
        for (var i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '\r' -> column = 0;
                case '\n' -> newLine();
                case '\u001b' -> {
                    var end = i + 2;
                    while (Character.isDigit(text.charAt(end))) {
                        end++;
                    }
                    control(text.charAt(end), text.substring(i + 2, end));
                    i = end;
                }
                default -> put(text.charAt(i));
            }
        }
    }

    private void control(char command, String number) {
        switch (command) {
            case 'A' -> row = Math.max(scrolled, row - Integer.parseInt(number));
            case 'K' -> lines.get(row).setLength(Math.min(column, lines.get(row).length()));
            case 'J' -> {
                lines.get(row).setLength(Math.min(column, lines.get(row).length()));
                lines.subList(row + 1, lines.size()).clear();
            }
            default -> throw new AssertionError("an escape sequence that is not needed: " + command);
        }
    }

    private void newLine() {
        row++;
        column = 0;
        if (row == lines.size()) {
            lines.add(new StringBuilder());
        }
        scrolled = Math.max(scrolled, lines.size() - rows);
    }

    private void put(char c) {
        if (c < ' ') {
            throw new AssertionError("a control character: " + (int) c);
        }
        if (column == columns) {
            newLine();
        }
        var line = lines.get(row);
        if (column < line.length()) {
            line.setCharAt(column, c);
        } else {
            line.append(c);
        }
        column++;
    }

    /** Lines that have left the screen at its top: nothing takes them back. */
    int scrolled() {
        return scrolled;
    }

    /** What is on it. */
    String text() {
        return lines.stream()
                .map(line -> line.toString().stripTrailing())
                .collect(Collectors.joining("\n"))
                .stripTrailing();
    }
}
