package dev.lockstep.reconciler.observe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Containers that Docker and Podman have on this host, read from their files: no daemon is asked, nothing is written,
 * and what cannot be read is as if it were not there. Names there and here do not clash for the kernel; they do for
 * people, who ask one engine and look at the container of the other.
 *
 * @param host the root of the file system, {@code /}
 */
public record OtherEngines(Path host) {
    // Written by the engines themselves, a few kilobytes; more is nothing that we understand.
    private static final long LARGEST = 4L << 20;
    private static final int SHORT_ID = 12;
    private static final JsonMapper JSON = JsonMapper.builder().build();
    // containers-storage.conf(5), of which this is the one line that matters.
    private static final Pattern GRAPH_ROOT =
            Pattern.compile("^\\s*graphroot\\s*=\\s*\"(/[^\"]+)\"", Pattern.MULTILINE);

    /** Of the machine that this runs on. */
    public static OtherEngines ofThisHost() {
        return new OtherEngines(Path.of("/"));
    }

    /** Which of the names another engine has a container of: by name what that is, in words. */
    public Map<String, String> named(Set<String> names) {
        if (names.isEmpty()) {
            return Map.of();
        }
        var found = new HashMap<String, String>();
        docker(names, found);
        podman(names, found);
        return Map.copyOf(found);
    }

    private void docker(Set<String> names, Map<String, String> found) {
        var data = json(host.resolve("etc/docker/daemon.json"))
                .map(settings -> settings.path("data-root").asText())
                .filter(path -> path.startsWith("/"))
                .orElse("/var/lib/docker");
        for (var container : entries(inside(data).resolve("containers"), "*")) {
            json(container.resolve("config.v2.json")).ifPresent(config -> {
                var name = config.path("Name").asText().replaceFirst("^/", "");
                if (names.contains(name)) {
                    found.putIfAbsent(name, words("Docker", config.path("ID")));
                }
            });
        }
    }

    private void podman(Set<String> names, Map<String, String> found) {
        var storage = text(host.resolve("etc/containers/storage.conf"))
                .map(GRAPH_ROOT::matcher)
                .filter(Matcher::find)
                .map(line -> line.group(1))
                .orElse("/var/lib/containers/storage");
        // One directory for each storage driver; what --rm takes away is in a file of its own.
        for (var containers : entries(inside(storage), "*-containers")) {
            for (var file : List.of("containers.json", "volatile-containers.json")) {
                json(containers.resolve(file))
                        .ifPresent(list -> list.forEach(container -> container
                                .path("names")
                                .forEach(name -> {
                                    if (names.contains(name.asText())) {
                                        found.putIfAbsent(name.asText(), words("Podman", container.path("id")));
                                    }
                                })));
            }
        }
    }

    private static String words(String engine, JsonNode id) {
        var text = id.asText();
        return engine + " (" + text.substring(0, Math.min(SHORT_ID, text.length())) + ")";
    }

    private Path inside(String absolute) {
        return host.resolve(absolute.substring(1));
    }

    private static List<Path> entries(Path directory, String glob) {
        var found = new ArrayList<Path>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, glob)) {
            entries.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // no such engine, or not ours to read
        }
        return found.stream().sorted().toList();
    }

    private static Optional<JsonNode> json(Path file) {
        return text(file).flatMap(text -> {
            try {
                return Optional.ofNullable(JSON.readTree(text));
            } catch (IOException e) {
                return Optional.empty(); // being written, or of a version that we do not know
            }
        });
    }

    private static Optional<String> text(Path file) {
        try {
            return Files.size(file) > LARGEST ? Optional.empty() : Optional.of(Files.readString(file));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
