package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** A list that a registry gives page by page (distribution specification, "Listing Tags"). */
final class Listing {
    private static final int PAGE_LIMIT = 4 << 20;
    private static final int MOST = 1_000_000;
    /** Registries that show each account only what it may see have pages without a name, but few. */
    private static final int MOST_EMPTY = 100;
    /** All that anybody waits for, whatever comes meanwhile; a catalog of a million names takes some minutes. */
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private static final Pattern NEXT = Pattern.compile("<([^<>]*)>\\s*;[^,]*\\brel=\"?next\"?");
    /** Tags and repositories; what is neither may be anything, say an escape sequence. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_./-]{0,254}");

    private final RegistryHttp http;
    private final JsonMapper json;
    private final Endpoint endpoint;

    Listing(RegistryHttp http, JsonMapper json, Endpoint endpoint) {
        this.http = http;
        this.json = json;
        this.endpoint = endpoint;
    }

    private record Page(JsonNode document, Optional<String> next) {}

    /**
     * All names, in the registry's order.
     *
     * @param what is listed, for errors
     */
    List<String> all(URI first, String field, String what) throws IOException {
        var names = new ArrayList<String>();
        var visited = new HashSet<URI>();
        var empty = 0;
        var begin = http.time().instant();
        var at = Optional.of(first);
        while (at.isPresent()) {
            var uri = at.get();
            var isLate = Duration.between(begin, http.time().instant()).compareTo(LONGEST) > 0;
            if (!visited.add(uri) || names.size() > MOST || empty > MOST_EMPTY || isLate) {
                throw broken("lists " + what + " without end");
            }
            var page = http.retrying(() -> page(uri, what));
            empty += page.document.path(field).isEmpty() ? 1 : 0;
            for (var name : page.document.path(field)) {
                if (!name.isTextual() || !NAME.matcher(name.textValue()).matches()) {
                    throw broken("lists among " + what + " what is no name");
                }
                names.add(name.textValue());
            }
            at = page.next.isPresent() ? Optional.of(next(endpoint, uri, page.next.get())) : Optional.empty();
        }
        return names;
    }

    private Page page(URI uri, String what) throws IOException, InterruptedException {
        try (var answer = http.send("GET", endpoint, uri, Map.of("Accept", "application/json"))) {
            switch (answer.status()) {
                case 403 -> throw http.denied(endpoint, answer);
                case 404 ->
                    throw new RegistryException(
                            RegistryException.Reason.NOT_FOUND, what + " not found in registry " + endpoint.host());
                default -> {
                    if (!answer.isSuccess()) {
                        throw http.failed(endpoint.host(), answer);
                    }
                }
            }
            var bytes = http.read(endpoint.host(), answer, PAGE_LIMIT, "one page of " + what);
            return new Page(json.readTree(bytes), link(answer));
        } catch (JsonProcessingException e) {
            throw broken("lists " + what + " as what is no JSON");
        }
    }

    /** Where the next page is, as the answer says it. */
    static Optional<String> link(Answer answer) {
        return answer.headers().allValues("Link").stream()
                .map(NEXT::matcher)
                .filter(m -> m.find())
                .map(m -> m.group(1))
                .findFirst();
    }

    /** The next page is on the same server: the account goes with the question. */
    static URI next(Endpoint endpoint, URI from, String link) throws RegistryException {
        var next = Addresses.named(
                from, Optional.of(link), endpoint.isPlain(), "registry " + endpoint.host() + " goes on with a list on");
        if (Addresses.sameServer(from, next)) {
            return next;
        }
        throw broken(endpoint, "goes on with a list on what is no page of its own");
    }

    private RegistryException broken(String what) {
        return broken(endpoint, what);
    }

    private static RegistryException broken(Endpoint endpoint, String what) {
        return new RegistryException(RegistryException.Reason.BROKEN, "registry " + endpoint.host() + " " + what);
    }
}
