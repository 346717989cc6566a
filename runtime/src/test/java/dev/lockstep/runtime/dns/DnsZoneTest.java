package dev.lockstep.runtime.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DnsZoneTest {
    private static final DnsEntry WEB =
            new DnsEntry("c2", List.of("172.28.0.3"), List.of("fd00::3"), List.of("web", "shop-web-1"), List.of());
    private static final DnsEntry DB =
            new DnsEntry("c1", List.of("172.28.0.2"), List.of(), List.of("db"), List.of("192.0.2.53"));

    @Test
    void is_written_as_aardvark_dns_reads_it() {
        var zone = DnsZone.of("front", List.of("172.28.0.1", "fd00::1"), false, List.of(WEB, DB));
        assertThat(text(zone))
                .isEqualTo("172.28.0.1,fd00::1\nc1 172.28.0.2  db 192.0.2.53\nc2 172.28.0.3 fd00::3 web,shop-web-1\n");
        assertThat(zone.fileName()).isEqualTo("front");
    }

    @Test
    void an_internal_network_is_marked_in_its_files_name() {
        assertThat(DnsZone.of("vault", List.of("172.28.1.1"), true, List.of()).fileName())
                .isEqualTo("vault%int");
    }

    @Test
    void is_read_as_it_was_written() {
        for (var zone : List.of(
                DnsZone.of("front", List.of("172.28.0.1", "fd00::1"), false, List.of(WEB, DB)),
                DnsZone.of("vault", List.of("172.28.1.1"), true, List.of()))) {
            assertThat(DnsZone.parse(zone.fileName(), text(zone))).isEqualTo(zone);
        }
    }

    @Test
    void entries_are_replaced_and_removed_by_container() {
        var zone = DnsZone.of("front", List.of("172.28.0.1", "fd00::1"), false, List.of(WEB));
        var renamed = new DnsEntry("c2", List.of("172.28.0.9"), List.of(), List.of("www"), List.of());
        assertThat(zone.with(renamed).lines()).containsExactly("c2 172.28.0.9  www");
        assertThat(zone.with(DB).without("c2").lines()).containsExactly("c1 172.28.0.2  db 192.0.2.53");
    }

    @Test
    void a_container_whose_id_begins_another_s_stays_apart_from_it() {
        var longer = new DnsEntry("c10", List.of("172.28.0.10"), List.of(), List.of("ten"), List.of());
        var zone = DnsZone.of("front", List.of("172.28.0.1"), false, List.of(longer, DB));
        assertThat(zone.lines()).containsExactly("c1 172.28.0.2  db 192.0.2.53", "c10 172.28.0.10  ten");
        assertThat(zone.without("c1").lines()).containsExactly("c10 172.28.0.10  ten");
        assertThat(zone.with(DB)).isEqualTo(zone);
    }

    @Test
    void what_is_no_entry_is_left_out_when_it_is_read() {
        var zone = DnsZone.of("front", List.of("172.28.0.1"), false, List.of(DB));
        assertThat(DnsZone.parse(
                        "front", "172.28.0.1\nc9 torn\n\n" + zone.lines().getFirst() + "\n"))
                .isEqualTo(zone);
        assertThat(DnsZone.parse("front", "").gateways()).isEmpty();
    }

    @Test
    void names_that_would_break_the_file_are_refused() {
        for (var name : List.of("", "a b", "a,b", "a\nb")) {
            assertThatThrownBy(() -> new DnsEntry("c1", List.of("172.28.0.2"), List.of(), List.of(name), List.of()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static String text(DnsZone zone) {
        return new String(zone.content(), StandardCharsets.UTF_8);
    }
}
