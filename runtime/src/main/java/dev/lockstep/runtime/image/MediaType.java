package dev.lockstep.runtime.image;

import java.util.List;

/** The media types of images (OCI image specification, media-types.md) and their Docker twins. */
public final class MediaType {
    public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
    public static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    public static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
    public static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
    public static final String OCI_LAYER_GZIP = OCI_LAYER + "+gzip";
    public static final String OCI_LAYER_ZSTD = OCI_LAYER + "+zstd";
    /** Of a manifest that is about something else than files of an image. */
    public static final String EMPTY = "application/vnd.oci.empty.v1+json";

    public static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
    public static final String DOCKER_LAYER_GZIP = DOCKER_LAYER + ".gzip";
    public static final String DOCKER_LAYER_ZSTD = DOCKER_LAYER + ".zstd";
    public static final String DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
    public static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    public static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";

    /** What a client asks a registry for. */
    public static final List<String> ACCEPTED = List.of(OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST);

    private MediaType() {}

    static boolean isIndex(String type) {
        return type.equals(OCI_INDEX) || type.equals(DOCKER_LIST);
    }

    static boolean isManifest(String type) {
        return type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
    }

    static boolean isConfig(String type) {
        return type.equals(OCI_CONFIG) || type.equals(DOCKER_CONFIG);
    }

    /** Whether it is a tar archive; how it is compressed is seen from its first bytes. */
    static boolean isLayer(String type) {
        return switch (type) {
            case OCI_LAYER,
                    OCI_LAYER_GZIP,
                    OCI_LAYER_ZSTD,
                    "application/vnd.oci.image.layer.nondistributable.v1.tar",
                    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
                    DOCKER_LAYER,
                    DOCKER_LAYER_GZIP,
                    DOCKER_LAYER_ZSTD,
                    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" -> true;
            default -> false;
        };
    }

    /** Whether it is a layer that is not to be distributed. */
    public static boolean isForeign(String type) {
        return type.contains(".nondistributable.") || type.contains(".foreign.");
    }

    static boolean isSchema1(String type) {
        return type.startsWith("application/vnd.docker.distribution.manifest.v1+");
    }
}
