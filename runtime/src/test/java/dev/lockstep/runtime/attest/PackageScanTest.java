package dev.lockstep.runtime.attest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Directory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that want to be read until the memory of whoever reads them is full, or for ever. */
class PackageScanTest {
    private static final long HUGE = 64L << 30;

    @TempDir
    private Path root;

    @BeforeEach
    void onePackageThatCounts() throws IOException {
        file("srv/app/node_modules/good/package.json", "{\"name\": \"good\", \"version\": \"1\"}");
    }

    @Test
    void lists_without_end_are_passed_over() throws IOException {
        sparse("var/lib/dpkg/status");
        sparse("var/lib/dpkg/status.d/base.json");
        sparse("lib/apk/db/installed");
        sparse("srv/app/x-1.dist-info/METADATA");
        var found = scan();
        assertThat(found.components()).extracting(Component::name).containsExactly("good");
        assertThat(found.unreadable()).isEqualTo(4);
    }

    @Test
    void os_release_that_is_a_pipe_is_none() throws IOException, InterruptedException {
        Files.createDirectories(root.resolve("etc"));
        var made = new ProcessBuilder("mkfifo", root.resolve("etc/os-release").toString()).start();
        assertThat(made.waitFor()).isZero();
        file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"13\"\n");
        var found = Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), this::scan);
        assertThat(found.distribution().tag()).isEqualTo("debian-13");
    }

    @Test
    void an_archive_that_claims_a_list_of_gigabytes_is_passed_over() throws IOException {
        var file = file("srv/app/big.jar", "");
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
            var size = 1 << 30;
            out.seek(size);
            out.write(new byte[] {'P', 'K', 5, 6, 0, 0, 0, 0, 1, 0, 1, 0});
            out.write(new byte[] {(byte) size, (byte) (size >> 8), (byte) (size >> 16), (byte) (size >> 24)});
            out.write(new byte[6]);
        }
        var found = scan();
        assertThat(found.unreadable()).isEqualTo(1);
        assertThat(found.components()).extracting(Component::name).containsExactly("good");
    }

    @Test
    void archives_within_archives_tell_of_what_is_in_them() throws IOException {
        var inner = jar("META-INF/maven/org.inner/lib/pom.properties", properties("org.inner", "lib"));
        Files.write(file("srv/app/app.jar", ""), jar("BOOT-INF/lib/lib.jar", inner));
        assertThat(scan().components()).extracting(Component::name).containsExactlyInAnyOrder("good", "org.inner:lib");
    }

    @Test
    void names_and_all_that_is_told_have_an_end() throws IOException {
        file("srv/app/node_modules/long/package.json", "{\"name\": \"" + "n".repeat(2000) + "\", \"version\": \"1\"}");
        var list = new StringBuilder();
        for (var i = 0; i < 30_000; i++) {
            list.append("Package: p")
                    .append(i)
                    .append("\nVersion: ")
                    .append("1".repeat(300))
                    .append("\n\n");
        }
        file("var/lib/dpkg/status", list.toString());
        var found = scan();
        assertThat(found.components()).hasSizeBetween(10_000, 25_000);
        assertThat(found.unreadable()).isGreaterThan(5_000);
    }

    private PackageScan.Found scan() throws IOException {
        try (var directory = Directory.open(root)) {
            return new PackageScan(JsonMapper.builder().build()).scan(directory);
        }
    }

    private Path file(String name, String content) throws IOException {
        var file = root.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    /** Takes no place on the disk. */
    private void sparse(String name) throws IOException {
        try (var out = new RandomAccessFile(file(name, "").toFile(), "rw")) {
            out.setLength(HUGE);
        }
    }

    private static byte[] properties(String group, String name) {
        return ("groupId=" + group + "\nartifactId=" + name + "\nversion=1\n").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] jar(String entry, byte[] content) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry(entry));
            zip.write(content);
        }
        return out.toByteArray();
    }
}
