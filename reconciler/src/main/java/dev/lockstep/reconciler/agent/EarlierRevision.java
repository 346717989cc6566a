package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A commit that ran here before, with what its image references stood for then.
 *
 * @param images what is left of them
 */
record EarlierRevision(CommitSource source, EarlierImages images) implements StackSource {
    @Override
    public Map<String, String> digests() {
        return images.digests();
    }

    @Override
    public LoadRequest load() throws IOException {
        return source.load();
    }

    @Override
    public Optional<String> repository() {
        return source.repository();
    }

    @Override
    public Set<String> formerly() {
        return source.formerly();
    }

    @Override
    public Optional<String> revision() {
        return source.revision();
    }

    @Override
    public List<ImagePolicy> imagePolicies() {
        return source.imagePolicies();
    }

    @Override
    public StackBuilds builds() {
        var builds = source.builds();
        return builds.saying(project -> {
            var states = new HashMap<>(builds.of(project));
            images.gone()
                    .forEach((reference, why) ->
                            states.put(reference, new BuildState.Broken(why + "; go back after that")));
            return states;
        });
    }

    @Override
    public List<PolicyLayer> policies() {
        return source.policies();
    }

    @Override
    public Optional<Path> values() {
        return source.values();
    }

    @Override
    public Secrets secrets() {
        return source.secrets();
    }

    @Override
    public Files files(Project project, String projectDirectory) throws IOException {
        return source.files(project, projectDirectory);
    }

    @Override
    public byte[] read(String projectDirectory, String path) throws IOException {
        return source.read(projectDirectory, path);
    }

    @Override
    public boolean isExecutable(String projectDirectory, String path) throws IOException {
        return source.isExecutable(projectDirectory, path);
    }
}
