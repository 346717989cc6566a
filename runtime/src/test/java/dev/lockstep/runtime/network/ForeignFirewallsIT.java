package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Rtnetlink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Beside the firewalls of others: their own places for exceptions are used, and nothing else of theirs is touched. */
class ForeignFirewallsIT extends OnPrivateHost {
    /** Of others; the fourth is none of Docker's. */
    private static final List<String> LINKS = List.of("docker0", "br-0123456789ab", "named", "br-lan", "later");

    @Test
    void dockers_firewall_is_opened_for_our_bridges_and_closed_with_the_last_network() throws IOException {
        docker();
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(networks.hostChanges().made()).anyMatch(s -> s.contains("ip filter DOCKER-USER"));
        assertThat(networks.hostChanges().wanted()).isEmpty();
        networks.ensure("front");
        assertThat(occurrences(dockerRules(), "lockstep:" + host.root.id())).isEqualTo(4);

        networks.detach("c1");
        networks.remove("front");
        assertThat(dockerRules()).doesNotContain("lockstep").contains("DOCKER-USER");
    }

    @AfterEach
    void noMachineIsLeft() throws IOException {
        host.stopServing();
        for (var link : LINKS) {
            if (Files.exists(directory.resolve(link))) {
                host.namespaces.delete(directory.resolve(link));
                host.namespaces.home(() -> {
                    try (var links = Rtnetlink.open()) {
                        // The connections of a namespace may hold it, and its links, for a while.
                        links.deleteLink("theirs" + LINKS.indexOf(link));
                        return links.deleteLink(link);
                    }
                });
            }
        }
    }

