package dev.lockstep.spec.load;

import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.read.TreePaths;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;

/**
 * Finds the files that a project names and others read for it later (build contexts and their Dockerfiles, the content
 * of secrets and configs), and refuses those outside of the tree. Sources of bind mounts are not among them: what of
 * the host a container may see is the host's policy, not the loader's.
 */
final class AccessCheck {
    private final SourceFiles files;
    private final String projectDirectory;

    AccessCheck(SourceFiles files, String projectDirectory) {
        this.files = files;
        this.projectDirectory = projectDirectory;
    }

    void check(YamlNode project) {
        PathValues.inProject(project, value -> {
            switch (value.use()) {
                case CONTEXT -> {
                    if (!isElsewhere(value.path(), value.text())) {
                        require(value.path(), value.scalar(), "", value.text());
                    }
                }
                case CONTENT, WATCHED -> require(value.path(), value.scalar(), "", value.text());
                case VARIABLES, MOUNT -> {}
            }
            return value.text();
        });
        if (project instanceof YamlMapping root && root.get("services") instanceof YamlMapping services) {
            services.entries().forEach((name, entry) -> dockerfile("services." + name, entry.value()));
        }
    }

    private void dockerfile(String path, YamlNode service) {
        if (service instanceof YamlMapping mapping
                && mapping.get("build") instanceof YamlMapping build
                && build.get("dockerfile") instanceof YamlScalar dockerfile) {
            var context = build.get("context") instanceof YamlScalar scalar ? scalar.text() : ".";
            if (!isElsewhere(path + ".build.context", context)) {
                require(path + ".build.dockerfile", dockerfile, context, dockerfile.text());
            }
        }
    }

    /** As the reader of build contexts takes it: what looks like an address elsewhere is a path there. */
    private static boolean isElsewhere(String path, String context) {
        return ContextSource.isRemote(context)
                || (path.contains(".additional_contexts") && context.startsWith("service:"));
    }

    private void require(String path, YamlScalar scalar, String directory, String file) {
        var home = file.startsWith("~");
        var resolved = TreePaths.resolve(TreePaths.resolve(projectDirectory, directory), file);
        files.requireInside(home ? "/" + file : resolved, scalar.at(), path);
    }
}
