package dev.lockstep.runtime.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process of its own that builds, for ever or the Dockerfile it is given, until somebody kills it. */
final class BuildWork {
    private BuildWork() {}

    public static void main(String... args) throws IOException {
        var lab = new BuildLab(Path.of(args[0]));
        if (args.length > 1) {
            System.out.println("ready");
            System.out.flush();
            lab.build(lab.request(Files.readString(Path.of(args[1]))));
            return;
        }
        lab.build(lab.request("FROM busybox\nRUN echo done > /done\nRUN echo begun; sleep 1000000\n"), event -> {
            if (event instanceof BuildEvent.Output) {
                try {
                    Files.createFile(Path.of(args[0], "begun"));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
    }
}
