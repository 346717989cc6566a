package dev.lockstep.runtime.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {
    private static SourceTree tree() {
        var root = new MemoryDirectory();
        Stream.of("apps/one/pkg/a.json", "apps/two/pkg/b.json", "apps/two/c.json", "apps/file")
                .forEach(path -> root.add(path, new byte[0]));
        return SourceTree.context(root, Ignore.NOTHING);
    }

    private static List<String> picks(String source) throws IOException {
        var request = CopyRequest.of(List.of(new CopySource(tree(), source)), "/x/", "/")
                .withParents();
        return new Selection(request).picks().stream().map(Selection.Pick::path).toList();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "apps/one/./pkg,            apps/one",
        "apps/*/./pkg/*.json,       'apps/one,apps/two'",
        "/apps/t?o/./pkg/b.json,    apps/two",
        "apps/*/./none,             'apps/one,apps/two'",
        "none*/./pkg,               ''",
        "apps/*/pkg,                /",
    })
    void a_pattern_before_the_pivot_stands_for_every_directory_that_it_matches(String source, String paths)
            throws IOException {
        assertThat(String.join(",", picks(source))).isEqualTo(paths);
    }

    @Test
    void what_is_no_pattern_must_be_there() {
        assertThatThrownBy(() -> picks("apps/one/./none")).hasMessage("\"/apps/one/none\": not found");
    }
}
