package dev.lockstep.runtime.archive;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TarBuilder.Member;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TarReaderTest {
    @Test
    void members_come_in_order_with_their_content() throws IOException {
        var tar = new TarReader(new ByteArrayInputStream(new TarBuilder()
                .directory("d/")
                .file("d/a", "one")
                .file("d/b", "x".repeat(5000))
                .symlink("l", "../d")
                .build()));

        assertThat(tar.next().orElseThrow().type()).isEqualTo(TarEntry.Type.DIRECTORY);
        assertThat(tar.next().orElseThrow().name()).hasToString("d/a");
        assertThat(content(tar)).isEqualTo("one");
        assertThat(tar.next().orElseThrow().size()).isEqualTo(5000);
        // Content that nobody reads is skipped.
        assertThat(tar.next().orElseThrow().link()).hasToString("../d");
        assertThat(tar.next()).isEmpty();
        assertThat(tar.next()).isEmpty();
    }

    @Test
    void names_and_attributes_keep_bytes_that_are_no_text() throws IOException {
        var bytes = "\u00ff\u00fe\n\u0001";
        var entries = read(new TarBuilder()
                .file(bytes, "")
                .pax(Map.of("path", "p" + bytes, "SCHILY.xattr.user.x", "\u0000\u00ff\n=1"))
                .file("short", "")
                .build());

        assertThat(entries.get(0).name().latin1()).isEqualTo(bytes);
        assertThat(entries.get(1).name().latin1()).isEqualTo("p" + bytes);
        assertThat(entries.get(1).attributes().get("user.x")).isEqualTo(new byte[] {0, -1, '\n', '=', '1'});
    }

    static Stream<Arguments> forms() {
        var longName = "d/".repeat(200) + "n";
        return Stream.of(
                arguments(
                        "GNU long name",
                        tar().member(new Member("././@LongLink", 'L').content(bytes(longName + "\0")))
                                .file("cut", ""),
                        longName),
                arguments("pax path", tar().pax(Map.of("path", longName)).file("cut", ""), longName),
                arguments(
                        "pax wins over GNU",
                        tar().member(new Member("x", 'L').content(bytes("gnu\0")))
                                .pax(Map.of("path", "pax"))
                                .file("cut", ""),
                        "pax"),
                arguments("ustar prefix", tar().member(new Member("n", '0').text(345, 155, "pre/fix")), "pre/fix/n"),
                arguments(
                        "no prefix in GNU",
                        tar().member(new Member("n", '0')
                                .text(345, 155, "times")
                                .text(257, 8, "ustar  \0")),
                        "n"),
                arguments(
                        "star prefix",
                        tar().member(new Member("n", '0').text(345, 131, "pre").text(508, 4, "tar\0")),
                        "pre/n"),
                arguments("V7", tar().member(new Member("n", '\0').text(257, 8, "")), "n"),
                arguments("contiguous", tar().member(new Member("n", '7').content(bytes("x"))), "n"),
                arguments(
                        "global header",
                        tar().member(new Member("g", 'g').content(TarBuilder.paxRecords(Map.of("comment", "x"))))
                                .file("n", ""),
                        "n"),
                arguments("100 bytes without NUL", tar().file("n".repeat(100), ""), "n".repeat(100)),
                arguments(
                        "an empty pax value takes it back",
                        tar().pax(Map.of("path", "")).file("n", ""),
                        "n"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void every_form_of_a_name_is_read(String form, TarBuilder tar, String name) throws IOException {
        assertThat(read(tar.build()))
                .hasSize(1)
                .first()
                .satisfies(e -> assertThat(e.name()).hasToString(name));
    }

    @Test
    void a_directory_may_be_marked_by_its_slash_alone() throws IOException {
        assertThat(read(tar().member(new Member("d/", '\0').text(257, 8, "")).build()))
                .extracting(TarEntry::type)
                .containsExactly(TarEntry.Type.DIRECTORY);
    }

    @Test
    void numbers_may_be_large_negative_and_in_extended_records() throws IOException {
        var entries = read(tar().member(new Member("a", '0')
                        .owner(4_000_000_000L, 3_000_000_000L)
                        .modified(-5))
                .pax(Map.of("uid", "2097152", "gid", "4294967294", "mtime", "-1.5"))
                .file("b", "")
                .pax(Map.of("mtime", "1700000000.123456789123"))
                .file("c", "")
                .build());

        assertThat(entries.get(0).uid()).isEqualTo(4_000_000_000L);
        assertThat(entries.get(0).gid()).isEqualTo(3_000_000_000L);
        assertThat(entries.get(0).modified()).isEqualTo(Instant.ofEpochSecond(-5));
        assertThat(entries.get(1).uid()).isEqualTo(2097152);
        assertThat(entries.get(1).gid()).isEqualTo(4294967294L);
        assertThat(entries.get(1).modified()).isEqualTo(Instant.ofEpochSecond(-2, 500_000_000));
        assertThat(entries.get(2).modified()).isEqualTo(Instant.ofEpochSecond(1_700_000_000, 123_456_789));
        assertThat(entries.get(2).uid()).isZero();
    }

    @Test
    void a_size_in_extended_records_is_the_one_that_counts() throws IOException {
        var tar = new TarReader(new ByteArrayInputStream(tar().pax(Map.of("size", "600"))
                .member(new Member("a", '0'))
                .raw(new byte[1024])
                .file("b", "x")
                .build()));

        assertThat(tar.next().orElseThrow().size()).isEqualTo(600);
        assertThat(tar.next().orElseThrow().name()).hasToString("b");
    }

    @Test
    void attributes_come_from_both_kinds_of_records() throws IOException {
        var entries = read(
                tar().pax(Map.of("LIBARCHIVE.xattr.user.a%3Db", "AP8=", "SCHILY.xattr.security.capability", "\u0001"))
                        .file("a", "")
                        .build());

        assertThat(entries.getFirst().attributes()).containsOnlyKeys("user.a=b", "security.capability");
        assertThat(entries.getFirst().attributes().get("user.a=b")).isEqualTo(new byte[] {0, -1});
    }

    @Test
    void attributes_may_be_empty_but_no_capability() throws IOException {
        var entries = read(tar().pax(Map.of(
                        "LIBARCHIVE.xattr.user.a",
                        "",
                        "SCHILY.xattr.user.b",
                        "",
                        "SCHILY.xattr.security.capability",
                        ""))
                .file("a", "")
                .build());

        assertThat(entries.getFirst().attributes()).containsOnlyKeys("user.a", "user.b");
        assertThat(entries.getFirst().attributes().values())
                .allSatisfy(value -> assertThat(value).isEmpty());
    }

    static Stream<Arguments> sparse() {
        var pax01 = Map.of(
                "GNU.sparse.size",
                "2000",
                "GNU.sparse.numblocks",
                "2",
                "GNU.sparse.map",
                "512,3,1500,2",
                "GNU.sparse.name",
                "s");
        var pax10 = Map.of(
                "GNU.sparse.major",
                "1",
                "GNU.sparse.minor",
                "0",
                "GNU.sparse.realsize",
                "2000",
                "GNU.sparse.name",
                "s");
        var map10 = Arrays.copyOf(bytes("2\n512\n3\n1500\n2\n"), 517);
        System.arraycopy(bytes("abcde"), 0, map10, 512, 5);
        var pax00 = new ByteArrayOutputStream();
        for (var record :
                List.of("size=2000", "numblocks=2", "offset=512", "numbytes=3", "offset=1500", "numbytes=2")) {
            var at = record.indexOf('=');
            pax00.writeBytes(
                    TarBuilder.paxRecords(Map.of("GNU.sparse." + record.substring(0, at), record.substring(at + 1))));
        }
        return Stream.of(
                arguments(
                        "old",
                        tar().member(new Member("s", 'S')
                                .text(257, 8, "ustar  \0")
                                .text(386, 12, "00000001000")
                                .text(398, 12, "00000000003")
                                .text(410, 12, "00000002734")
                                .text(422, 12, "00000000002")
                                .text(483, 12, "00000003720")
                                .content(bytes("abcde")))),
                arguments(
                        "0.0",
                        tar().member(new Member("x", 'x').content(pax00.toByteArray()))
                                .file("s", "abcde")),
                arguments("0.1", tar().pax(pax01).file("GNUSparseFile.0/s", "abcde")),
                arguments("1.0", tar().pax(pax10).file("GNUSparseFile.0/s", 0644, map10)));
    }

    @ParameterizedTest(name = "version {0}")
    @MethodSource("sparse")
    void holes_of_sparse_files_are_filled(String version, TarBuilder archive) throws IOException {
        var tar = new TarReader(
                new ByteArrayInputStream(archive.file("after", "x").build()));

        var entry = tar.next().orElseThrow();
        assertThat(entry.name()).hasToString("s");
        assertThat(entry.size()).isEqualTo(2000);
        assertThat(content(tar)).isEqualTo("\0".repeat(512) + "abc" + "\0".repeat(985) + "de" + "\0".repeat(498));
        assertThat(tar.next().orElseThrow().name()).hasToString("after");
    }

    static Stream<Arguments> damaged() {
        return Stream.of(
                arguments("rubbish", bytes("rubbish".repeat(100)), ArchiveException.class, "checksum"),
                arguments("half a header", new byte[100], EOFException.class, "too early"),
                arguments(
                        "cut in content",
                        Arrays.copyOf(tar().file("a", "x".repeat(2000)).build(), 1024),
                        EOFException.class,
                        "too early"),
                arguments(
                        "cut in a long name",
                        Arrays.copyOf(
                                tar().member(new Member("x", 'L').content(bytes("x".repeat(900))))
                                        .build(),
                                600),
                        EOFException.class,
                        "too early"),
                arguments(
                        "a lone zero block",
                        tar().file("a", "").raw(new byte[512]).file("b", "").build(),
                        ArchiveException.class,
                        "zero block"),
                arguments(
                        "no octal",
                        tar().member(new Member("a", '0').text(100, 8, "9999999"))
                                .build(),
                        ArchiveException.class,
                        "octal"),
                arguments(
                        "a negative size",
                        tar().member(new Member("a", '0').size(-1)).build(),
                        ArchiveException.class,
                        "size"),
                arguments(
                        "a huge header",
                        tar().member(new Member("a", 'L').size(1L << 40)).build(),
                        ArchiveException.class,
                        "header of"),
                arguments(
                        "a number beyond 64 bits",
                        tar().member(new Member("a", '0').text(124, 12, "\u0080\u00ff".repeat(6)))
                                .build(),
                        ArchiveException.class,
                        "64 bits"),
                arguments(
                        "a NUL in a name",
                        tar().pax(Map.of("path", "a\0b")).file("x", "").build(),
                        ArchiveException.class,
                        "NUL"),
                arguments("a record too long", pax("99 path=a\n"), ArchiveException.class, "extended record"),
                arguments("a record too short", pax("3 path=a\n"), ArchiveException.class, "extended record"),
                arguments("a record without =", pax("8 pathx\n"), ArchiveException.class, "extended record"),
                arguments("a record without length", pax("path=a\n"), ArchiveException.class, "extended record"),
                arguments("a record of minus one", pax("-1 path=a\n"), ArchiveException.class, "no number"),
                arguments(
                        "a time that is none",
                        tar().pax(Map.of("mtime", "now")).file("a", "").build(),
                        ArchiveException.class,
                        "no time"),
                arguments(
                        "a negative owner",
                        tar().pax(Map.of("uid", "-1")).file("a", "").build(),
                        ArchiveException.class,
                        "no number"),
                arguments(
                        "a map that overlaps",
                        tar().pax(Map.of("GNU.sparse.size", "9", "GNU.sparse.map", "0,3,2,2"))
                                .file("a", "abcde")
                                .build(),
                        ArchiveException.class,
                        "sparse"),
                arguments(
                        "a map beyond the end",
                        tar().pax(Map.of("GNU.sparse.size", "9", "GNU.sparse.map", "9223372036854775807,5"))
                                .file("a", "abcde")
                                .build(),
                        ArchiveException.class,
                        "sparse"),
                arguments(
                        "a map of other content",
                        tar().pax(Map.of("GNU.sparse.size", "9", "GNU.sparse.map", "0,4"))
                                .file("a", "abcde")
                                .build(),
                        ArchiveException.class,
                        "sparse"),
                arguments(
                        "an attribute that is no base64",
                        tar().pax(Map.of("LIBARCHIVE.xattr.user.a", "?"))
                                .file("a", "")
                                .build(),
                        ArchiveException.class,
                        "base64"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("damaged")
    void a_damaged_archive_is_refused(String what, byte[] archive, Class<?> type, String why) {
        assertThatThrownBy(() -> read(archive)).isInstanceOf(type).hasMessageContaining(why);
    }

    @Test
    void an_archive_may_end_without_zero_blocks() throws IOException {
        assertThat(read(new byte[0])).isEmpty();
        assertThat(read(tar().file("a", "x").unfinished())).hasSize(1);
        assertThat(read(tar().file("a", "x").raw(new byte[512]).unfinished())).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"'0000644\0',420", "'   644 \0',420", "'\0\0\0\0\0\0\0\0',0", "'        ',0", "'12\0rubbi',10"})
    void octal_fields_may_be_filled_in_several_ways(String field, long value) throws IOException {
        assertThat(TarNumbers.field(bytes(field), 0, 8)).isEqualTo(value);
    }

    private static byte[] pax(String records) {
        return tar().member(new Member("x", 'x').content(bytes(records)))
                .file("f", "")
                .build();
    }

    private static TarBuilder tar() {
        return new TarBuilder();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static List<TarEntry> read(byte[] archive) throws IOException {
        var tar = new TarReader(new ByteArrayInputStream(archive));
        var entries = new ArrayList<TarEntry>();
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            entries.add(entry.get());
        }
        return entries;
    }

    private static String content(TarReader tar) throws IOException {
        var content = new ByteArrayOutputStream();
        tar.copyTo(new TarReader.Sink() {
            @Override
            public void write(byte[] source, int offset, int length) {
                content.write(source, offset, length);
            }

            @Override
            public void skip(long bytes) {
                content.writeBytes(new byte[(int) bytes]);
            }
        });
        return content.toString(ISO_8859_1);
    }
}
