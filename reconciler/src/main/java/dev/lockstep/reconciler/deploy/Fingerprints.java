package dev.lockstep.reconciler.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lockstep.reconciler.plan.PlanBasis;
import dev.lockstep.runtime.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Fingerprints of values by the key of a root: the hash of a short password could be guessed, this one only by who can
 * read the key.
 *
 * @param ownKey instead of the root's, in hexadecimal digits: of a plan that was made before the root had one
 */
record Fingerprints(Engine engine, Optional<String> ownKey) implements PlanBasis.Fingerprint {
    @Override
    public String of(Object value) {
        try {
            var json = sorted(engine.root().json().valueToTree(value));
            var bytes = json.toString().getBytes(StandardCharsets.UTF_8);
            return ownKey.isPresent()
                    ? hash(HexFormat.of().parseHex(ownKey.get()), bytes)
                    : engine.contents().identity(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(byte[] key, byte[] bytes) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(bytes));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    /** Immutable maps have another order in every process. */
    private static JsonNode sorted(JsonNode node) {
        if (node.isObject()) {
            var names = new TreeSet<String>();
            node.fieldNames().forEachRemaining(names::add);
            var object = JsonNodeFactory.instance.objectNode();
            names.forEach(name -> object.set(name, sorted(node.get(name))));
            return object;
        }
        if (node.isArray()) {
            var array = JsonNodeFactory.instance.arrayNode();
            node.forEach(item -> array.add(sorted(item)));
            return array;
        }
        return node;
    }
}
