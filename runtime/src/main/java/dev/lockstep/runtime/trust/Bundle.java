package dev.lockstep.runtime.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A sigstore bundle (sigstore protobuf-specs, {@code sigstore_bundle.proto}): something signed, with its signatures.
 * What it says of certificates and of transparency logs is not looked at: a key alone decides.
 */
sealed interface Bundle {
    /** What its documents are called; versions before 0.3 put theirs behind it in another way. */
    String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle";

    /**
     * A statement in an envelope (DSSE).
     *
     * @param signatures as bytes, over {@link #signed}
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Envelope(String type, byte[] payload, List<byte[]> signatures) implements Bundle {
        private static final String STATEMENT = "application/vnd.in-toto+json";

        boolean isStatement() {
            return type.equals(STATEMENT);
        }

        /** What is signed: the payload and its type, both with their lengths (DSSE, "Pre-Authentication Encoding"). */
        byte[] signed() {
            var typeBytes = type.getBytes(StandardCharsets.UTF_8);
            var bytes = new ByteArrayOutputStream();
            bytes.writeBytes(("DSSEv1 " + typeBytes.length + " ").getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(typeBytes);
            bytes.writeBytes((" " + payload.length + " ").getBytes(StandardCharsets.US_ASCII));
            bytes.writeBytes(payload);
            return bytes.toByteArray();
        }
    }

    /** A signature over the manifest itself. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Message(byte[] signature) implements Bundle {}

    /** Most signatures of one envelope. */
    int MOST_SIGNATURES = 16;

    /** Reads one; empty when it is none. */
    static Optional<Bundle> parse(JsonMapper json, byte[] bytes) {
        JsonNode root;
        try {
            root = json.readTree(bytes);
        } catch (IOException e) {
            return Optional.empty();
        }
        if (!root.path("mediaType").asText().startsWith(MEDIA_TYPE)) {
            return Optional.empty();
        }
        var envelope = root.path("dsseEnvelope");
        if (envelope.isObject()) {
            var signatures = new ArrayList<byte[]>();
            for (var signature : envelope.path("signatures")) {
                if (signatures.size() < MOST_SIGNATURES) {
                    base64(signature.path("sig")).ifPresent(signatures::add);
                }
            }
            return base64(envelope.path("payload"))
                    .map(payload -> new Envelope(envelope.path("payloadType").asText(), payload, signatures));
        }
        return base64(root.path("messageSignature").path("signature")).map(Message::new);
    }

    /** The bytes of a text in base64; empty when it is none. */
    static Optional<byte[]> base64(JsonNode node) {
        return node.isTextual() ? base64(node.textValue()) : Optional.empty();
    }

    static Optional<byte[]> base64(String text) {
        try {
            return Optional.of(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