    /** What Docker lets through to its containers it decides itself: published ports, and no others. */
    @Test
    void what_docker_has_not_published_our_containers_do_not_reach() throws IOException {
        docker();
        var links = List.of("docker0", "br-0123456789ab", "named", "br-lan");
        for (var link : links) {
            machineBehind(link);
        }
        links.stream().filter(l -> !l.equals("br-lan")).forEach(this::dockersOwn);
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));

        assertThat(host.tcp(web.namespace(), "10.99.3.2", 80)).startsWith("br-lan ");
        for (var link : List.of(0, 1, 2)) {
            var address = "10.99." + link + ".2";
            assertThat(host.dropped(web.namespace(), address, 80))
                    .as(links.get(link))
                    .isTrue();
            assertThat(host.tcp(web.namespace(), address, 81)).startsWith(links.get(link));
            assertThat(host.tcp(directory.resolve(links.get(link)), PrivateHost.OWN, 8080))
                    .isEqualTo("web " + address);
        }
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(networks.hostChanges().wanted()).isEmpty();
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);

        // One that comes later.
        machineBehind("later");
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);
        dockersOwn("later");
        assertThat(networks.observe().networks()).noneMatch(ObservedNetwork::rules);
        networks.ensure("front");
        assertThat(host.dropped(web.namespace(), "10.99.4.2", 80)).isTrue();
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);

        networks.detach("c1");
        networks.remove("front");
        assertThat(dockerRules()).doesNotContain("lockstep");
    }

    /** A bridge 10.99.N.1, and behind it a machine 10.99.N.2 with servers on 80 and 81. */
    private void machineBehind(String bridge) throws IOException {
        var number = LINKS.indexOf(bridge);
        var gateway = IpAddress.parse("10.99." + number + ".1");
        var broadcast = IpAddress.parse("10.99." + number + ".255");
        var pin = directory.resolve(bridge);
        host.namespaces.create(pin);
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open();
                    var namespace = Fd.open(pin)) {
                var mac = new byte[] {2, 0, 0, 0, 9, (byte) number};
                var index = links.createBridge(bridge, mac, 1500, "theirs");
                links.addAddress(index, gateway.bytes(), 24, broadcast.bytes());
                mac[3] = 1;
                links.createVeth("theirs" + number, "theirs", index, namespace, "eth0", mac, 1500);
            }
            return Optional.empty();
        });
        host.namespaces.inside(pin, () -> {
            try (var links = Rtnetlink.open()) {
                var eth = links.index("eth0");
                links.addAddress(eth, IpAddress.parse("10.99." + number + ".2").bytes(), 24, broadcast.bytes());
                links.setUp(eth);
                links.replaceDefaultRoute(eth, gateway.bytes());
            }
            return Optional.empty();
        });
        host.serve(pin, bridge, 80);
        host.serve(pin, bridge, 81);
    }

    /** What Docker 26 adds for a bridge of its own, with a published port 81. */
    private void dockersOwn(String bridge) {
        var rule = "{\"add\":{\"rule\":{\"family\":\"ip\",\"table\":\"filter\",\"chain\":\"%s\",\"expr\":[%s]}}}";
        var in = "{\"match\":{\"op\":\"%s\",\"left\":{\"meta\":{\"key\":\"iifname\"}},\"right\":\"" + bridge + "\"}},";
        var out = "{\"match\":{\"op\":\"%s\",\"left\":{\"meta\":{\"key\":\"oifname\"}},\"right\":\"" + bridge + "\"}},";
        var accept = "{\"accept\":null}";
        try {
            host.nft("{\"nftables\":["
                    + String.join(
                            ",",
                            "{\"add\":{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"DOCKER\"}}}",
                            rule.formatted(
                                    "FORWARD",
                                    out.formatted("==")
                                            + "{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},"
                                            + "\"right\":[\"established\",\"related\"]}}," + accept),
                            rule.formatted("FORWARD", out.formatted("==") + "{\"jump\":{\"target\":\"DOCKER\"}}"),
                            rule.formatted("FORWARD", in.formatted("==") + out.formatted("!=") + accept),
                            rule.formatted(
                                    "DOCKER",
                                    in.formatted("!=") + out.formatted("==")
                                            + "{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"tcp\","
                                            + "\"field\":\"dport\"}},\"right\":81}}," + accept))
                    + "]}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void another_firewall_is_left_alone_when_the_host_says_so(@TempDir Path second) throws IOException {
        try (var leaving = new PrivateHost(second, NetworkSettings.ForeignFirewall.LEAVE)) {
            docker(leaving);
            leaving.networks.create(network("front"));
            assertThat(leaving.networks.hostChanges().wanted())
                    .singleElement()
                    .asString()
                    .contains("the chain \"ip filter FORWARD\" drops")
                    .contains("iptables -I DOCKER-USER -i ls" + leaving.root.shortId() + "+ -j ACCEPT");
        }
    }

    @Test
    void ufw_is_opened_for_our_bridges_and_their_questions_for_names() throws IOException {
        ufw();
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        attach("c2", "db", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        host.serve(host.outside, "world", 99);
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 99)).isEqualTo("world " + PrivateHost.OWN);
        var gateway = web.nameServers().getFirst();
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "db")).hasSize(1));
        assertThat(networks.hostChanges().wanted()).isEmpty();
        assertThat(networks.hostChanges().made())
                .anyMatch(s -> s.contains("ip filter ufw-user-forward"))
                .anyMatch(s -> s.contains("ip filter ufw-user-input"));

        networks.detach("c1");
        networks.detach("c2");
        networks.remove("front");
        assertThat(dockerRules()).doesNotContain("lockstep").contains("ufw-user-input");
    }

    @Test
    void rules_that_ufw_flushed_are_missed_and_put_back() throws IOException {
        ufw();
        networks.create(network("front"));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);
        host.nft("{\"nftables\":[{\"flush\":{\"chain\":{\"family\":\"ip\",\"table\":\"filter\","
                + "\"name\":\"ufw-user-input\"}}}]}");
        assertThat(networks.observe().networks()).noneMatch(ObservedNetwork::rules);
        networks.ensure("front");
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);
    }

    @Test
    void rules_that_the_host_s_owner_made_are_as_good_as_ours() throws IOException {
        ufw();
        for (var link : List.of("iifname", "oifname")) {
            host.nft("{\"nftables\":[{\"insert\":{\"rule\":{\"family\":\"ip\",\"table\":\"filter\","
                    + "\"chain\":\"FORWARD\",\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"" + link
                    + "\"}},\"right\":\"ls*\"}},{\"accept\":null}]}}}]}");
        }
        networks.create(network("front"));
        assertThat(networks.hostChanges().made())
                .noneMatch(s -> s.contains("ufw-user-forward"))
                .anyMatch(s -> s.contains("ufw-user-input"));
    }

    @Test
    void a_firewall_without_a_place_for_exceptions_is_named() throws IOException {
        for (var hook : List.of("input", "forward")) {
            host.nft("{\"nftables\":[{\"add\":{\"table\":{\"family\":\"inet\",\"name\":\"mine\"}}},"
                    + "{\"add\":{\"chain\":{\"family\":\"inet\",\"table\":\"mine\",\"name\":\"" + hook
                    + "\",\"type\":\"filter\",\"hook\":\"" + hook + "\",\"prio\":0,\"policy\":\"drop\"}}}]}");
        }
        networks.create(network("front"));
        assertThat(networks.hostChanges().wanted())
                .hasSize(2)
                .anyMatch(s -> s.startsWith("the chain \"inet mine input\" drops questions of containers for names"))
                .anyMatch(s -> s.startsWith("the chain \"inet mine forward\" drops forwarded packets"));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);
    }

    @Test
    void firewalld_takes_our_bridges_into_a_zone_and_gives_them_back() throws IOException {
        host.nft("""
                {"nftables":[
                {"add":{"table":{"family":"inet","name":"firewalld"}}},
                {"add":{"chain":{"family":"inet","table":"firewalld","name":"filter_FORWARD","type":"filter",
                  "hook":"forward","prio":10,"policy":"accept"}}},
                {"add":{"rule":{"family":"inet","table":"firewalld","chain":"filter_FORWARD","expr":[{"drop":null}]}}}
                ]}""");
        networks.create(network("front"));
        assertThat(networks.hostChanges().wanted()).singleElement().asString().contains("firewalld could not be asked");
        var interfaces = "ls" + host.root.shortId() + "+";
        try (var bus = FakeBus.at(host.systemBus())) {
            assertThat(networks.hostChanges().wanted())
                    .singleElement()
                    .asString()
                    .contains("firewall-cmd --permanent --zone=trusted --add-interface=" + interfaces);
            assertThat(networks.observe().networks()).noneMatch(ObservedNetwork::rules);
            networks.ensure("front");
            assertThat(bus.zones()).containsExactly(Map.entry(interfaces, "trusted"));
            assertThat(networks.hostChanges().wanted()).isEmpty();
            assertThat(networks.observe().networks()).allMatch(ObservedNetwork::rules);
            networks.remove("front");
            assertThat(bus.zones()).isEmpty();
        }
    }

    @Test
    void dockers_firewall_for_ipv6_is_opened_too_and_named_where_it_is_left_alone(@TempDir Path second)
            throws IOException {
        docker(host, "ip6");
        networks.create(dual("six", false));
        var web = attach("c1", "web", "six");
        host.serve(web.namespace(), "::", "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(host.tcp(host.outside, PrivateHost.OWN6, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE6);
        assertThat(networks.hostChanges().made()).anyMatch(s -> s.contains("ip6 filter DOCKER-USER"));
        networks.detach("c1");
        networks.remove("six");
        try (var leaving = new PrivateHost(second, NetworkSettings.ForeignFirewall.LEAVE)) {
            docker(leaving, "ip6");
            leaving.networks.create(network("front"));
            assertThat(leaving.networks.hostChanges().wanted()).isEmpty();
            leaving.networks.create(dual("six", false));
            assertThat(leaving.networks.hostChanges().wanted())
                    .singleElement()
                    .asString()
                    .contains("ip6tables -I DOCKER-USER -i ls" + leaving.root.shortId() + "+ -j ACCEPT");
        }
    }

    @Test
    void other_people_s_rules_are_the_same_to_the_byte_afterwards_and_two_roots_leave_each_other_s(@TempDir Path second)
            throws IOException {
        docker();
        docker(host, "ip6");
        host.nft("{\"nftables\":[{\"add\":{\"table\":{\"family\":\"bridge\",\"name\":\"theirs\"}}},"
                + "{\"add\":{\"chain\":{\"family\":\"bridge\",\"table\":\"theirs\",\"name\":\"c\","
                + "\"type\":\"filter\",\"hook\":\"forward\",\"prio\":0,\"policy\":\"accept\"}}}]}");
        var before = ruleset();
        try (var other = host.otherRoot(second)) {
            other.create(dual("theirs", false));
            other.attach(request("c9", "web", "theirs"));
            var besides = ruleset();
            networks.create(dual("ours", false));
            attach("c1", "web", "ours");
            networks.publish("c1", List.of(tcp(8080, 80), udp(8080, 80)));
            networks.ensure("ours");
            networks.detach("c1");
            networks.remove("ours");
            assertThat(ruleset()).isEqualTo(besides);
            assertThat(other.observe().networks()).allMatch(ObservedNetwork::intact);
            other.detach("c9");
            other.remove("theirs");
        }
        assertThat(ruleset()).isEqualTo(before);
    }

    /** The skeleton of what ufw makes with iptables-nft when it is enabled. */
    private void ufw() throws IOException {
        host.nft("""
                {"nftables":[
                {"add":{"table":{"family":"ip","name":"filter"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"ufw-user-forward"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"ufw-user-input"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"FORWARD","type":"filter","hook":"forward",
                  "prio":0,"policy":"drop"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"INPUT","type":"filter","hook":"input",
                  "prio":0,"policy":"drop"}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"FORWARD","expr":[
                  {"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"INPUT","expr":[
                  {"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"FORWARD",
                  "expr":[{"jump":{"target":"ufw-user-forward"}}]}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"INPUT",
                  "expr":[{"jump":{"target":"ufw-user-input"}}]}}}
                ]}""");
    }

    private void docker() throws IOException {
        docker(host);
    }

    /** The skeleton of what Docker makes with iptables-nft. */
    private static void docker(PrivateHost host) throws IOException {
        docker(host, "ip");
    }

    private static void docker(PrivateHost host, String family) throws IOException {
        host.nft("""
                {"nftables":[
                {"add":{"table":{"family":"ip","name":"filter"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"DOCKER-USER"}}},
                {"add":{"chain":{"family":"ip","table":"filter","name":"FORWARD","type":"filter","hook":"forward",
                  "prio":0,"policy":"drop"}}},
                {"add":{"rule":{"family":"ip","table":"filter","chain":"FORWARD",
                  "expr":[{"jump":{"target":"DOCKER-USER"}}]}}}
                ]}""".replace("\"family\":\"ip\"", "\"family\":\"" + family + "\""));
    }

    private String dockerRules() throws IOException {
        return host.nft("{\"nftables\":[{\"list\":{\"table\":{\"family\":\"ip\",\"name\":\"filter\"}}}]}");
    }

    private static int occurrences(String text, String word) {
        return text.split(word, -1).length - 1;
    }
}
