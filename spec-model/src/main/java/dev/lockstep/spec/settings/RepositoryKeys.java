package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Keys;
import java.util.LinkedHashMap;
import java.util.Map;

/** The keys of {@code lockstep.yaml}, by the path of the mapping that has them; {@code *} is a name of the user's. */
enum RepositoryKeys {
    FILE("", "hosts stacks windows builds policy suspend"),
    HOST("hosts.*", "labels suspend"),
    STACK("stacks.*", "hosts labels after suspend windows approve policy"),
    WINDOW("windows.*", "opens duration zone"),
    BUILD(
            "builds.*",
            "image tags context dockerfile target args secrets platforms when test push reproducible hosts labels"),
    BUILD_WHEN("builds.*.when", "tags branches paths moved"),
    BUILD_TEST("builds.*.test", "command service timeout reports matrix"),
    POLICY("policy", PolicyReader.KEYS + " registries images"),
    STACK_POLICY("stacks.*.policy", POLICY.words);

    private final String path;
    private final String words;

    RepositoryKeys(String path, String words) {
        this.path = path;
        this.words = words;
    }

    Keys keys() {
        return Keys.of(words);
    }

    /** All of them, by path. */
    static Map<String, Keys> byPath() {
        var all = new LinkedHashMap<String, Keys>();
        for (var one : values()) {
            all.put(one.path, one.keys());
        }
        all.put(POLICY.path + ".images.*", ImagePolicyReader.RULE);
        all.put(STACK_POLICY.path + ".images.*", ImagePolicyReader.RULE);
        return all;
    }
}
