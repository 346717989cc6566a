package dev.lockstep.spec.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Files in memory; nothing is outside of it, as in a commit. */
final class MemoryTree implements FileTree {
    private final Map<String, String> files = new TreeMap<>();

    MemoryTree with(String path, String text) {
        files.put(path, text);
        return this;
    }

    @Override
    public Optional<byte[]> read(String path) throws IOException {
        if (path.startsWith("/") || path.startsWith("..")) {
            throw new IOException("is outside of the repository");
        }
        return Optional.ofNullable(files.get(path)).map(text -> text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public List<Entry> list(String directory) {
        var entries = new HashMap<String, Boolean>();
        var prefix = directory.isEmpty() ? "" : directory + "/";
        for (var path : files.keySet()) {
            if (path.startsWith(prefix)) {
                var rest = path.substring(prefix.length());
                var slash = rest.indexOf('/');
                entries.put(slash < 0 ? rest : rest.substring(0, slash), slash >= 0);
            }
        }
        var list = new ArrayList<Entry>();
        entries.forEach((name, isDirectory) -> list.add(new Entry(name, isDirectory)));
        list.sort(Comparator.comparing(Entry::name));
        return list;
    }
}
