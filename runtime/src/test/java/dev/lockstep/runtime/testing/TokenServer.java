package dev.lockstep.runtime.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;

/** An authorization server (distribution, "Token Authentication") that signs what a test allows. */
public final class TokenServer implements AutoCloseable {
    private final HttpServer server;
    private final PrivateKey key;
    private final String certificate;
    private final Path bundle;
    private final BiFunction<Optional<String>, String, Boolean> allows;
    private final List<String> questions = new CopyOnWriteArrayList<>();

    private TokenServer(
            HttpServer server,
            PrivateKey key,
            String certificate,
            Path bundle,
            BiFunction<Optional<String>, String, Boolean> allows) {
        this.server = server;
        this.key = key;
        this.certificate = certificate;
        this.bundle = bundle;
        this.allows = allows;
    }

    /**
     * Starts it.
     *
     * @param allows whether who shows that {@code Authorization} gets that scope
     */
    public static TokenServer start(TestAuthority authority, BiFunction<Optional<String>, String, Boolean> allows)
            throws IOException, InterruptedException, GeneralSecurityException {
        var issued = authority.issue("tokens", "subjectAltName=DNS:tokens", "-newkey rsa:2048");
        var key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pem(issued.key())));
        var certificate = Base64.getEncoder().encodeToString(pem(issued.certificate()));
        var server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        var tokens = new TokenServer(server, key, certificate, authority.certificate(), allows);
        server.createContext("/token", tokens::handle);
        server.start();
        return tokens;
    }

    private static byte[] pem(Path file) throws IOException {
        return Base64.getMimeDecoder().decode(Files.readString(file).replaceAll("-----[^-]+-----", ""));
    }

    /** Section {@code auth} of a registry that trusts this server. */
    public String section() {
        return "auth: {token: {realm: 'http://127.0.0.1:" + server.getAddress().getPort()
                + "/token', service: test, issuer: tester, rootcertbundle: '" + bundle + "'}}";
    }

    /** Queries so far. */
    public List<String> questions() {
        return List.copyOf(questions);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            questions.add(exchange.getRequestURI().getRawQuery());
            var who = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"));
            var access = new ArrayList<String>();
            for (var parameter : exchange.getRequestURI().getRawQuery().split("&", -1)) {
                var text = URLDecoder.decode(parameter, StandardCharsets.UTF_8);
                if (text.startsWith("scope=") && allows.apply(who, text.substring(6))) {
                    var parts = text.substring(6).split(":", -1);
                    access.add("{\"type\":\"%s\",\"name\":\"%s\",\"actions\":[\"%s\"]}"
                            .formatted(parts[0], parts[1], parts[2].replace(",", "\",\"")));
                }
            }
            var answer = "{\"token\":\"" + token(String.join(",", access)) + "\",\"expires_in\":300}";
            FakeRegistry.body(answer.getBytes(StandardCharsets.UTF_8)).handle(exchange);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private String token(String access) throws GeneralSecurityException {
        var now = Instant.now().getEpochSecond();
        var header = "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\"" + certificate + "\"]}";
        var claims =
                ("{\"iss\":\"tester\",\"sub\":\"\",\"aud\":\"test\",\"exp\":%d,\"nbf\":%d,\"iat\":%d,\"jti\":\"1\","
                                + "\"access\":[%s]}")
                        .formatted(now + 300, now - 60, now, access);
        var encoder = Base64.getUrlEncoder().withoutPadding();
        var signed = encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
                + encoder.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
        var signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(key);
        signature.update(signed.getBytes(StandardCharsets.UTF_8));
        return signed + "." + encoder.encodeToString(signature.sign());
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
