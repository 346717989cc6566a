package dev.lockstep.runtime.context;

import java.util.ArrayList;
import java.util.List;

/** What {@code --chmod} makes of a mode: an octal number, or clauses as in chmod(1). */
public sealed interface ModeChange permits ModeChange.Octal, ModeChange.Symbolic {
    /** Exactly this, set-id and sticky included. */
    record Octal(int mode) implements ModeChange {
        public Octal {
            if (mode < 0 || mode > 07777) {
                throw new IllegalArgumentException("mode " + Integer.toOctalString(mode));
            }
        }
    }

    /** One after the other. */
    record Symbolic(List<Clause> clauses) implements ModeChange {
        public Symbolic {
            clauses = List.copyOf(clauses);
        }
    }

    /**
     * One change of a symbolic mode.
     *
     * @param who bits that may change, as a mask: 07777 for all
     * @param operator {@code +}, {@code -} or {@code =}
     * @param what letters {@code rwxXst} or one of {@code ugo}
     */
    record Clause(int who, char operator, String what) {}

    /**
     * Reads what the option says.
     *
     * @throws ContextException when it is neither
     */
    static ModeChange parse(String text) throws ContextException {
        if (text.matches("[0-7]{1,5}") && Integer.parseInt(text, 8) <= 07777) {
            return new Octal(Integer.parseInt(text, 8));
        }
        if (text.isEmpty() || Character.isDigit(text.charAt(0))) {
            throw invalid(text);
        }
        var clauses = new ArrayList<Clause>();
        for (var clause : text.split(",", -1)) {
            if (!clause.matches("[ugoa]*([-+=]([rwxXst]*|[ugo]))+")) {
                throw invalid(text);
            }
            var at = 0;
            var who = 0;
            while ("ugoa".indexOf(clause.charAt(at)) >= 0) {
                who |= switch (clause.charAt(at++)) {
                    case 'u' -> 04700;
                    case 'g' -> 02070;
                    case 'o' -> 01007;
                    default -> 07777;
                };
            }
            while (at < clause.length()) {
                var operator = clause.charAt(at++);
                var begin = at;
                while (at < clause.length() && "-+=".indexOf(clause.charAt(at)) < 0) {
                    at++;
                }
                clauses.add(new Clause(who == 0 ? 07777 : who, operator, clause.substring(begin, at)));
            }
        }
        return new Symbolic(clauses);
    }

    private static ContextException invalid(String text) {
        return new ContextException("invalid chmod parameter: '" + text
                + "'. it should be octal string and between 0 and 07777, or symbolic as in chmod(1)");
    }

    /** The mode of a file or directory that had {@code mode}. */
    default int apply(int mode, boolean isDirectory) {
        return switch (this) {
            case Octal octal -> octal.mode();
            case Symbolic symbolic -> {
                var changed = mode;
                for (var clause : symbolic.clauses()) {
                    changed = apply(clause, changed, isDirectory);
                }
                yield changed;
            }
        };
    }

    private static int apply(Clause clause, int mode, boolean isDirectory) {
        var bits = 0;
        for (var letter : clause.what().toCharArray()) {
            bits |= switch (letter) {
                case 'r' -> 0444;
                case 'w' -> 0222;
                case 'x' -> 0111;
                case 'X' -> isDirectory || (mode & 0111) != 0 ? 0111 : 0;
                case 's' -> 06000;
                case 't' -> 01000;
                case 'u' -> spread(mode >> 6);
                case 'g' -> spread(mode >> 3);
                default -> spread(mode);
            };
        }
        bits &= clause.who();
        return switch (clause.operator()) {
            case '+' -> mode | bits;
            case '-' -> mode & ~bits;
            default -> mode & ~clause.who() | bits;
        };
    }

    private static int spread(int three) {
        return (three & 7) * 0111;
    }
}
