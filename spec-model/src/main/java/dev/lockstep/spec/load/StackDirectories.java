package dev.lockstep.spec.load;

import dev.lockstep.spec.read.TreePaths;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds the stacks of a repository by its layout. */
public final class StackDirectories {
    private StackDirectories() {}

    /**
     * A directory with a compose file.
     *
     * @param directory as the tree names it
     * @param defaultName the stack's name unless its file sets one
     * @param host the only host that runs it; empty: every host
     */
    public record Stack(String directory, String defaultName, Optional<String> host) {}

    /**
     * Every stack in {@code stacks/STACK/}, {@code hosts/HOST/STACK/} and {@code base} itself, sorted by directory.
     * Directories without a compose file are no stacks.
     *
     * @param base the directory of the repository to look in, {@code ""} for all of it
     * @param repositoryName what the stack of {@code base} is called
     * @throws IOException if the tree cannot be listed
     */
    public static List<Stack> find(FileTree tree, String base, String repositoryName) throws IOException {
        var stacks = new ArrayList<Stack>();
        if (isStack(tree, base)) {
            stacks.add(new Stack(base, repositoryName, Optional.empty()));
        }
        below(tree, TreePaths.resolve(base, "stacks"), Optional.empty(), stacks);
        var hosts = TreePaths.resolve(base, "hosts");
        for (var host : directories(tree, hosts)) {
            below(tree, TreePaths.resolve(hosts, host), Optional.of(host), stacks);
        }
        stacks.sort(Comparator.comparing(Stack::directory));
        return List.copyOf(stacks);
    }

    private static void below(FileTree tree, String directory, Optional<String> host, List<Stack> stacks)
            throws IOException {
        for (var name : directories(tree, directory)) {
            var path = TreePaths.resolve(directory, name);
            if (isStack(tree, path)) {
                stacks.add(new Stack(path, name, host));
            }
        }
    }

    private static List<String> directories(FileTree tree, String directory) throws IOException {
        return tree.list(directory).stream()
                .filter(FileTree.Entry::directory)
                .map(FileTree.Entry::name)
                .toList();
    }

    private static boolean isStack(FileTree tree, String directory) throws IOException {
        return ComposeFiles.in(tree, directory).isPresent();
    }
}
