package dev.lockstep.runtime.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Signs images by {@code openssl} in the forms that cosign has, and puts the signatures into a {@link FakeRegistry}: so
 * other programs' bytes, and everything about them can be made wrong.
 */
public final class TestSigner {
    /** Documents by the type of their layers. */
    public static final String SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json";

    public static final String BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path directory;
    private final String name;
    private final List<String> digestOptions;

    private TestSigner(Path directory, String name, List<String> digestOptions) {
        this.directory = directory;
        this.name = name;
        this.digestOptions = digestOptions;
    }

    /**
     * Makes a key pair.
     *
     * @param kind {@code p256}, {@code p384}, {@code p521}, {@code ed25519}, {@code rsa}, {@code rsa1024}
     */
    public static TestSigner generate(Path directory, String name, String kind) throws IOException {
        var key = directory.resolve(name + ".pem").toString();
        var words = switch (kind) {
            case "ed25519" -> List.of("genpkey", "-algorithm", "ed25519");
            case "rsa" -> List.of("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
            case "rsa1024" -> List.of("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024");
            default -> List.of("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-" + kind.substring(1));
        };
        var command = new ArrayList<>(words);
        command.addAll(List.of("-out", key));
        openssl(command);
        openssl(List.of(
                "pkey",
                "-in",
                key,
                "-pubout",
                "-out",
                directory.resolve(name + ".pub").toString()));
        return new TestSigner(
                directory, name, kind.equals("ed25519") ? List.of("-rawin") : List.of("-rawin", "-digest", "sha256"));
    }

    /** The same key with other options of {@code openssl pkeyutl}. */
    public TestSigner with(String... options) {
        return new TestSigner(directory, name, List.of(options));
    }

    /** The file with the public key. */
    public Path publicKey() {
        return directory.resolve(name + ".pub");
    }

    /** The signature of those bytes. */
    public byte[] sign(byte[] message) throws IOException {
        var in = Files.write(directory.resolve(name + ".message"), message);
        var out = directory.resolve(name + ".signature");
        var command = new ArrayList<>(List.of(
                "pkeyutl",
                "-sign",
                "-inkey",
                directory.resolve(name + ".pem").toString(),
                "-in",
                in.toString(),
                "-out",
                out.toString()));
        command.addAll(digestOptions);
        openssl(command);
        return Files.readAllBytes(out);
    }

    private static void openssl(List<String> words) throws IOException {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(words);
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command + ": " + said);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One document of a manifest. */
    public record Layer(String mediaType, TestImage.Blob content, String signature) {}

    /** What cosign signs for an image. */
    public static String payload(String repository, Digest digest) {
        return "{\"critical\":{\"identity\":{\"docker-reference\":\"" + repository
                + "\"},\"image\":{\"docker-manifest-digest\":\"" + digest
                + "\"},\"type\":\"cosign container image signature\"},\"optional\":null}";
    }

    /** An in-toto statement that says that an image is signed. */
    public static String statement(String repository, Digest digest) {
        return "{\"_type\":\"https://in-toto.io/Statement/v1\","
                + "\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\",\"subject\":[{\"name\":\"" + repository
                + "\",\"digest\":{\"sha256\":\"" + digest.hex() + "\"}}],\"predicate\":{}}";
    }

    /** A simple signature of that payload. */
    public Layer simple(String payload) throws IOException {
        var bytes = payload.getBytes(StandardCharsets.UTF_8);
        return new Layer(SIMPLE, TestImage.Blob.of(SIMPLE, bytes), base64(sign(bytes)));
    }

    /** A bundle with that statement in an envelope. */
    public Layer envelope(String statement) throws IOException {
        return envelope("application/vnd.in-toto+json", statement, UnaryOperator.identity());
    }

    /** The same with another type, and changed after it was signed. */
    public Layer envelope(String type, String statement, UnaryOperator<String> change) throws IOException {
        var payload = statement.getBytes(StandardCharsets.UTF_8);
        var pae = ("DSSEv1 " + type.length() + " " + type + " " + payload.length + " " + statement)
                .getBytes(StandardCharsets.UTF_8);
        return bundle(change.apply("{\"mediaType\":\"" + BUNDLE
                + "\",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"x\"}},\"dsseEnvelope\":{\"payload\":\""
                + base64(payload) + "\",\"payloadType\":\"" + type + "\",\"signatures\":[{\"sig\":\""
                + base64(sign(pae)) + "\"}]}}"));
    }

    /** A bundle with a signature over the manifest itself. */
    public Layer message(byte[] manifest) throws IOException {
        return bundle("{\"mediaType\":\"" + BUNDLE
                + "\",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"x\"}},\"messageSignature\":{\"messageDigest\":"
                + "{\"algorithm\":\"SHA2_256\",\"digest\":\"\"},\"signature\":\"" + base64(sign(manifest)) + "\"}}");
    }

    /** Any text as a bundle. */
    public static Layer bundle(String text) {
        return new Layer(BUNDLE, TestImage.Blob.of(BUNDLE, text.getBytes(StandardCharsets.UTF_8)), "");
    }

    /** Serves signatures where cosign puts them, in the tag {@code sha256-HEX.sig}. */
    public static void serveTag(FakeRegistry registry, String repository, Digest digest, Layer... layers)
            throws IOException {
        registry.manifest(
                repository, "sha256-" + digest.hex() + ".sig", manifest(registry, repository, SIMPLE, layers));
    }

    /** Serves a document that refers to the image by the registry's own list. */
    public static void serveReferrer(FakeRegistry registry, String repository, Digest digest, Layer... layers)
            throws IOException {
        registry.serve(
                "/v2/" + repository + "/referrers/" + digest,
                "application/vnd.oci.image.index.v1+json",
                index(manifest(registry, repository, BUNDLE, layers), BUNDLE));
    }

    /** The same by the tag that stands for such a list where a registry has none. */
    public static void serveReferrerTag(FakeRegistry registry, String repository, Digest digest, Layer... layers)
            throws IOException {
        var type = "application/vnd.oci.image.index.v1+json";
        // As go-containerregistry writes it: the type of the empty configuration.
        registry.manifest(
                repository,
                "sha256-" + digest.hex(),
                TestImage.Blob.of(
                        type,
                        index(manifest(registry, repository, BUNDLE, layers), "application/vnd.oci.empty.v1+json")));
    }

    private static byte[] index(TestImage.Blob manifest, String artifactType) throws IOException {
        var index = JSON.createObjectNode().put("schemaVersion", 2);
        index.withArray("manifests")
                .addObject()
                .put("mediaType", MANIFEST)
                .put("size", manifest.content().length)
                .put("digest", manifest.digest().toString())
                .put("artifactType", artifactType);
        return JSON.writeValueAsBytes(index);
    }

    private static TestImage.Blob manifest(
            FakeRegistry registry, String repository, String artifactType, Layer... layers) throws IOException {
        ObjectNode manifest = JSON.createObjectNode().put("schemaVersion", 2).put("artifactType", artifactType);
        ArrayNode list = manifest.withArray("layers");
        for (var layer : layers) {
            registry.blob(repository, layer.content());
            var entry = list.addObject()
                    .put("mediaType", layer.mediaType())
                    .put("size", layer.content().content().length)
                    .put("digest", BlobStore.digest(layer.content().content()).toString());
            if (!layer.signature().isEmpty()) {
                entry.putObject("annotations").put("dev.cosignproject.cosign/signature", layer.signature());
            }
        }
        var blob = TestImage.Blob.of(MANIFEST, JSON.writeValueAsBytes(manifest));
        registry.manifest(repository, blob.digest().toString(), blob);
        return blob;
    }

    /** As cosign writes it. */
    public static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
