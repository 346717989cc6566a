package dev.lockstep.runtime.registry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One way to authenticate that a server offers in {@code WWW-Authenticate} (RFC 9110, 11.6.1).
 *
 * @param scheme in lower case: {@code bearer}, {@code basic}
 * @param parameters names in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
    /** Reads all header lines. What cannot be read ends that line: the challenges before it count. */
    static List<Challenge> parse(List<String> headers) {
        var challenges = new ArrayList<Challenge>();
        headers.forEach(header -> new Parser(header).parse(challenges));
        return challenges;
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        /** A word is a scheme when a space and no "=" follows it: commas separate both challenges and parameters. */
        void parse(List<Challenge> challenges) {
            Map<String, String> parameters = new LinkedHashMap<>();
            while (true) {
                skip(" \t,");
                var word = token();
                if (word.isEmpty()) {
                    return;
                }
                skip(" \t");
                if (peek() == '=') {
                    at++;
                    skip(" \t");
                    var value = peek() == '"' ? quoted() : token68();
                    parameters.put(word.toLowerCase(Locale.ROOT), value);
                } else {
                    parameters = new LinkedHashMap<>();
                    challenges.add(new Challenge(word.toLowerCase(Locale.ROOT), parameters));
                }
            }
        }

        private int peek() {
            return at < text.length() ? text.charAt(at) : -1;
        }

        private void skip(String characters) {
            while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private String token() {
            var start = at;
            while (at < text.length() && isTokenCharacter(text.charAt(at))) {
                at++;
            }
            return text.substring(start, at);
        }

        private static boolean isTokenCharacter(char c) {
            return Character.isLetterOrDigit(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }

        private String token68() {
            var start = at;
            while (at < text.length() && " \t,".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at);
        }

        private String quoted() {
            var value = new StringBuilder();
            for (at++; at < text.length(); at++) {
                var c = text.charAt(at);
                if (c == '"') {
                    at++;
                    break;
                }
                if (c == '\\' && at + 1 < text.length()) {
                    c = text.charAt(++at);
                }
                value.append(c);
            }
            return value.toString();
        }
    }
}
