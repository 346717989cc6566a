package dev.lockstep.runtime.build;

import java.util.ArrayDeque;

/** Paths in images as Go cleans them: by their text, with no look at links. */
final class ImagePath {
    private ImagePath() {}

    /** The absolute clean path of {@code path} as seen from {@code directory}, itself absolute. */
    static String resolve(String directory, String path) {
        return clean(path.startsWith("/") ? path : directory + "/" + path);
    }

    /** Without {@code .}, {@code ..} and doubled slashes; nothing is above the root. */
    static String clean(String path) {
        var parts = new ArrayDeque<String>();
        for (var part : path.split("/", -1)) {
            switch (part) {
                case "", "." -> {
                    // says nothing
                }
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return "/" + String.join("/", parts);
    }
}
