package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostSelectorTest {
    @ParameterizedTest
    @CsvSource({
        "web1,web1,true",
        "web1,web12,false",
        "web*,web,true",
        "web*,web12,true",
        "*,anything,true",
        "*.lan,a.lan,true",
        "*.lan,lan,false",
        "a*a,a,false",
        "a*a,aa,true",
        "a*b*c,a-b-b-c,true",
        "a*b*c,a-c-b,false",
        "web.1,webx1,false",
    })
    void a_star_stands_for_any_letters(String pattern, String host, boolean meant) {
        assertThat(HostSelector.matches(pattern, host)).isEqualTo(meant);
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void many_stars_do_not_keep_us_busy() {
        assertThat(HostSelector.matches("*a".repeat(30) + "*b", "a".repeat(64))).isFalse();
    }
}
