package dev.lockstep.runtime.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResolvConfTest {
    @Test
    void a_container_asks_its_gateways_and_has_the_hosts_search_domains() {
        var host = ResolvConf.parse("""
                # made by somebody
                domain example.net
                search example.org  example.com
                nameserver 127.0.0.53
                nameserver 192.0.2.1
                options edns0 trust-ad
                """);
        assertThat(host.servers()).containsExactly("127.0.0.53", "192.0.2.1");
        assertThat(ResolvConf.ofContainer(List.of("172.28.0.1", "172.28.1.1", "172.28.2.1", "172.28.3.1"), host)
                        .text())
                .isEqualTo("""
                        nameserver 172.28.0.1
                        nameserver 172.28.1.1
                        nameserver 172.28.2.1
                        search example.org example.com
                        options ndots:0
                        """);
    }

    @Test
    void an_empty_or_broken_file_is_no_error() {
        assertThat(ResolvConf.parse("").servers()).isEmpty();
        assertThat(ResolvConf.parse("nameserver\n\n;x\nsortlist 1.2.3.4\n").servers())
                .isEmpty();
        assertThat(new ResolvConf(List.of(), List.of(), List.of()).text()).isEmpty();
    }

    @Test
    void what_is_asked_for_comes_in_place_of_what_is_there() {
        var host = ResolvConf.parse("nameserver 10.0.0.1\nsearch example.test\noptions ndots:5 timeout:1\n");

        assertThat(host.with(List.of("1.1.1.1"), List.of("a.test"), List.of("ndots:2", "rotate"))
                        .text())
                .isEqualTo("nameserver 1.1.1.1\nsearch a.test\noptions timeout:1 ndots:2 rotate\n");
        assertThat(host.with(List.of(), List.of("."), List.of()).text())
                .isEqualTo("nameserver 10.0.0.1\noptions ndots:5 timeout:1\n");
        assertThat(host.with(List.of(), List.of(), List.of())).isEqualTo(host);
    }
}
