package dev.lockstep.runtime.attest;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.Image;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * Writes a list of packages as SPDX 2.3 (spdx.github.io/spdx-spec/v2.3), in JSON. The same files make the same list.
 */
final class SpdxDocument {
    /** What a statement calls it. */
    static final String PREDICATE = "https://spdx.dev/Document";

    private static final String UNKNOWN = "NOASSERTION";
    private static final String IMAGE = "SPDXRef-Image";

    private final JsonMapper json;

    SpdxDocument(JsonMapper json) {
        this.json = json;
    }

    ObjectNode write(String name, Image image, PackageScan.Found found, Instant created) {
        var document = json.createObjectNode()
                .put("spdxVersion", "SPDX-2.3")
                .put("dataLicense", "CC0-1.0")
                .put("SPDXID", "SPDXRef-DOCUMENT")
                .put("name", name)
                .put("documentNamespace", "urn:lockstep:sbom:" + image.digest());
        var creation = document.putObject("creationInfo");
        creation.put("created", created.truncatedTo(ChronoUnit.SECONDS).toString());
        creation.putArray("creators").add("Tool: lockstep");
        if (found.unreadable() > 0) {
            creation.put(
                    "comment",
                    found.unreadable() + " files that should tell of a package could not be read; what they tell of is"
                            + " not listed.");
        }
        var packages = document.putArray("packages");
        var relationships = document.putArray("relationships");
        packages.add(image(name, image, found));
        relate(relationships.addObject(), "SPDXRef-DOCUMENT", "DESCRIBES", IMAGE);
        var number = 0;
        for (var component : found.components()) {
            var id = "SPDXRef-Package-" + ++number;
            packages.add(component(id, component));
            relate(relationships.addObject(), IMAGE, "CONTAINS", id);
        }
        return document;
    }

    private static void relate(ObjectNode into, String from, String how, String to) {
        into.put("spdxElementId", from).put("relationshipType", how).put("relatedSpdxElement", to);
    }

    private ObjectNode image(String name, Image image, PackageScan.Found found) {
        var entry = entry(IMAGE, name, image.digest().toString()).put("primaryPackagePurpose", "CONTAINER");
        entry.putArray("checksums")
                .addObject()
                .put("algorithm", "SHA256")
                .put("checksumValue", image.digest().hex());
        var distribution = found.distribution();
        if (!distribution.id().isEmpty()) {
            entry.put("comment", "distribution: " + distribution.tag());
        }
        return entry;
    }

    private ObjectNode component(String id, Component component) {
        var entry = entry(id, component.name(), component.version()).put("sourceInfo", "from " + component.place());
        // A package's own words are seldom an expression of SPDX, and one that is none makes the document invalid.
        component.license().ifPresent(license -> entry.put("licenseComments", "declared as: " + license));
        entry.putArray("externalRefs")
                .addObject()
                .put("referenceCategory", "PACKAGE-MANAGER")
                .put("referenceType", "purl")
                .put("referenceLocator", component.purl());
        return entry;
    }

    private ObjectNode entry(String id, String name, String version) {
        var entry = json.createObjectNode().put("SPDXID", id).put("name", name);
        if (!version.isEmpty()) {
            entry.put("versionInfo", version);
        }
        return entry.put("downloadLocation", UNKNOWN)
                .put("filesAnalyzed", false)
                .put("licenseConcluded", UNKNOWN)
                .put("licenseDeclared", UNKNOWN)
                .put("copyrightText", UNKNOWN);
    }
}
