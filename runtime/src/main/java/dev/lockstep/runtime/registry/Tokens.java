package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What to put into {@code Authorization}: tokens that an authorization server gives for one repository (distribution,
 * "Token Authentication"), kept until shortly before they expire, or an account.
 */
final class Tokens {
    private static final long LEAST_SECONDS = 60;
    private static final long MARGIN_SECONDS = 10;
    private static final int ANSWER_LIMIT = 1 << 20;

    private record Key(String host, String scope) {}

    private record Kept(String authorization, Instant until) {}

    private final RegistrySettings settings;
    private final JsonMapper json;
    private final RegistryHttp http;
    private final Map<Key, Kept> kept = new ConcurrentHashMap<>();

    Tokens(RegistrySettings settings, JsonMapper json, RegistryHttp http) {
        this.settings = settings;
        this.json = json;
        this.http = http;
    }

    /** What worked last, if it still holds. */
    Optional<String> known(Endpoint endpoint) {
        return Optional.ofNullable(kept.get(new Key(endpoint.host(), endpoint.scope())))
                .filter(k -> settings.clock().instant().isBefore(k.until()))
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
                    if (credential.isPresent()) {
                        var basic = credential.get().basic();
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
        kept.put(new Key(endpoint.host(), endpoint.scope()), authorization);
    }

    private String bearer(Endpoint endpoint, Challenge challenge, Optional<Credential> credential)
            throws IOException, InterruptedException {
        var uri = tokenUri(endpoint, challenge);
        JsonNode answer;
        try (var response =
                http.exchange("GET", uri.getAuthority(), uri, Map.of(), credential.map(Credential::basic))) {
            if (response.status() == 401 || response.status() == 403) {
                throw http.denied(endpoint, response);
            }
            if (!response.isSuccess()) {
                throw http.failed(uri.getAuthority(), response);
            }
            answer = json.readTree(response.body().readAll(ANSWER_LIMIT));
        } catch (JsonProcessingException e) {
            throw broken(endpoint, "answers what is no JSON", e);
        }
        var token = answer.path("token").asText(answer.path("access_token").asText(""));
        if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw broken(endpoint, "gives no token", null);
        }
        var seconds = Math.max(answer.path("expires_in").asLong(LEAST_SECONDS), LEAST_SECONDS);
        var until = settings.clock().instant().plusSeconds(Math.min(seconds, 86_400) - MARGIN_SECONDS);
        keep(endpoint, new Kept("Bearer " + token, until));
        return "Bearer " + token;
    }

    /** Whoever can read the way to the token can use it: https, but for a registry on this machine. */
    private static URI tokenUri(Endpoint endpoint, Challenge challenge) throws RegistryException {
        try {
            var realm = URI.create(challenge.parameter("realm").orElse(""));
            var isHttps = "https".equals(realm.getScheme());
            if (realm.getHost() == null || !(isHttps || (endpoint.isPlain() && "http".equals(realm.getScheme())))) {
                throw broken(endpoint, "is not reached by https", null);
            }
            var query = new StringBuilder(realm.getRawQuery() == null ? "" : realm.getRawQuery() + "&");
            challenge
                    .parameter("service")
                    .ifPresent(s -> query.append("service=").append(encode(s)).append('&'));
            query.append("scope=").append(encode(challenge.parameter("scope").orElse(endpoint.scope())));
            return URI.create(realm.getScheme() + "://" + realm.getRawAuthority()
                    + (realm.getRawPath() == null ? "" : realm.getRawPath()) + "?" + query);
        } catch (IllegalArgumentException e) {
            throw broken(endpoint, "has no valid address", e);
        }
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static RegistryException broken(Endpoint endpoint, String what, @Nullable Exception cause) {
        var message = "the authorization server of registry " + endpoint.host() + " " + what;
        return cause == null
                ? new RegistryException(RegistryException.Reason.BROKEN, message)
                : new RegistryException(RegistryException.Reason.BROKEN, message, cause);
    }
}
