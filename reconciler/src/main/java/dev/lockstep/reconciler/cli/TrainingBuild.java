package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.contexts.Dockerfiles;
import dev.lockstep.reconciler.contexts.HostFiles;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.archive.MemberWriter;
import dev.lockstep.runtime.archive.TarEntry;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A context, and a cache that has every step of its Dockerfiles: they can be built where nothing is mounted or run. */
final class TrainingBuild {
    private static final String BASE = "example.com/base:1";

    /** Without one word that looks into another stage: only root may. */
    private static final String PLAIN = """
            # syntax=docker/dockerfile:1
            ARG BASE=%s
            FROM $BASE AS made
            ARG A=1
            ENV B=${A:-2} C="c d"
            LABEL e=f
            WORKDIR /work
            COPY file ./
            COPY --chown=1:1 --chmod=644 d* /d/
            ADD file /added/
            COPY <<EOF /inline
            text
            EOF
            RUN --mount=type=cache,target=/cache echo $B > b
            RUN ["true"]
            RUN <<EOF
            true
            EOF
            FROM made
            USER 1
            VOLUME /v
            EXPOSE 80/tcp
            SHELL ["/bin/sh", "-c"]
            HEALTHCHECK --interval=5s CMD true
            STOPSIGNAL SIGTERM
            ONBUILD RUN true
            ENTRYPOINT ["/bin/sh"]
            CMD ["-c", "true"]
            """.formatted(BASE);

    private static final String STAGES = """
            FROM %s AS one
            RUN true
            FROM %s
            COPY --from=one /file /
            RUN --mount=from=one,target=/one true
            """.formatted(BASE, BASE);

    private final Path context;

    private TrainingBuild(Path context) {
        this.context = context;
    }

    /** Writes the context's files, and a Compose file that has it as its {@code build}. */
    static TrainingBuild write(Path context) throws IOException {
        Files.createDirectories(context.resolve("d"));
        Files.writeString(context.resolve("file"), "x\n");
        Files.writeString(context.resolve("d/in"), "y\n");
        Files.writeString(context.resolve(".dockerignore"), "*.tmp\n!keep.tmp\n");
        Files.writeString(context.resolve("Dockerfile"), PLAIN);
        Files.writeString(context.resolve("Stages"), STAGES);
        Files.writeString(context.resolve("compose.yaml"), "services: {made: {image: trained:2, build: .}}\n");
        return new TrainingBuild(context);
    }

    /** Where the context is. */
    Path context() {
        return context;
    }

    /** Names of Dockerfiles in it. */
    List<String> dockerfiles() {
        return List.of("Dockerfile", "Stages");
    }

    /** Brings the base image, and does as if a Dockerfile was built. */
    void rehearse(Engine engine, String dockerfile) throws IOException {
        engine.images()
                .importRootfs(
                        new ByteArrayInputStream(rootfs()),
                        Optional.of(ImageReference.parse(BASE)),
                        List.of("ENV PATH=/bin"),
                        "");
        var found = new HostFiles(context)
                .find(context, context.resolve(dockerfile), Optional.empty(), new Dockerfiles(_ -> {}));
        engine.buildRehearsal()
                .build(new BuildRequest(
                        found.dockerfile(),
                        Optional.empty(),
                        found.context(),
                        Map.of(),
                        Map.of(),
                        Map.of(),
                        BuildRequest.CacheUse.ALL,
                        false,
                        Map.of(),
                        Map.of(),
                        BuildRequest.StepOptions.NONE,
                        Platform.current(),
                        Optional.empty()));
    }

    private static byte[] rootfs() throws IOException {
        var tar = new ByteArrayOutputStream();
        var writer = new MemberWriter(tar);
        writer.add(new TarEntry(
                new RawPath("bin/"),
                TarEntry.Type.DIRECTORY,
                0755,
                0,
                0,
                0,
                Instant.EPOCH,
                new RawPath(""),
                0,
                0,
                Map.of()));
        writer.finish();
        return tar.toByteArray();
    }
}
