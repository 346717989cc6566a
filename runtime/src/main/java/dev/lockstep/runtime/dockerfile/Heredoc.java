package dev.lockstep.runtime.dockerfile;

/**
 * A here-document ({@code <<EOF} … {@code EOF}).
 *
 * @param name the word that ends it, without quotes
 * @param expands whether the builder replaces variables in it: its word has no quotes
 * @param stripsTabs whether {@code <<-} was written: tabs at the beginnings of lines go
 * @param content all lines with their line feeds, as they are written (tabs too)
 */
public record Heredoc(String name, boolean expands, boolean stripsTabs, String content) {
    /** The content as a file or a script has it: without the tabs that {@code <<-} takes away. */
    public String data() {
        if (!stripsTabs) {
            return content;
        }
        var data = new StringBuilder(content.length());
        var atStart = true;
        for (var i = 0; i < content.length(); i++) {
            var c = content.charAt(i);
            if (!atStart || c != '\t') {
                data.append(c);
                atStart = c == '\n';
            }
        }
        return data.toString();
    }
}
