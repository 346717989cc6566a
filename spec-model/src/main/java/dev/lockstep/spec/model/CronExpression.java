package dev.lockstep.spec.model;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Points in time as Quartz writes them: seconds, minutes, hours, day of month, month, day of week and, where wanted,
 * the year. One of the two days is {@code ?}
 * (https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html).
 *
 * @param text fields with single blanks between
 */
public record CronExpression(String text) {
    private static final String EXAMPLE = "Write for example \"0 0 2 ? * MON-FRI\"";
    private static final Pattern DAY_OF_MONTH = Pattern.compile("L|LW|L-([12]?[0-9]|30)|([1-9]|[12][0-9]|3[01])W");
    private static final Pattern DAY_OF_WEEK = Pattern.compile("L|([1-7]|[A-Z]{3})(L|#[1-5])");

    /** One of the fields: its name, the numbers it may have, and words for the first of them. */
    private record Field(String name, int least, int most, List<String> words) {
        int value(String text) {
            var word = words.indexOf(text);
            if (word >= 0) {
                return least + word;
            }
            if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
                throw new IllegalArgumentException("\"" + text + "\" is no " + name + ". Write a number from " + least
                        + " to " + most + (words.isEmpty() ? "" : " or a word like " + words.getFirst()));
            }
            return Integer.parseInt(text);
        }
    }

    private static final List<Field> FIELDS = List.of(
            new Field("second", 0, 59, List.of()),
            new Field("minute", 0, 59, List.of()),
            new Field("hour", 0, 23, List.of()),
            new Field("day of the month", 1, 31, List.of()),
            new Field(
                    "month",
                    1,
                    12,
                    List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")),
            new Field("day of the week", 1, 7, List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")),
            new Field("year", 1970, 2199, List.of()));
    private static final int MONTH_DAY = 3;
    private static final int WEEK_DAY = 5;

    public CronExpression {
        var fields = List.of(text.split(" ", -1));
        if (fields.size() != FIELDS.size() && fields.size() != FIELDS.size() - 1) {
            throw new IllegalArgumentException("\"" + text + "\" has " + fields.size()
                    + " fields. A cron expression has seconds, minutes, hours, day of month, month and day of week. "
                    + EXAMPLE);
        }
        for (var i = 0; i < fields.size(); i++) {
            check(i, fields.get(i));
        }
        if (fields.get(MONTH_DAY).equals("?") == fields.get(WEEK_DAY).equals("?")) {
            throw new IllegalArgumentException("\"" + text
                    + "\" must have ? for one of day of month and day of week, and not for both. " + EXAMPLE);
        }
    }

    /**
     * Reads an expression; words may be in any case, blanks any number.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static CronExpression parse(String text) {
        return new CronExpression(text.strip().toUpperCase(Locale.ROOT).replaceAll("\\s+", " "));
    }

    private static void check(int index, String text) {
        if (text.equals("*") || text.equals("?") && (index == MONTH_DAY || index == WEEK_DAY)) {
            return;
        }
        for (var item : text.split(",", -1)) {
            var single = index == MONTH_DAY && DAY_OF_MONTH.matcher(item).matches()
                    || index == WEEK_DAY && DAY_OF_WEEK.matcher(item).matches();
            if (single) {
                // A word before L or # must be a day, and the pattern takes any three letters.
                if (item.matches("[A-Z]{3}.+")) {
                    FIELDS.get(index).value(item.substring(0, 3));
                }
            } else {
                checkItem(FIELDS.get(index), item);
            }
        }
    }

    /** {@code 5}, {@code 5-10}, {@code *}{@code /5}, {@code 5/10}, {@code 0-30/5}. */
    private static void checkItem(Field field, String item) {
        var slash = item.indexOf('/');
        var range = slash < 0 ? item : item.substring(0, slash);
        if (slash >= 0) {
            var step = item.substring(slash + 1);
            if (!step.matches("[1-9][0-9]{0,3}") || Integer.parseInt(step) > field.most) {
                throw new IllegalArgumentException(
                        "\"" + item + "\" has no step that fits a " + field.name + ". Write up to " + field.most);
            }
        }
        if (slash >= 0 && (range.equals("*") || range.isEmpty())) {
            return;
        }
        var dash = range.indexOf('-');
        if (dash < 0) {
            field.value(range);
        } else {
            // From late to early goes round: 22-2 hours are five.
            field.value(range.substring(0, dash));
            field.value(range.substring(dash + 1));
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
