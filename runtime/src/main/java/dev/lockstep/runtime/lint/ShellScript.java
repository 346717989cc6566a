package dev.lockstep.runtime.lint;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The commands of a shell script, as well as rules about them need: quotes, escapes, {@code && || ; | &}, subshells,
 * groups, substitutions, control words. What the commands do to each other is not looked at.
 *
 * @param commands all of them, those of substitutions too, in the order in which they begin
 * @param hasPipe whether the output of one goes to another
 */
record ShellScript(List<Command> commands, boolean hasPipe) {
    /**
     * A simple command.
     *
     * @param program its name without a path; empty if there are assignments only
     * @param args its arguments without quotes; redirections are left out
     * @param assignments {@code A=b} in front
     */
    record Command(String program, List<String> args, List<String> assignments) {
        Command {
            args = List.copyOf(args);
            assignments = List.copyOf(assignments);
        }

        boolean has(String... flags) {
            return args.stream().anyMatch(List.of(flags)::contains);
        }

        /** Whether a flag of one letter stands alone or among others: {@code -qy}. */
        boolean hasLetter(char letter) {
            return args.stream().anyMatch(a -> a.matches("-[A-Za-z]+") && a.indexOf(letter) > 0);
        }

        /** Arguments that are no flags, without those that are values of the flags named. */
        List<String> operands(Set<String> withValue) {
            var result = new ArrayList<String>();
            for (var i = 0; i < args.size(); i++) {
                var arg = args.get(i);
                if (withValue.contains(arg)) {
                    i++;
                } else if (!arg.startsWith("-")) {
                    result.add(arg);
                }
            }
            return result;
        }

        List<String> operands() {
            return operands(Set.of());
        }

        /** Whether the first operand is one of these: {@code apt-get install}. */
        boolean does(String... verbs) {
            var operands = operands();
            return !operands.isEmpty() && List.of(verbs).contains(operands.getFirst());
        }
    }

    private static final int DEEPEST = 20;
    private static final Set<String> CONTROL =
            Set.of("if", "then", "else", "elif", "fi", "while", "until", "do", "done", "{", "}", "!", "esac", "time");
    private static final Set<String> BEFORE = Set.of("exec", "command", "eatmydata", "nice", "nohup");

    ShellScript {
        commands = List.copyOf(commands);
    }

    static ShellScript of(String text) {
        var reader = new Reader(0);
        reader.read(text);
        return new ShellScript(reader.commands, reader.pipe);
    }

    /** Words that are given to {@code execve}: one command. */
    static ShellScript of(List<String> words) {
        return new ShellScript(words.isEmpty() ? List.of() : List.of(command(new ArrayList<>(words))), false);
    }

    List<Command> calls(String... programs) {
        return commands.stream()
                .filter(c -> List.of(programs).contains(c.program))
                .toList();
    }

    boolean any(Predicate<Command> test) {
        return commands.stream().anyMatch(test);
    }

    private static Command command(List<String> words) {
        var assignments = new ArrayList<String>();
        while (!words.isEmpty()) {
            var first = words.getFirst();
            if (first.matches("[A-Za-z_][A-Za-z0-9_]*=(?s:.*)")) {
                assignments.add(words.removeFirst());
            } else if (CONTROL.contains(first) || BEFORE.contains(first) && words.size() > 1) {
                words.removeFirst();
            } else if (first.equals("env") && words.size() > 1) {
                words.removeFirst();
            } else {
                break;
            }
        }
        if (words.isEmpty()) {
            return new Command("", List.of(), assignments);
        }
        var name = words.getFirst();
        // A program by its path is the same program; /bin/sh is, ./configure is not.
        var program = name.startsWith("/") ? name.substring(name.lastIndexOf('/') + 1) : name;
        return new Command(program, words.subList(1, words.size()), assignments);
    }

    private static final class Reader {
        private final List<Command> commands = new ArrayList<>();
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private final int depth;
        private boolean inWord;
        private boolean skipNext;
        private boolean pipe;
        /** Between {@code case x in} or {@code ;;} and the parenthesis behind what is compared with. */
        private boolean pattern;

        Reader(int depth) {
            this.depth = depth;
        }

