package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose secrets {@code secret} is about, called in the directory of a stack that has one of the same name. */
class SecretCommandTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void twoStacks() throws IOException {
        Files.createDirectories(directory.resolve("blog"));
        Files.writeString(directory.resolve("blog/compose.yaml"), "name: blog\nservices: {web: {image: x}}\n");
        for (var words : List.of(
                List.of("set", "blog", "db_password"),
                List.of("set", "blog", "key"),
                List.of("set", "shop", "db_password"),
                List.of("set", "shop", "key"))) {
            call(0, words.toArray(String[]::new));
        }
    }

    private Console call(int code, String... words) {
        var console = Console.in(
                directory.resolve("blog"),
                "value",
                Map.of("LOCKSTEP_STACKS", directory.resolve("stacks").toString()));
        var arguments = new ArrayList<String>();
        if (words[0].equals("-p")) {
            arguments.addAll(List.of("-p", words[1], "secret"));
            arguments.addAll(List.of(words).subList(2, words.length));
        } else {
            arguments.add("secret");
            arguments.addAll(List.of(words));
        }
        assertThat(console.run(arguments.toArray(String[]::new)))
                .as(console.err())
                .isEqualTo(code);
        return console;
    }

    private String all() {
        return call(0, "ls", "blog", "-q").out().replace("\n", " ") + "| "
                + call(0, "ls", "shop", "-q").out().replace("\n", " ");
    }

    @Test
    void rm_forgets_those_of_the_stack_that_is_named_first_as_set_keeps_them() {
        assertThat(call(0, "rm", "shop", "db_password").out()).isEqualTo("db_password\n");
        assertThat(all()).isEqualTo("db_password key | key ");

        call(0, "rm", "key");
        assertThat(all()).isEqualTo("db_password | key ");
        call(0, "-p", "shop", "rm", "key");
        assertThat(all()).isEqualTo("db_password | ");
    }

    @Test
    void rm_takes_several_and_forgets_none_when_one_is_not_there() {
        assertThat(call(1, "rm", "shop", "key", "nothing", "../blog").err()).isEqualTo("""
                        there is no secret nothing of stack shop
                        there is no secret ../blog of stack shop
                        Nothing was forgotten.
                        """);
        assertThat(call(1, "rm", "db_password", "key").err())
                .isEqualTo("there is no secret key of stack db_password\n");
        assertThat(call(1, "rm", "..", "key").err()).contains("there is no secret key of stack ..");
        assertThat(all()).isEqualTo("db_password key | db_password key ");

        assertThat(call(0, "-p", "shop", "rm", "key", "db_password", "key").out())
                .isEqualTo("key\ndb_password\n");
        assertThat(all()).isEqualTo("db_password key | ");
    }
}
