package dev.lockstep.spec.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalTest {
    @ParameterizedTest
    @CsvSource({
        "5,5",
        "0.50,0.5",
        "-.5,-0.5",
        "5.,5",
        "0.0,0",
        "100,100",
        "00.0010,0.001",
        "-0,0",
        "1.000000001,1.000000001"
    })
    void a_number_is_written_in_one_way(String text, String written) {
        assertThat(Decimal.parse(text)).hasToString(written).isEqualTo(Decimal.parse(written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "-", "1e3", "1.-5", "0x1", "1,5", " 1"})
    void what_is_no_number_is_refused(String text) {
        assertThatThrownBy(() -> Decimal.parse(text)).isInstanceOf(NumberFormatException.class);
    }

    @Test
    void it_counts_as_big_decimals_do() {
        var random = new Random(Long.getLong("lockstep.seed.fixed", 1));
        for (var i = 0; i < Integer.getInteger("lockstep.count", 100) * 10; i++) {
            var one = new BigDecimal(random.nextLong(-1000, 1000)).movePointLeft(random.nextInt(6));
            var two = new BigDecimal(random.nextLong(-1000, 1000)).movePointLeft(random.nextInt(6));
            var first = Decimal.parse(one.toPlainString());
            var second = Decimal.parse(two.toPlainString());
            assertThat(first.compareTo(second)).as(one + " " + two).isEqualTo(one.compareTo(two));
            assertThat(first.equals(second)).isEqualTo(one.compareTo(two) == 0);
            assertThat(first.signum()).isEqualTo(one.signum());
            assertThat(first.times(1_000_007))
                    .isEqualTo(one.multiply(BigDecimal.valueOf(1_000_007)).toBigInteger());
            assertThat(new BigDecimal(first.toString())).isEqualByComparingTo(one);
        }
    }
}
