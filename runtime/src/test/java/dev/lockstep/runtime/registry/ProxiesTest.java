package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {
    private static Optional<String> by(Map<String, String> environment, String uri) {
        return Proxies.of(environment).of(URI.create(uri)).map(Proxies.Proxy::toString);
    }

    @Test
    void each_scheme_has_its_variable_in_capitals_or_not() {
        var both = Map.of("HTTPS_PROXY", "http://a:3128", "http_proxy", "b");

        assertThat(by(both, "https://r.example/v2/")).contains("a:3128");
        assertThat(by(both, "http://r.example/v2/")).contains("b:80");
        assertThat(by(Map.of("HTTPS_PROXY", "a:1", "https_proxy", "b:2"), "https://r/"))
                .contains("a:1");
        assertThat(by(Map.of("HTTPS_PROXY", " ", "https_proxy", "b:2"), "https://r/"))
                .contains("b:2");
        assertThat(by(Map.of("HTTPS_PROXY", ""), "https://r/")).isEmpty();
        assertThat(by(Map.of("HTTP_PROXY", "a:1"), "https://r/")).isEmpty();
        assertThat(Proxies.of(Map.of()).isEmpty()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a.example             | https://a.example/        | true",
                "a.example             | https://A.Example./       | true",
                "a.example             | https://b.a.example/      | true",
                "a.example             | https://ba.example/       | false",
                ".a.example            | https://a.example/        | false",
                ".a.example            | https://b.a.example/      | true",
                "*.a.example           | https://b.a.example/      | true",
                "*.a.example           | https://a.example/        | false",
                "A.EXAMPLE             | https://a.example/        | true",
                "a.example:5000        | https://a.example:5000/   | true",
                "a.example:5000        | https://a.example/        | false",
                "a.example:443         | https://a.example/        | true",
                "10.0.0.0/8            | https://10.200.3.4:5000/  | true",
                "10.0.0.0/8            | https://11.0.0.1/         | false",
                "10.1.2.3              | https://10.1.2.3/         | true",
                "10.1.2.3:5000         | https://10.1.2.3/         | false",
                "10.1.2.3:5000         | https://10.1.2.3:5000/    | true",
                "0.0.0.0/0             | https://1.2.3.4/          | true",
                "0.0.0.0/0             | https://[fd00::1]/        | false",
                "fd00::/8              | https://[fd12::1]:5000/   | true",
                "[fd00::1]:5000        | https://[fd00::1]:5000/   | true",
                "fd00::1               | https://[fd00:0::1]/      | true",
                "10.0.0.0/8            | https://ten.example/      | false",
                "*                     | https://any.example/      | true",
                "'x, b.example c.example' | https://c.example/     | true",
                "'what is this?!'      | https://a.example/        | false",
                "''                    | https://localhost/        | true",
                "''                    | https://127.1.2.3:5000/   | true",
                "''                    | https://[::1]:5000/       | true",
                "''                    | https://localhost.example/ | false",
                "''                    | https://a.example/        | false",
            })
    void what_is_excepted_is_asked_directly(String except, String uri, boolean direct) {
        var environment = Map.of("https_proxy", "p:1", "no_proxy", except);

        assertThat(by(environment, uri).isEmpty()).isEqualTo(direct);
        assertThat(by(Map.of("https_proxy", "p:1", "NO_PROXY", except), uri).isEmpty())
                .isEqualTo(direct);
    }

    @Test
    void an_account_is_read_and_never_shown() {
        var proxy = Proxies.Proxy.parse("http://me:SE%40CRET+%3A1@[fd00::1]:3128/");

        assertThat(proxy.account()).contains(new Credential.Account("me", "SE@CRET+:1"));
        assertThat(proxy).hasToString("[fd00::1]:3128");
        assertThat(Proxies.of(Map.of("HTTPS_PROXY", "me:SECRET@p:1")).toString())
                .doesNotContain("SECRET");
        assertThat(Proxies.Proxy.parse("me@p").account()).contains(new Credential.Account("me", ""));
    }

    @ParameterizedTest
    @CsvSource({
        "https://me:SECRET@p:3128, must be http://HOST[:PORT]",
        "socks5://me:SECRET@p, must be http://HOST[:PORT]",
        "http://me:SECRET@p:99999, must be http://[USER:PASSWORD@]HOST",
        "http://me:SECRET@p:x, must be http://[USER:PASSWORD@]HOST",
        "http://me:SECRET@, must be http://[USER:PASSWORD@]HOST",
        "http://me:SECRET@p/path, must be http://[USER:PASSWORD@]HOST",
        "http://me:SECRET%zz@p, must be http://[USER:PASSWORD@]HOST",
        "http://me:SEC RET@p, must be http://[USER:PASSWORD@]HOST",
    })
    void what_is_no_proxy_is_named_by_its_variable_and_not_quoted(String text, String why) {
        assertThatThrownBy(() -> Proxies.of(Map.of("HTTPS_PROXY", text)))
                .hasMessageStartingWith("the environment variable HTTPS_PROXY " + why)
                .hasMessageNotContainingAny("SECRET", "SEC RET");
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.0/33", "a.example/8", "a.example:99999", "'a b'", "10.0.0.0/-1", "http://a", "''"})
    void what_is_no_exception_is_refused(String text) {
        assertThatThrownBy(() -> Direct.parse(text)).hasMessageContaining("\"" + text + "\" is not");
    }
}
