package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to put into {@code Authorization}: tokens that an authorization server gives for one repository (distribution,
 * "Token Authentication"), kept until shortly before they expire, or an account.
 */
final class Tokens {
    private static final long LEAST_SECONDS = 60;
    private static final long MARGIN_SECONDS = 10;
    private static final int ANSWER_LIMIT = 1 << 20;

    private record Kept(String authorization, Instant until) {}

    private final RegistrySettings settings;
    private final JsonMapper json;
    private final RegistryHttp http;
    /** By host and scopes. */
    private final Map<List<String>, Kept> kept = new ConcurrentHashMap<>();

    Tokens(RegistrySettings settings, JsonMapper json, RegistryHttp http) {
        this.settings = settings;
        this.json = json;
        this.http = http;
    }

    /** A list and no record: the JVM makes a record's hashCode when it is first called, in every cold pull. */
    private static List<String> key(Endpoint endpoint) {
        return Stream.concat(Stream.of(endpoint.host()), endpoint.scopes().stream())
                .toList();
    }

    /** What worked last, if it still holds. */
    Optional<String> known(Endpoint endpoint) {
        return Optional.ofNullable(kept.get(key(endpoint)))
                .filter(k -> settings.time().instant().isBefore(k.until()))
                .map(Kept::authorization);
    }

    /** Answers a challenge; empty when it asks for what nobody here has. */
    Optional<String> obtain(Endpoint endpoint, List<Challenge> challenges) throws IOException, InterruptedException {
        var credential = settings.credentials().find(endpoint.host());
        for (var challenge : challenges) {
            switch (challenge.scheme()) {
                case "bearer" -> {
                    return Optional.of(bearer(endpoint, challenge, credential));
                }
                case "basic" -> {
                    if (credential.isPresent() && credential.get() instanceof Credential.Account account) {
                        var basic = account.basic();
                        keep(endpoint, new Kept(basic, Instant.MAX));
                        return Optional.of(basic);
                    }
                }
                default -> {
                    // Negotiate, Digest: another challenge may do.
                }
            }
        }
        return Optional.empty();
    }

    private void keep(Endpoint endpoint, Kept authorization) {
        kept.put(key(endpoint), authorization);
    }

    private String bearer(Endpoint endpoint, Challenge challenge, Optional<Credential> credential)
            throws IOException, InterruptedException {
        if (credential.isPresent() && credential.get() instanceof Credential.RegistryToken(var token)) {
            keep(endpoint, new Kept("Bearer " + token, Instant.MAX));
            return "Bearer " + token;
        }
        var realm = realm(endpoint, challenge);
        JsonNode answer;
        try (var response = ask(realm, endpoint, challenge, credential)) {
            if (response.status() == 401 || response.status() == 403) {
                throw http.denied(endpoint, response);
            }
            if (!response.isSuccess()) {
                throw http.failed(Addresses.host(realm), response);
            }
            answer = json.readTree(http.read(Addresses.host(realm), response, ANSWER_LIMIT, "a token"));
        } catch (JsonProcessingException e) {
            // Without the cause, which would quote the answer.
            throw broken(endpoint, "answers what is no JSON");
        }
        var token = answer.path("token").asText(answer.path("access_token").asText(""));
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw broken(endpoint, "gives no token");
        }
        var seconds = Math.max(answer.path("expires_in").asLong(LEAST_SECONDS), LEAST_SECONDS);
        var until = settings.time().instant().plusSeconds(Math.min(seconds, 86_400) - MARGIN_SECONDS);
        keep(endpoint, new Kept("Bearer " + token, until));
        return "Bearer " + token;
    }

    /** An account goes along with the question; an identity token is posted (distribution, "OAuth2"). */
    private Answer ask(URI realm, Endpoint endpoint, Challenge challenge, Optional<Credential> credential)
            throws IOException, InterruptedException {
        var parameters = parameters(endpoint, challenge);
        if (credential.isPresent() && credential.get() instanceof Credential.IdentityToken(var token)) {
            var form = "grant_type=refresh_token&client_id=lockstep&refresh_token=" + encode(token) + "&" + parameters;
            return http.exchange(
                    Addresses.host(realm),
                    new RegistryHttp.Exchange("POST", realm)
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .body(HttpRequest.BodyPublishers.ofString(form)));
        }
        var query = (realm.getRawQuery() == null ? "" : realm.getRawQuery() + "&") + parameters;
        var uri = realm.resolve(
                (realm.getRawPath() == null || realm.getRawPath().isEmpty() ? "/" : realm.getRawPath()) + "?" + query);
        var question = new RegistryHttp.Exchange("GET", uri);
        return http.exchange(
                Addresses.host(realm),
                credential.isPresent() && credential.get() instanceof Credential.Account account
                        ? question.header("Authorization", account.basic())
                        : question);
    }

    private static String parameters(Endpoint endpoint, Challenge challenge) {
        var scopes = new LinkedHashSet<>(endpoint.scopes());
        // The challenge may name several, with spaces between (RFC 6750, 3).
        for (var scope : challenge.parameter("scope").orElse("").split(" +", -1)) {
            if (!scope.isEmpty() && !covers(scopes, scope)) {
                scopes.add(scope);
            }
        }
        var service = challenge.parameter("service").map(s -> "service=" + encode(s) + "&");
        return service.orElse("")
                + scopes.stream().map(s -> "scope=" + encode(s)).collect(Collectors.joining("&"));
    }

    /** Whether one of ours asks for as much: pull,push covers pull. */
    private static boolean covers(Set<String> scopes, String scope) {
        var colon = scope.lastIndexOf(':') + 1;
        var wanted = List.of(scope.substring(colon).split(",", -1));
        return scopes.stream()
                .anyMatch(s -> s.startsWith(scope.substring(0, colon))
                        && List.of(s.substring(s.lastIndexOf(':') + 1).split(",", -1))
                                .containsAll(wanted));
    }

    /** Whoever can read the way to the token can use it: https, but for a registry on this machine. */
    private static URI realm(Endpoint endpoint, Challenge challenge) throws RegistryException {
        return Addresses.named(
                endpoint.base(),
                challenge.parameter("realm"),
                endpoint.isPlain(),
                "registry " + endpoint.host() + " names as its authorization server");
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static RegistryException broken(Endpoint endpoint, String what) {
        return new RegistryException(
                RegistryException.Reason.BROKEN,
                "the authorization server of registry " + endpoint.host() + " " + what);
    }
}
