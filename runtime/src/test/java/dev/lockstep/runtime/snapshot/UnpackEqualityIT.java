package dev.lockstep.runtime.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.testing.TreeListing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image of Debian, and what images have besides, unpacked by us and by umoci from the layout that we save. */
class UnpackEqualityIT {
    /** Thousands of files of Debian's, with links, set-id bits and odd owners. */
    private static final String PACKAGES =
            "base-files,base-passwd,dash,coreutils,perl-base,tzdata,util-linux,passwd,openssl,ncurses-base";

    /** VFS_CAP_REVISION_2, effective, cap_net_raw (capabilities(7)). */
    private static final byte[] NET_RAW = {1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    @TempDir
    private Path directory;

    private static String run(Path in, String... words) throws IOException, InterruptedException {
        var process = new ProcessBuilder(words)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(String.join(" ", words) + ":\n" + said).isZero();
        return said;
    }

    /** The mirror that this machine uses, without what else it may have. */
    private byte[] debian() throws IOException, InterruptedException {
        var tar = directory.resolve("debian.tar");
        var command = new ArrayList<>(List.of(
                "sh",
                "-c",
                ". /etc/os-release && exec mmdebstrap --quiet --variant=extract --format=tar --skip=output/dev "
                        + "--include=\"$1\" \"$VERSION_CODENAME\" \"$2\" $(grep -lsw \"$VERSION_CODENAME\" "
                        + "/etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list)",
                "sh",
                PACKAGES,
                tar.toString()));
        run(directory, command.toArray(String[]::new));
        return Files.readAllBytes(tar);
    }

    /** What Debian's packages do not have. */
    private static byte[] besides() {
        return new TarBuilder()
                .directory("extra/")
                .pax(Map.of(
                        "SCHILY.xattr.security.capability",
                        new String(NET_RAW, java.nio.charset.StandardCharsets.ISO_8859_1)))
                .file("extra/ping", 0755, "program".getBytes(UTF_8))
                .pax(Map.of("SCHILY.xattr.user.note", "kept", "mtime", "1234567890.123456789"))
                .file("extra/noted", "x")
                .hardLink("extra/first", "extra/noted")
                .hardLink("extra/second", "extra/first")
                .symlink("extra/absolute", "/etc/passwd")
                .symlink("extra/dangling", "../../../nowhere")
                .member(new TarBuilder.Member("extra/large-owner", '0')
                        .owner(3_000_000, 4_000_000)
                        .mode(06755))
                .member(new TarBuilder.Member("extra/fifo", '6').mode(0600))
                .device("extra/null", '3', 1, 3)
                .file("extra/gone", "x")
                .directory("extra/emptied/")
                .file("extra/emptied/below", "x")
                .build();
    }

    private static byte[] changes() {
        return new TarBuilder()
                .directory("extra/")
                .file("extra/.wh.gone", "")
                .directory("extra/emptied/")
                .file("extra/emptied/.wh..wh..opq", "")
                .file("extra/emptied/above", "y")
                .file("extra/dangling", "now a file")
                .build();
    }

    @Test
    void a_debian_image_is_unpacked_as_umoci_unpacks_it() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var store = new ImageStore(root, Platform.current(), InstantSource.system());
        var snapshots = new Snapshots(root, store.blobs(), UnpackLimits.DEFAULT, InstantSource.system());
        var image = TestImage.named("debian:test")
                .gzipLayer(debian())
                .layer(besides())
                .gzipLayer(changes());
        store.importArchive(image.ociArchive(directory.resolve("in.tar")), Optional.empty(), Progress.NONE);
        var whole = store.find(ImageReference.parse("debian:test")).orElseThrow();
        snapshots.extract(whole, directory.resolve("ours"), Progress.NONE);

        // The layout is the one that we save, as skopeo and umoci take it.
        var saved = directory.resolve("saved.tar");
        try (var out = Files.newOutputStream(saved)) {
            store.save(store.catalog().images(), out);
        }
        assertThat(run(directory, "skopeo", "inspect", "--format", "{{.Digest}}", "oci-archive:" + saved))
                .isEqualTo(whole.digest() + "\n");
        run(directory, "skopeo", "copy", "-q", "--preserve-digests", "oci-archive:" + saved, "oci:layout:test");
        run(directory, "umoci", "unpack", "--image", "layout:test", "bundle");
        var layout = Files.createDirectory(directory.resolve("own"));
        run(layout, "tar", "xf", saved.toString());
        assertThat(run(layout, "umoci", "ls", "--layout", ".")).contains("debian:test");

        var ours = TreeListing.of(directory.resolve("ours"));
        var theirs = TreeListing.of(directory.resolve("bundle/rootfs"));
        System.out.println("unpack equality: " + ours.size() + " files, listing "
                + BlobStore.digest(ours.toString().getBytes(UTF_8)));
        assertThat(ours).hasSizeGreaterThan(3000);
        assertThat(TreeListing.count(ours, FileStatus.Type.SYMLINK)).isGreaterThan(100);
        assertThat(ours.get("extra/ping")).contains("security.capability=01000002");
        assertThat(ours.get("extra/second")).contains("is extra/first").contains("user.note=");
        assertThat(ours).doesNotContainKeys("extra/gone", "extra/emptied/below");
        assertThat(ours).containsExactlyEntriesOf(theirs);
    }
}
