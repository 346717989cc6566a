package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.DirectorySource;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerAddress;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerRehearsal;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.EffectiveHealthCheck;
import dev.lockstep.runtime.container.Limits;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.network.AttachRequest;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkRehearsal;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The training project as if it ran: its image, volumes, networks and containers are in the files of a root, and
 * nothing of it is in the kernel. So commands find a stack to look at, also where none could be started.
 */
final class TrainingStack {
    /** Two blocks of zeros: a tar archive with nothing in it. */
    private static final byte[] EMPTY_LAYER = new byte[1024];

    private final Path directory;

    /** @param directory of the project, absolute */
    TrainingStack(Path directory) {
        this.directory = directory;
    }

    /** What the project asks for, where nobody knows its images. */
    Desired desired() throws IOException {
        return desired(new Resolution.Unknown("nobody was asked"));
    }

    private Desired desired(Resolution image) throws IOException {
        var request = LoadRequest.of(new DirectoryTree(directory));
        if (!(new ComposeLoader().load(request) instanceof Loaded.Valid valid)) {
            throw new IOException("the training project is invalid");
        }
        var owner = new Owner("train", valid.project().name(), Optional.empty());
        var files = new DirectorySource(request, directory).files(valid.project(), valid.projectDirectory());
        return switch (new Translation(valid.project(), owner, files.sources(), _ -> image)
                .translate(Placement.ONE_HOST, Optional.empty())) {
            case Translation.Result.Translated(var desired) -> desired;
            case Translation.Result.Refused(var problems) ->
                throw new IOException("the training project is refused: " + problems);
        };
    }

    /** Writes all of it into the engine's root. */
    void rehearse(Engine engine, ImageReference reference, Instant now) throws IOException {
        var image = image(engine, reference);
        var desired = desired(new Resolution.Local(image.digest(), image.config()));
        for (var volume : desired.volumes()) {
            engine.volumes().create(volume.spec());
        }
        var networks = new NetworkRehearsal(engine.root());
        for (var network : desired.networks()) {
            networks.create(network.spec(), now);
        }
        var containers = new ContainerRehearsal(engine.root());
        var count = 0;
        for (var service : desired.services()) {
            for (var slot : service.slots()) {
                var spec = slot.spec();
                var id = "%064x".formatted(++count);
                var addresses = networks
                        .attach(
                                new AttachRequest(
                                        id,
                                        new LeaseKey(spec.owner().stack(), spec.service(), spec.slot()),
                                        spec.networks(),
                                        List.of(spec.service(), spec.name()),
                                        List.of()),
                                spec.ports())
                        .stream()
                        .map(ContainerAddress::of)
                        .toList();
                containers.start(
                        new ContainerRecord(id, spec, Optional.of(made(spec)), ContainerRecord.Phase.CREATED, now),
                        addresses,
                        now);
            }
        }
    }

    private static Effective made(ContainerSpec spec) {
        var second = Duration.ofSeconds(1);
        return new Effective(
                spec.digest(),
                "runc",
                List.of("sh"),
                Map.of("PATH", "/bin"),
                "",
                "/",
                "train",
                List.of("CAP_KILL"),
                spec.digest(),
                "SIGTERM",
                second,
                Limits.of(spec.resources()),
                spec.healthCheck()
                        .map(_ -> new EffectiveHealthCheck(List.of("true"), second, second, second, second, 1)),
                Map.of());
    }

    /** Imports an image with nothing in it, from a directory as the OCI image layout specification describes it. */
    Image image(Engine engine, ImageReference reference) throws IOException {
        var layout = directory.resolve("image");
        Files.createDirectories(layout.resolve("blobs/sha256"));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}");
        var layer = blob(layout, "application/vnd.oci.image.layer.v1.tar", EMPTY_LAYER);
        var config = blob(layout, "application/vnd.oci.image.config.v1+json", bytes("""
                {"architecture": "%s", "os": "linux",
                 "config": {"User": "0", "Env": ["PATH=/bin"], "Entrypoint": ["/bin/sh"], "Cmd": ["-c", "true"],
                            "WorkingDir": "/", "Labels": {"a": "b"}, "StopSignal": "SIGTERM"},
                 "rootfs": {"type": "layers", "diff_ids": ["%s"]}}
                """.formatted(
                        Platform.current().architecture(), BlobStore.digest(EMPTY_LAYER))));
        var manifest = blob(
                layout,
                "application/vnd.oci.image.manifest.v1+json",
                bytes("{\"schemaVersion\": 2, \"config\": " + config + ", \"layers\": [" + layer + "]}"));
        Files.write(layout.resolve("index.json"), bytes("{\"schemaVersion\": 2, \"manifests\": [" + manifest + "]}"));
        engine.images().importArchive(layout, Optional.of(reference), Progress.NONE);
        return engine.images().find(reference).orElseThrow();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Writes the blob and returns its descriptor. */
    private static String blob(Path layout, String mediaType, byte[] content) throws IOException {
        var digest = BlobStore.digest(content);
        Files.write(layout.resolve("blobs/sha256").resolve(digest.hex()), content);
        return "{\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %d}".formatted(mediaType, digest, content.length);
    }
}
