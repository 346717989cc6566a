package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code docker inspect -f} of 26.1.5 printed for a container with these values. */
class GoTemplateTest {
    private static final String ONE = """
            {"Name": "/one", "State": {"Status": "running", "Running": true, "Paused": false, "Pid": 14200},
             "Config": {"Cmd": ["sleep", "100000"], "Image": "web:1", "Tty": false, "OnBuild": [],
               "Labels": {"b": "two", "a": "One", "com.example.some-name": "v"}},
             "HostConfig": {"Memory": 0}, "Mounts": []}
            """;

    @ParameterizedTest
    @CsvSource(delimiter = '~', ignoreLeadingAndTrailingWhitespace = false, quoteCharacter = '\'', textBlock = """
            {{.Config.Cmd}}~[sleep 100000]
            {{json .Config.Cmd}}~["sleep","100000"]
            {{join .Config.Cmd "/"}}~sleep/100000
            {{.Name | upper}}~/ONE
            {{title "some words_here"}}~Some Words_here
            {{lower "ABC"}}|{{len .Config.Cmd}}~abc|2
            {{index .Config.Cmd 0}}~sleep
            {{index .Config.Labels "a"}}{{index .Config.Labels "zz"}}~One
            {{range .Config.Cmd}}<{{.}}>{{end}}~<sleep><100000>
            {{range $i, $c := .Config.Cmd}}{{$i}}={{$c}};{{end}}~0=sleep;1=100000;
            {{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}~a=One;b=two;com.example.some-name=v;
            {{range $c := .Config.Cmd}}{{$c}},{{.}};{{end}}~sleep,sleep;100000,100000;
            {{range .Config.Cmd}}{{println .}}{{end}}~'sleep\n100000\n'
            {{if .State.Running}}yes{{else}}no{{end}}~yes
            {{if eq .State.Status "exited"}}e{{else if eq .State.Status "running" "x"}}r{{else}}o{{end}}~r
            {{with .Config.Labels}}{{.a}}{{end}}~One
            {{$n := .Name}}{{range .Config.Cmd}}{{$n}}:{{.}};{{end}}~/one:sleep;/one:100000;
            {{range .Config.Cmd}}{{$.Name}}{{end}}~/one/one
            {{split .Config.Image ":"}}~[web 1]
            {{(index .Config.Cmd 1)}}~100000
            {{printf "%s-%5d|%-6s|%q" .Name 42 "ab" "x y"}}~/one-   42|ab    |"x y"
            {{print 1 2 "a" 3}}~1 2a3
            a {{- " b " -}} c~a b c
            {{/* note */}}x~x
            {{slice .Name 1 3}}{{truncate "abcdef" 3}}|{{pad "x" 2 1}}|~onabc|  x |
            {{and .State.Running .State.Paused}} {{or .State.Paused .Name}} {{not .State.Paused}}~false /one true
            {{lt 1 2}} {{ge "a" "b"}} {{ne 1 1}}~true false false
            {{range .Mounts}}x{{else}}none{{end}}~none
            {{.Config.Labels}}~map[a:One b:two com.example.some-name:v]
            {{.Config.Tty}} {{.HostConfig.Memory}} {{.Config.OnBuild}}~false 0 []
            {{.State.Running | not}} {{.Config.Cmd | len | printf "%03d"}}~false 002
            """)
    void a_template_prints_what_docker_prints(String template, String printed) throws CommandException {
        assertThat(GoTemplate.parse(template).lines(List.of(ONE))).isEqualTo(printed.translateEscapes() + "\n");
    }

    @Test
    void a_table_has_headings_and_columns_of_ten() throws CommandException {
        var rows = List.of(
                new GoTemplate.Row("{\"Names\":\"one\",\"ID\":\"a9c167ddd468\"}", Map.of("com.example.some-name", "v")),
                new GoTemplate.Row("{\"Names\":\"the-second-one\",\"ID\":\"b\"}", Map.of()));
        var headings = Map.of("ID", "CONTAINER ID");

        assertThat(GoTemplate.parse("table {{.Names}}\\t{{upper .ID}}\\t{{.Label \"com.example.some-name\"}}")
                        .lines(rows, headings))
                .isEqualTo("""
                        NAMES            CONTAINER ID   some name
                        one              A9C167DDD468   v
                        the-second-one   B
                        """);
        assertThat(GoTemplate.parse("table {{.Names}}\\t{{.ID}}").lines(rows.subList(0, 1), headings))
                .isEqualTo("""
                        NAMES     CONTAINER ID
                        one       a9c167ddd468
                        """);
        assertThat(GoTemplate.parse("{{.Names}}\\t{{\"\\t\"}}.").lines(rows.subList(0, 1), headings))
                .isEqualTo("one\t\t.\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', quoteCharacter = '\'', textBlock = """
            {{.Nope}}~there is no field Nope; there are Name, State, Config, HostConfig, Mounts
            {{.Name.x}}~there is no field x
            {{nope .}}~"{{nope .}}" is not understood: there is no function nope; there are and, eq
            {{.Name~the template has {{ without its }}
            {{range .Mounts}}~the template has a range without its end
            {{end}}~the template has {{end}} without its begin
            {{if .Name}}{{else}}{{else}}{{end}}~the template has {{else}} without its begin
            {{index .Config.Cmd 7}}~has no item 7
            {{index .Config.Cmd}}~index, and only index, takes a number
            {{join .Config.Cmd}}~join in a template takes 2 values, not 1
            {{$x}}~the template has no variable $x
            {{.Name .Name}}~only functions take values
            {{lt 1 "a"}}~lt in a template cannot compare 1 with "a"
            {{printf "%d"}}~printf in a template has too few values
            {{| .}}~is not understood: a template here has {{.Field}}
            """)
    void what_is_no_template_is_said(String template, String sentence) {
        assertThatThrownBy(() -> GoTemplate.parse(template).lines(List.of(ONE)))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void what_strangers_wrote_moves_no_cursor() throws CommandException {
        assertThat(GoTemplate.parse("{{.A}}").lines(List.of("{\"A\":\"\\u001b[31mred\"}")))
                .isEqualTo("\\u001b[31mred\n");
    }
}
