package dev.lockstep.spec.conformance;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A program of its own that does what {@code config} does to one directory: for what must be tried in a cold process.
 */
final class ColdConfig {
    private ColdConfig() {}

    /** The directory is the only argument; ends with 1 if the files are refused. */
    public static void main(String[] arguments) {
        var directory = Path.of(arguments[0]);
        var request = LoadRequest.of(new DirectoryTree(directory)).withComposeVariables();
        var loaded = new ComposeLoader().load(request);
        var err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(
                switch (loaded) {
                    case Loaded.Invalid invalid -> {
                        // `config --variables` has its own ways to take long with what is refused here.
                        new ComposeLoader().uninterpolated(request);
                        yield tell(invalid.errors(), err);
                    }
                    case Loaded.Valid valid -> {
                        var refused = Checks.compose(valid.project());
                        if (refused.isEmpty()) {
                            Checks.strict(valid.project()).forEach(err::println);
                            System.out.println(
                                    Canonical.json(valid.project(), directory.resolve(valid.projectDirectory())));
                        }
                        yield tell(refused, err);
                    }
                });
    }

    private static int tell(List<Problem> errors, PrintStream err) {
        errors.forEach(err::println);
        return errors.isEmpty() ? 0 : 1;
    }
}
