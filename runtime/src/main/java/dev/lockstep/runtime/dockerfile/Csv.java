package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One line of comma-separated values (RFC 4180), as flags have it. */
final class Csv {
    private Csv() {}

    static List<String> fields(String line) throws MountReader.InvalidMountException {
        var fields = new ArrayList<String>();
        var field = new StringBuilder();
        var at = 0;
        while (true) {
            if (at < line.length() && line.charAt(at) == '"') {
                at = quoted(line, at + 1, field);
                if (at < line.length() && line.charAt(at) != ',') {
                    throw failed("extraneous or missing \" in quoted-field");
                }
            } else {
                while (at < line.length() && line.charAt(at) != ',') {
                    if (line.charAt(at) == '"') {
                        throw failed("bare \" in non-quoted-field");
                    }
                    field.append(line.charAt(at++));
                }
            }
            fields.add(field.toString());
            field.setLength(0);
            if (at == line.length()) {
                return fields;
            }
            at++;
        }
    }

    private static int quoted(String line, int from, StringBuilder field) throws MountReader.InvalidMountException {
        for (var at = from; at < line.length(); at++) {
            if (line.charAt(at) != '"') {
                field.append(line.charAt(at));
            } else if (at + 1 < line.length() && line.charAt(at + 1) == '"') {
                field.append(line.charAt(at++));
            } else {
                return at + 1;
            }
        }
        throw failed("extraneous or missing \" in quoted-field");
    }

    private static MountReader.InvalidMountException failed(String why) {
        return new MountReader.InvalidMountException("failed to parse csv mounts: " + why, Optional.empty());
    }
}
