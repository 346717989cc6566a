package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.model.CronExpression;
import dev.lockstep.spec.policy.Orders;
import dev.lockstep.spec.settings.AgentSettings.ForcePush;
import dev.lockstep.spec.settings.AgentSettings.ForeignFirewall;
import dev.lockstep.spec.settings.AgentSettings.Read;
import dev.lockstep.spec.settings.AgentSettings.Repository;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentSettingsTest {
    private static Read read(String text) {
        return AgentSettings.read("agent.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void what_should_be_put_right_is_told_beside_settings_and_errors() {
        assertThat(read("host: !name alpha").warnings())
                .extracting(Object::toString)
                .containsExactly("agent.yaml:1:7: the tag !name has no meaning here and is ignored. Remove it");
        assertThat(read("host: !name alpha\nhots: b").warnings()).hasSize(1);
    }

    @Test
    void a_file_with_everything_is_read() {
        assertThat(read("""
                host: alpha
                labels: {zone: eu-1, disks: 2}
                repositories:
                  - {url: https://git.example.org/ops.git, ref: refs/heads/main, path: ./servers/}
                  - url: /srv/git/other
                interval: 5m
                drift-interval: 30s
                foreign-firewall: leave
                housekeeping: {schedule: '0 0 4 ? * sun', zone: Europe/Berlin, keep-age: 36h, keep: 3, disk-free: 20g}
                registries:
                  index.docker.io: {mirrors: ['mirror.example:5000', harbor.example/hub]}
                  '[::1]:5000': {insecure: true}
                  plain.example:
                images:
                  registries: [registry.example.com, index.docker.io]
                proxy:
                  https: http://me:se%40cret@proxy.example:3128
                  http: "[fd00::1]:8080"
                  no-proxy: ['*.corp.example', 10.0.0.0/8, lab:5000]
                unpack-limits: {bytes: 2g, entries: 1000, ratio: 50}
                user-namespaces: {default: private, range: 200000-999999}
                builds:
                  repositories: [https://git.example.org/ops.git]
                  entitlements: [network.host]
                  ssh: {default: /run/agent.sock}
                  secrets: {npm: [https://git.example.org/ops.git], closed: []}
                  memory: 4g
                  pids: 2000
                  parallel: 2
                  keep: 7
                  timeout: 30m
                """))
                .isEqualTo(new Read.Valid(
                        new AgentSettings(
                                Optional.of("alpha"),
                                Map.of("zone", "eu-1", "disks", "2"),
                                List.of(
                                        new Repository(
                                                "https://git.example.org/ops.git",
                                                Optional.of("refs/heads/main"),
                                                Optional.of("servers")),
                                        new Repository("/srv/git/other", Optional.empty(), Optional.empty())),
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(30),
                                ForeignFirewall.LEAVE,
                                new HousekeepingEntry(
                                        Optional.of(new CronExpression("0 0 4 ? * SUN")),
                                        Optional.of(ZoneId.of("Europe/Berlin")),
                                        Duration.ofHours(36),
                                        3,
                                        new HousekeepingEntry.Disk.Free(20L << 30)),
                                Map.of(
                                        "docker.io",
                                        new RegistryEntry(
                                                Optional.empty(), List.of("mirror.example:5000", "harbor.example/hub")),
                                        "[::1]:5000",
                                        new RegistryEntry(Optional.of(true), List.of()),
                                        "plain.example",
                                        new RegistryEntry(Optional.empty(), List.of())),
                                new ImagePolicy(
                                        Optional.of(new ImagePolicy.Registries(
                                                List.of("registry.example.com", "docker.io"),
                                                new SourcePosition("agent.yaml", 15, 3, List.of()))),
                                        List.of()),
                                new HostPolicy("agent.yaml", Map.of(), Orders.NONE, Map.of()),
                                new ProxyEntry(
                                        Optional.of("http://me:se%40cret@proxy.example:3128"),
                                        Optional.of("[fd00::1]:8080"),
                                        List.of("*.corp.example", "10.0.0.0/8", "lab:5000")),
                                new LayerLimits(Optional.of(2L << 30), Optional.of(1000), Optional.of(50)),
                                new UserNamespaceEntry(
                                        true, Optional.of(new UserNamespaceEntry.Range(200_000, 999_999))),
                                new BuildsEntry(
                                        Optional.of(List.of("https://git.example.org/ops.git")),
                                        List.of("network.host"),
                                        Map.of("default", "/run/agent.sock"),
                                        Map.of("npm", List.of("https://git.example.org/ops.git"), "closed", List.of()),
                                        Optional.of(4L << 30),
                                        Optional.of(2000),
                                        2,
                                        7,
                                        Duration.ofMinutes(30))),
                        List.of()));
    }

    private static HousekeepingEntry housekeeping(String text) {
        return ((Read.Valid) read("housekeeping: " + text)).settings().housekeeping();
    }

    @Test
    void housekeeping_has_defaults_and_can_be_left_out() {
        var standard = HousekeepingEntry.DEFAULT;
        assertThat(housekeeping("")).isEqualTo(standard);
        assertThat(housekeeping("{}")).isEqualTo(standard);
        assertThat(housekeeping("{schedule: never, disk-used: 0%}"))
                .isEqualTo(new HousekeepingEntry(
                        Optional.empty(),
                        Optional.empty(),
                        standard.keepAge(),
                        standard.keep(),
                        new HousekeepingEntry.Disk.Used(0)));
    }

    @Test
    void mistakes_about_housekeeping_are_told_with_their_places() {
        assertThat(read("""
                housekeeping:
                  schedule: daily
                  zone: Europe/Berlim
                  keep-age: 7 days
                  keep: -1
                  disk-used: 101%
                  disk-free: lots
                  shedule: never
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(problem -> problem.at().line() + " " + problem.path())
                                .containsExactly(
                                        "2 housekeeping.schedule",
                                        "3 housekeeping.zone",
                                        "4 housekeeping.keep-age",
                                        "5 housekeeping.keep",
                                        "6 housekeeping.disk-used",
                                        "7 housekeeping.disk-free",
                                        "7 housekeeping.disk-free",
                                        "8 housekeeping.shedule"));
    }

    @Test
    void limits_that_let_nothing_in_are_mistakes() {
        assertThat(read("unpack-limits: {bytes: 0, entries: 0, ratio: x, size: 1}"))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .hasSize(4)
                                .allMatch(problem -> problem.toString().contains("unpack-limits.")));
        assertThat(read("unpack-limits:"))
                .isInstanceOfSatisfying(
                        Read.Valid.class,
                        valid -> assertThat(valid.settings().unpackLimits()).isEqualTo(LayerLimits.DEFAULT));
    }

    @Test
    void ids_that_are_the_hosts_own_or_too_few_are_mistakes() {
        for (var range : List.of("1000-200000", "200000-200100", "all", "300000-200000")) {
            assertThat(read("user-namespaces: {range: " + range + "}"))
                    .as(range)
                    .isInstanceOf(Read.Invalid.class);
        }
    }

    @Test
    void an_empty_file_is_all_defaults() {
        assertThat(read("")).isEqualTo(new Read.Valid(AgentSettings.defaults(), List.of()));
        assertThat(read("# nothing\n")).isEqualTo(new Read.Valid(AgentSettings.defaults(), List.of()));
    }

    @Test
    void all_mistakes_are_told_at_once_with_their_places() {
        assertThat(read("""
                hosts: alpha
                repositories:
                  - {ref: main}
                  - {url: x, path: ../up}
                  - {url: y, brnach: z}
                interval: 60
                drift-interval: 1ms
                foreign-firewall: maybe
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:1:1: hosts: unknown key. Did you mean \"host\"?",
                                        "agent.yaml:3:5: repositories[0]: has no url",
                                        "agent.yaml:4:20: repositories[1].path: \"../up\" must be a directory inside of the"
                                                + " repository",
                                        "agent.yaml:5:14: repositories[2].brnach: unknown key",
                                        "agent.yaml:6:11: interval: needs a unit: write 60s",
                                        "agent.yaml:7:17: drift-interval: must be at least 1s, not 1ms",
                                        "agent.yaml:8:19: foreign-firewall: must be accept or leave, not \"maybe\""));
    }

    @Test
    void mistakes_about_what_is_ordered_are_told_with_their_places() {
        assertThat(read("""
                policy:
                  drop-capabilities: [NET_RAW, NET_ADMIN, MKNDO]
                  no-new-privileges: maybe
                  pids-limit: 0
                  stacks:
                    shop: {pids-limit: 1e3, drop-capabilities: {}}
                    blog: {pids-limit: -2}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:2:32: policy.drop-capabilities[1]: no container has NET_ADMIN unless"
                                                + " capabilities allows it. Take it out",
                                        "agent.yaml:2:43: policy.drop-capabilities[2]: Linux has no capability \"MKNDO\"."
                                                + " Did you mean \"MKNOD\"?",
                                        "agent.yaml:3:22: policy.no-new-privileges: must be true or false, not \"maybe\"",
                                        "agent.yaml:4:15: policy.pids-limit: must be at least 1, or -1 for any number",
                                        "agent.yaml:6:48: policy.stacks.shop.drop-capabilities: must be a list, not a"
                                                + " mapping",
                                        "agent.yaml:7:24: policy.stacks.blog.pids-limit: must be between -1 and"
                                                + " 2147483647, not -2"));
    }

    @Test
    void a_repository_that_is_followed_is_nothing_that_another_one_was() {
        assertThat(read("""
                repositories:
                  - {url: x, formerly: [w, y]}
                  - {url: y}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .singleElement()
                                .asString()
                                .startsWith("agent.yaml:2:5: repositories[0].formerly: y is followed"));
        assertThat(read("repositories: [{url: x, formerly: [w]}]"))
                .isInstanceOfSatisfying(
                        Read.Valid.class,
                        valid -> assertThat(valid.settings()
                                        .repositories()
                                        .getFirst()
                                        .formerly())
                                .containsExactly("w"));
    }

    @Test
    void what_a_ref_may_do_is_said_once_for_it() {
        assertThat(read("repositories: [{url: x, force-push: refuse}, {url: y, force-push: follow}, {url: z}]"))
                .isInstanceOfSatisfying(
                        Read.Valid.class,
                        valid -> assertThat(valid.settings().repositories())
                                .extracting(Repository::forcePush)
                                .containsExactly(ForcePush.REFUSE, ForcePush.FOLLOW, ForcePush.REFUSE_RELEASES));
        assertThat(read("""
                repositories:
                  - {url: x, path: a, force-push: refuse}
                  - {url: x, path: b, force-push: never}
                  - {url: x, path: c, ref: other}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .map(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:3:5: repositories[1].force-push: is refuse-releases here and refuse"
                                                + " where the same ref of the same repository is followed before; write"
                                                + " the same",
                                        "agent.yaml:3:35: repositories[1].force-push: must be follow, refuse or"
                                                + " refuse-releases, not \"never\""));
    }

    @Test
    void a_private_repository_names_the_files_of_its_login() {
        assertThat(read("""
                repositories:
                  - url: HTTPS://git.example.org/ops.git
                    username: deploy
                    password-file: /etc/lockstep/git/ops
                    ca-file: /etc/lockstep/git/ca.pem
                  - url: git@git.example.org:team/shop.git
                    ssh-key-file: /etc/lockstep/git/id
                    known-hosts-file: /etc/lockstep/git/known_hosts
                """))
                .isInstanceOfSatisfying(
                        Read.Valid.class,
                        valid -> assertThat(valid.settings().repositories())
                                .extracting(Repository::access)
                                .containsExactly(
                                        new RepositoryAccess(
                                                Optional.of("deploy"),
                                                Optional.of("/etc/lockstep/git/ops"),
                                                Optional.of("/etc/lockstep/git/ca.pem"),
                                                Optional.empty(),
                                                Optional.empty()),
                                        new RepositoryAccess(
                                                Optional.empty(),
                                                Optional.empty(),
                                                Optional.empty(),
                                                Optional.of("/etc/lockstep/git/id"),
                                                Optional.of("/etc/lockstep/git/known_hosts"))));
    }

    @Test
    void a_login_that_does_not_fit_to_the_url_is_told_without_it() {
        assertThat(read("""
                repositories:
                  - {url: 'https://me:SECRET@git.example/a', password-file: /p}
                  - {url: 'https://git.example/b', password-file: SECRET}
                  - {url: 'https://git.example/c', username: me}
                  - {url: 'https://git.example/d', ssh-key-file: /k, known-hosts-file: /h}
                  - {url: 'git@git.example:e', username: me, password-file: /p, ca-file: /c}
                  - {url: /srv/git, ssh-key-file: /k}
                  - {url: 'https://git.example/b', password-file: /other}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:2:61: repositories[0].password-file: is a second login beside that in url;"
                                                + " take one of them out",
                                        "agent.yaml:3:51: repositories[1].password-file: must be the absolute path of a file",
                                        "agent.yaml:4:46: repositories[2].username: needs a password-file",
                                        "agent.yaml:5:50: repositories[3].ssh-key-file: is for SSH: ssh://USER@HOST/PATH or"
                                                + " USER@HOST:PATH",
                                        "agent.yaml:5:72: repositories[3].known-hosts-file: is for SSH: ssh://USER@HOST/PATH or"
                                                + " USER@HOST:PATH",
                                        "agent.yaml:6:42: repositories[4].username: is for https:// and http://; an ssh:// URL"
                                                + " names its user itself",
                                        "agent.yaml:6:61: repositories[4].password-file: is for https:// and http://; SSH has"
                                                + " ssh-key-file",
                                        "agent.yaml:6:74: repositories[4].ca-file: is for https://",
                                        "agent.yaml:7:35: repositories[5].ssh-key-file: is for SSH: ssh://USER@HOST/PATH or"
                                                + " USER@HOST:PATH",
                                        "agent.yaml:8:5: repositories[6]: is the same as the one at agent.yaml:3:5"));
        assertThat(read("repositories: [{url: 'http://git.example/a', password-file: /p}]")
                        .warnings())
                .extracting(Object::toString)
                .containsExactly("agent.yaml:1:46: repositories[0].password-file: the password goes over the network in"
                        + " plain text; write https:// in url");
        assertThat(read("repositories: [{url: 'http://127.0.0.1:8080/a', password-file: /p}]")
                        .warnings())
                .isEmpty();
    }

    @Test
    void mistakes_about_proxies_are_told_without_passwords() {
        assertThat(read("""
                proxy:
                  https: https://me:SECRET@proxy.example
                  http: socks5://me:SECRET@p
                  no-proxy: [a/b, 10.0.0.0/8]
                  ftp: x
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:2:10: proxy.https: must be http://[USER:PASSWORD@]HOST[:PORT], the"
                                                + " password percent-encoded",
                                        "agent.yaml:3:9: proxy.http: must be http://[USER:PASSWORD@]HOST[:PORT], the"
                                                + " password percent-encoded",
                                        "agent.yaml:4:14: proxy.no-proxy[0]: \"a/b\" is not *, HOST[:PORT],"
                                                + " .DOMAIN[:PORT], ADDRESS or ADDRESS/PREFIX",
                                        "agent.yaml:5:3: proxy.ftp: unknown key"));
        var settings = new ProxyEntry(Optional.of("me:SECRET@p"), Optional.empty(), List.of());
        assertThat(settings.toString()).contains("[p]").doesNotContain("SECRET");
    }

    @Test
    void mistakes_about_registries_are_told_with_their_places() {
        assertThat(read("""
                registries:
                  https://a: {}
                  a.example: {insecure: maybe, mirrors: [a.example, b, b, "http://c"]}
                  docker.io: {}
                  index.docker.io: {mirors: [x]}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:2:3: registries: \"https://a\" is not a registry. Write HOST or"
                                                + " HOST:PORT, as images name it",
                                        "agent.yaml:3:25: registries.a.example.insecure: must be true or false, not \"maybe\"",
                                        "agent.yaml:3:42: registries.a.example.mirrors[0]: is the registry itself, which"
                                                + " is asked last anyway",
                                        "agent.yaml:3:56: registries.a.example.mirrors[2]: is there twice",
                                        "agent.yaml:3:59: registries.a.example.mirrors[3]: \"http://c\" must be"
                                                + " HOST[:PORT][/PATH] without \"://\". Where the mirror has no"
                                                + " certificate, write insecure: true for its host",
                                        "agent.yaml:5:3: registries.index.docker.io: is the same registry as docker.io",
                                        "agent.yaml:5:21: registries.index.docker.io.mirors: unknown key. Did you mean"
                                                + " \"mirrors\"?"));
    }
}
