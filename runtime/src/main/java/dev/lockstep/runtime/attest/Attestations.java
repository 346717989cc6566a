package dev.lockstep.runtime.attest;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.image.Attachments;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/**
 * Says something of images, as statements of in-toto (github.com/in-toto/attestation, Statement v1) that are attached
 * to them. They are not signed: who may write to the store or the registry may write others.
 */
public final class Attestations {
    /** Of the attached manifest, and of the statement in it. */
    public static final String TYPE = "application/vnd.in-toto+json";

    /** The annotation that says what a statement is about. */
    public static final String PREDICATE_TYPE = "in-toto.io/predicate-type";

    private final ImageStore images;
    private final Snapshots snapshots;
    private final String host;
    private final InstantSource clock;

    /** @param host name of this host, for what is said of builds */
    public Attestations(ImageStore images, Snapshots snapshots, String host, InstantSource clock) {
        this.images = images;
        this.snapshots = snapshots;
        this.host = host;
        this.clock = clock;
    }

    /**
     * Attaches what is asked for to the image, in the store. The image's content is held by the caller.
     *
     * @param built whose image it is about
     * @param name of the image; its digest where it has none
     * @param source labels that tell where the context is from
     */
    public void attach(Built built, List<Attestation> asked, String name, Map<String, String> source)
            throws IOException {
        for (var attestation : asked) {
            switch (attestation) {
                case Attestation.Sbom _ ->
                    attach(built.image(), name, SpdxDocument.PREDICATE, sbom(built.image(), name));
                case Attestation.Provenance how ->
                    attach(
                            built.image(),
                            name,
                            ProvenanceDocument.PREDICATE,
                            new ProvenanceDocument(images.json()).write(built, how, source, host, clock.instant()));
            }
        }
    }

    private ObjectNode sbom(Image image, String name) throws IOException {
        var created = images.details(image).created().orElseGet(clock::instant);
        var scan = new PackageScan(images.json());
        if (image.layers().isEmpty()) {
            var nothing = new PackageScan.Found(List.of(), PackageScan.Distribution.UNKNOWN, 0);
            return new SpdxDocument(images.json()).write(name, image, nothing, created);
        }
        try (var files = snapshots.look(snapshots.unpack(image, Progress.NONE))) {
            return new SpdxDocument(images.json()).write(name, image, scan.scan(files), created);
        }
    }

    private Attachments.Attached attach(Image image, String name, String type, ObjectNode predicate)
            throws IOException {
        var statement = images.json()
                .createObjectNode()
                .put("_type", "https://in-toto.io/Statement/v1")
                .put("predicateType", type);
        statement
                .putArray("subject")
                .addObject()
                .put("name", name)
                .putObject("digest")
                .put("sha256", image.digest().hex());
        statement.set("predicate", predicate);
        return images.attachments()
                .attach(
                        image.digest(),
                        TYPE,
                        TYPE,
                        images.json().writeValueAsBytes(statement),
                        Map.of(PREDICATE_TYPE, type));
    }
}
