package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.registry.Proxies;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers behind authorities of their own and behind proxies. */
class GitAccessIT {
    private static final FollowedRef MAIN = new FollowedRef("main");
    private static final String HOST = "git.example.invalid";

    @TempDir
    Path directory;

    private Root root;
    private TestRepository origin;
    private TestAuthority authority;
    private String commit;

    @BeforeEach
    void start() throws Exception {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        commit = origin.put("a", "1").commit("one");
        authority = TestAuthority.create(directory.resolve("authority"));
    }

    @AfterEach
    void stop() {
        origin.close();
    }

    private GitSource source(String url, GitSettings settings) throws IOException {
        return new GitRepositories(root, settings).open(Remote.parse(url));
    }

    private SSLContext tls() throws Exception {
        authority.issue(
                "server", "subjectAltName=IP:127.0.0.1,DNS:" + HOST, "-newkey ec -pkeyopt ec_paramgen_curve:P-256");
        authority.openssl("pkcs12 -export -in server.crt -inkey server.key -out server.p12 -passout pass:changeit");
        var store =
                KeyStore.getInstance(directory.resolve("authority/server.p12").toFile(), "changeit".toCharArray());
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, "changeit".toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static Proxies proxies(TestProxy proxy, String account, List<String> direct) {
        var address = Optional.of("http://" + account + "127.0.0.1:" + proxy.port());
        return Proxies.of(address, address, direct);
    }

    @Test
    void an_authority_of_the_repositorys_own_is_believed_and_read_each_time() throws Exception {
        var file = directory.resolve("ca.pem");
        try (var server = GitHttpServer.start(origin.repository(), tls())) {
            var url = "https://127.0.0.1:" + server.port() + "/shop.git";
            try (var source = source(url, GitSettings.defaults())) {
                assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                        .hasMessageContaining("TLS failed");
            }
            try (var source = source(url, GitSettings.defaults().withAuthorities(Optional.of(file)))) {
                assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                        .hasMessage("repository " + url + " is not asked: " + file
                                + " is not there, or a link to what is not there");
                Files.copy(authority.certificate(), file);
                assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
                Files.writeString(file, "nothing");
                assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN))
                                .kind())
                        .isEqualTo(Kind.AUTH);
            }
        }
    }

    @Test
    void a_proxy_gets_its_account_and_the_server_behind_it_does_not() throws Exception {
        for (var scheme : List.of("http", "https")) {
            var secure = scheme.equals("https");
            try (var server = secure
                            ? GitHttpServer.start(origin.repository(), tls())
                            : GitHttpServer.start(origin.repository());
                    var proxy = TestProxy.start(server.port(), "me:s3cret@")) {
                var url = scheme + "://" + HOST + "/shop.git";
                var settings = GitSettings.defaults().withAuthorities(Optional.of(authority.certificate()));
                try (var source = source(url, settings.withProxies(proxies(proxy, "me:s3cret%40@", List.of())))) {
                    assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(commit);
                }
                assertThat(proxy.heads()).isNotEmpty().allMatch(head -> head.startsWith("CONNECT ") == secure);
                assertThat(server.requests()).isNotEmpty().noneMatch(r -> r.contains("Basic"));
            }
            try (var proxy = TestProxy.start(1, "me:s3cret@")) {
                var url = scheme + "://" + HOST + "/shop.git";
                var settings = GitSettings.defaults();
                try (var source = source(url, settings.withProxies(proxies(proxy, "me:wr0ng@", List.of())))) {
                    var failure = catchThrowableOfType(GitException.class, () -> source.tip(MAIN));
                    assertThat(failure.kind()).isEqualTo(Kind.AUTH);
                    assertThat(failure)
                            .hasMessage("repository " + url + " cannot be asked: the proxy 127.0.0.1:" + proxy.port()
                                    + " does not take the account that it is shown");
                }
                assertThat(proxy.heads()).hasSize(1);
                try (var source = source(url, settings.withProxies(proxies(proxy, "", List.of())))) {
                    assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                            .hasMessageContaining("wants an account");
                }
                var before = proxy.heads().size();
                try (var source = source(url, settings.withProxies(proxies(proxy, "", List.of(".invalid"))))) {
                    assertThat(catchThrowableOfType(GitException.class, () -> source.tip(MAIN)))
                            .hasMessageContaining("unknown");
                }
                assertThat(proxy.heads()).hasSize(before);
            }
        }
    }
}