        void read(String text) {
            for (var i = 0; i < text.length(); i++) {
                var c = text.charAt(i);
                if (c == '\\' && i + 1 < text.length()) {
                    var next = text.charAt(++i);
                    if (next != '\n') {
                        add(next);
                    }
                } else if (c == '\'') {
                    var end = text.indexOf('\'', i + 1);
                    end = end < 0 ? text.length() : end;
                    inWord = true;
                    word.append(text, i + 1, end);
                    i = end;
                } else if (c == '"') {
                    i = quoted(text, i + 1);
                } else if (c == '$' && text.startsWith("$(", i) && !text.startsWith("$((", i) || c == '`') {
                    i = substitution(text, i);
                } else if (c == '$' && text.startsWith("${", i)) {
                    var end = text.indexOf('}', i);
                    end = end < 0 ? text.length() - 1 : end;
                    inWord = true;
                    word.append(text, i, end + 1);
                    i = end;
                } else if (c == '#' && !inWord) {
                    var end = text.indexOf('\n', i);
                    i = end < 0 ? text.length() : end - 1;
                } else if (c == ' ' || c == '\t') {
                    endWord();
                } else if (c == '<' || c == '>') {
                    i = redirection(text, i);
                } else if (";&|\n()".indexOf(c) >= 0) {
                    i = operator(text, i);
                } else {
                    add(c);
                }
            }
            endWord();
            if (!pattern) {
                endCommand();
            }
        }

        private int operator(String text, int at) {
            var c = text.charAt(at);
            endWord();
            // "case x in a | b) …" neither calls nor pipes anything.
            if (pattern && "()|&\n".indexOf(c) >= 0) {
                words.clear();
                pattern = c != ')';
                return at;
            }
            var next = at + 1 < text.length() ? text.charAt(at + 1) : '\0';
            var twice = next == c && (c == '&' || c == '|');
            pipe |= c == '|' && !twice;
            endCommand();
            pattern = c == ';' && (next == ';' || next == '&');
            return twice || pattern ? at + 1 : at;
        }

        private int redirection(String text, int at) {
            // The number of a descriptor belongs to it.
            if (inWord && word.chars().allMatch(Character::isDigit)) {
                word.setLength(0);
                inWord = false;
            }
            endWord();
            var i = at;
            while (i + 1 < text.length() && "<>&|-".indexOf(text.charAt(i + 1)) >= 0) {
                i++;
            }
            skipNext = true;
            return i;
        }

        private int quoted(String text, int from) {
            inWord = true;
            for (var i = from; i < text.length(); i++) {
                var c = text.charAt(i);
                if (c == '"') {
                    return i;
                } else if (c == '\\' && i + 1 < text.length()) {
                    word.append(text.charAt(++i));
                } else if (c == '$' && text.startsWith("$(", i) || c == '`') {
                    i = substitution(text, i);
                } else {
                    word.append(c);
                }
            }
            return text.length();
        }

        /** Its commands are commands too; the word keeps a dollar for it. */
        private int substitution(String text, int at) {
            var begin = text.charAt(at) == '`' ? at + 1 : at + 2;
            var end = text.charAt(at) == '`' ? text.indexOf('`', begin) : closing(text, begin);
            end = end < 0 ? text.length() : end;
            if (depth < DEEPEST) {
                var inner = new Reader(depth + 1);
                inner.read(text.substring(Math.min(begin, end), end));
                commands.addAll(inner.commands);
                pipe |= inner.pipe;
            }
            inWord = true;
            word.append("$()");
            return end;
        }

        private static int closing(String text, int from) {
            var open = 1;
            for (var i = from; i < text.length(); i++) {
                var c = text.charAt(i);
                if (c == '\\') {
                    i++;
                } else if (c == '\'') {
                    var end = text.indexOf('\'', i + 1);
                    i = end < 0 ? text.length() : end;
                } else if (c == '(') {
                    open++;
                } else if (c == ')' && --open == 0) {
                    return i;
                }
            }
            return -1;
        }

        private void add(char c) {
            inWord = true;
            word.append(c);
        }

        private void endWord() {
            if (inWord) {
                if (!skipNext) {
                    words.add(word.toString());
                }
                skipNext = false;
                word.setLength(0);
                inWord = false;
                cases();
            }
        }

        private void cases() {
            var count = words.size();
            if (pattern && words.equals(List.of("esac"))) {
                pattern = false;
                words.clear();
            } else if (count > 2
                    && words.getLast().equals("in")
                    && words.get(count - 3).equals("case")
                    && CONTROL.containsAll(words.subList(0, count - 3))) {
                endCommand();
                pattern = true;
            }
        }

        private void endCommand() {
            endWord();
            skipNext = false;
            if (!words.isEmpty()) {
                var command = command(words);
                if (!command.program.isEmpty() || !command.assignments.isEmpty()) {
                    commands.add(command);
                }
                words.clear();
            }
        }
    }
}
