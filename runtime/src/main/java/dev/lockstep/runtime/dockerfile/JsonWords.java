package dev.lockstep.runtime.dockerfile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Arguments as a JSON array of texts. */
sealed interface JsonWords {
    /** All are texts. */
    record Words(List<String> words) implements JsonWords {}

    /** JSON, but not of texts only: an error. */
    record OtherValues() implements JsonWords {}

    /** No JSON: the shell form. */
    record None() implements JsonWords {}

    /**
     * An array, and then something behind it.
     *
     * @param rest without blanks in front
     */
    record Trailing(String rest) implements JsonWords {}

    static JsonWords read(String text) {
        var begin = 0;
        while (begin < text.length() && dev.lockstep.runtime.dockerfile.Words.isBlank(text.charAt(begin))) {
            begin++;
        }
        if (begin == text.length() || text.charAt(begin) != '[') {
            return new None();
        }
        try (var json = new JsonFactory().createParser(text.substring(begin))) {
            json.nextToken();
            var words = new ArrayList<String>();
            var others = others(json, words);
            var end = (int) json.currentLocation().getCharOffset() + begin;
            var rest = text.substring(Math.min(end, text.length())).strip();
            if (!rest.isEmpty()) {
                return new Trailing(rest);
            }
            return others ? new OtherValues() : new Words(words);
        } catch (IOException e) {
            return new None();
        }
    }

    /** Reads up to the end of the array; whether it has anything but texts. */
    private static boolean others(JsonParser json, List<String> words) throws IOException {
        var others = false;
        for (var token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            if (token == null) {
                throw new IOException("no end");
            } else if (token == JsonToken.VALUE_STRING) {
                words.add(json.getText());
            } else {
                others = true;
                json.skipChildren();
            }
        }
        return others;
    }
}
