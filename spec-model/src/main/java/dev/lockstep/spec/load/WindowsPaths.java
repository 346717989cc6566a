package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.Locale;
import java.util.regex.Pattern;

/** Turns {@code C:\x} into {@code /c/x} in the sources of volumes, for {@code COMPOSE_CONVERT_WINDOWS_PATHS}. */
final class WindowsPaths {
    private static final Pattern SHORT = Pattern.compile("([A-Za-z]:[\\\\/][^:]*)(:.*)?");
    private static final Pattern LONG = Pattern.compile("[A-Za-z]:[\\\\/].*");

    private WindowsPaths() {}

    static YamlNode converted(YamlNode project) {
        return Subtrees.each(project, "services", service -> Subtrees.at(service, "volumes", WindowsPaths::volumes));
    }

    private static YamlNode volumes(YamlNode volumes) {
        return volumes instanceof YamlSequence list ? list.mapItems((_, volume) -> volume(volume)) : volumes;
    }

    private static YamlNode volume(YamlNode volume) {
        if (volume instanceof YamlScalar scalar) {
            var match = SHORT.matcher(scalar.text());
            return match.matches() && match.group(2) != null
                    ? YamlScalar.text(scalar.at(), converted(match.group(1)) + match.group(2))
                    : scalar;
        }
        return Subtrees.at(
                volume,
                "source",
                source -> source instanceof YamlScalar scalar
                                && LONG.matcher(scalar.text()).matches()
                        ? YamlScalar.text(scalar.at(), converted(scalar.text()))
                        : source);
    }

    private static String converted(String path) {
        return "/" + path.substring(0, 1).toLowerCase(Locale.ROOT)
                + path.substring(2).replace('\\', '/');
    }
}
