package dev.lockstep.runtime.trust;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the signer of a document says in it. Only read when the signature over its bytes has been verified.
 *
 * @param digests that are signed, {@code sha256:HEX}
 * @param names of repositories, as written
 */
record Claim(Set<String> digests, List<String> names) {
    private static final String SIMPLE_SIGNING = "cosign container image signature";
    private static final String STATEMENT = "https://in-toto.io/Statement/";
    /** An attestation says something about an image, be it that it is dangerous; only this one says that it is good. */
    private static final String SIGNING = "https://sigstore.dev/cosign/sign/v1";

    /** The document says nothing that would be a signature of an image. */
    static final class NoClaimException extends Exception {
        private static final long serialVersionUID = 1L;

        NoClaimException(String why) {
            super(why);
        }
    }

    /** Of the payload of a simple signature (cosign, "Signature Specification"). */
    static Claim ofSimpleSigning(JsonMapper json, byte[] payload) throws NoClaimException {
        var critical = tree(json, payload).path("critical");
        if (!critical.path("type").asText().equals(SIMPLE_SIGNING)) {
            throw new NoClaimException("is of another type than \"" + SIMPLE_SIGNING + "\"");
        }
        return new Claim(
                Set.of(critical.path("image").path("docker-manifest-digest").asText()),
                names(critical.path("identity").path("docker-reference")));
    }

    /** Of an in-toto statement (in-toto attestation framework, "Statement"). */
    static Claim ofStatement(JsonMapper json, byte[] payload) throws NoClaimException {
        var statement = tree(json, payload);
        if (!statement.path("_type").asText().startsWith(STATEMENT)) {
            throw new NoClaimException("is no in-toto statement");
        }
        if (!statement.path("predicateType").asText().equals(SIGNING)) {
            throw new NoClaimException("is an attestation and no signature");
        }
        var digests = new HashSet<String>();
        var names = new ArrayList<String>();
        for (var subject : statement.path("subject")) {
            digests.add("sha256:" + subject.path("digest").path("sha256").asText());
            names.addAll(names(subject.path("name")));
        }
        return new Claim(digests, names);
    }

    private static JsonNode tree(JsonMapper json, byte[] payload) throws NoClaimException {
        try {
            return json.readTree(payload);
        } catch (IOException e) {
            throw new NoClaimException("is not JSON");
        }
    }

    private static List<String> names(JsonNode name) {
        return name.isTextual() && !name.textValue().isEmpty() ? List.of(name.textValue()) : List.of();
    }
}
