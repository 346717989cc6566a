package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;
import java.util.regex.Pattern;

/**
 * Image references must have the form of {@code [HOST[:PORT]/]NAME[:TAG][@DIGEST]} of the distribution specification.
 */
final class ImageNames {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final String HOST =
            "(?:\\[[0-9a-fA-F:]+\\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?";
    private static final Pattern REFERENCE = Pattern.compile("(?:" + HOST + "/)?" + COMPONENT + "(?:/" + COMPONENT
            + ")*" + "(?::[\\w][\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64}|@sha512:[0-9a-f]{128})?");
    private static final int LONGEST = 512;

    private ImageNames() {}

    static void check(Project project, Problems problems) {
        project.services().forEach((name, service) -> {
            var image = service.image();
            if (image.length() <= LONGEST && REFERENCE.matcher(image).matches()) {
                return;
            }
            var path = "services." + name + ".image";
            problems.error(
                    project.sources().at(path),
                    path,
                    image.isEmpty()
                            ? "is empty. Write the name of an image"
                            : "\"" + image
                                    + "\" is not an image reference. Write [HOST/]NAME[:TAG][@DIGEST], the name in"
                                    + " lower case");
        });
    }
}
