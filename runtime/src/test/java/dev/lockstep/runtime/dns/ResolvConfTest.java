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
}
