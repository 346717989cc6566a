package dev.lockstep.runtime.archive;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Extended header records, {@code LENGTH KEY=VALUE\n} (POSIX.1-2001 pax). Values are bytes and may hold anything, also
 * newlines: one character is one byte here.
 */
final class PaxRecords {
    /** One record, in the order of the header. */
    record Entry(String key, String value) {}

    private PaxRecords() {}

    static List<Entry> parse(byte[] header) throws ArchiveException {
        var text = new String(header, StandardCharsets.ISO_8859_1);
        var records = new ArrayList<Entry>();
        for (var at = 0; at < text.length(); ) {
            if (text.charAt(at) == '\0') {
                // Some writers fill the last block and count the filling.
                break;
            }
            var space = text.indexOf(' ', at);
            if (space < 0 || space - at > 10) {
                throw damaged();
            }
            var length = TarNumbers.decimal(text.substring(at, space));
            var end = at + length;
            var equals = text.indexOf('=', space + 1);
            if (end > text.length()
                    || end <= space + 1
                    || text.charAt((int) end - 1) != '\n'
                    || equals < 0
                    || equals >= end
                    || equals == space + 1) {
                throw damaged();
            }
            records.add(new Entry(text.substring(space + 1, equals), text.substring(equals + 1, (int) end - 1)));
            at = (int) end;
        }
        return records;
    }

    private static ArchiveException damaged() {
        return new ArchiveException("damaged tar header: an extended record does not have the length it says");
    }
}
