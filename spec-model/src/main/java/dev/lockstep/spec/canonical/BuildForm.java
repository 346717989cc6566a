package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.ExtraHost;
import dev.lockstep.spec.model.SshKey;
import java.util.List;

/** {@code build} in its long form. */
final class BuildForm {
    private final Presentation presentation;

    BuildForm(Presentation presentation) {
        this.presentation = presentation;
    }

    Fields of(Build build) {
        var out = new Fields();
        out.put("context", context(build.context()))
                .putText("dockerfile", build.dockerfile())
                .putText("dockerfile_inline", build.inlineDockerfile())
                .putTexts("entitlements", build.entitlements())
                .putMap("args", build.args())
                .putText("provenance", build.provenance())
                .putText("sbom", build.sbom())
                .putTexts("ssh", build.ssh().stream().map(SshKey::toString).toList())
                .putMap("labels", build.labels())
                .putTexts("cache_from", build.cacheFrom())
                .putTexts("cache_to", build.cacheTo())
                .putIf("no_cache", build.noCache())
                .putTexts("no_cache_filter", build.noCacheFilter())
                .putMap("additional_contexts", build.additionalContexts(), c -> new Text(context(c)))
                .putIf("pull", build.pull())
                .putTexts("extra_hosts", hosts(build.extraHosts()))
                .putText("isolation", build.isolation())
                .putText("network", build.network())
                .putText("target", build.target())
                .putItems("secrets", build.secrets(), FileObjectForm::grant);
        build.shmSize().ifPresent(size -> out.put("shm_size", size.toString()));
        return out.putTexts("tags", build.tags())
                .putMap("ulimits", build.ulimits(), LimitForm::ulimit)
                .putTexts("platforms", build.platforms())
                .putIf("privileged", build.privileged());
    }

    private String context(ContextSource source) {
        return source instanceof ContextSource.Directory directory
                ? presentation.path(directory.path())
                : source.text();
    }

    /** {@code extra_hosts}: sorted, as {@code NAME=ADDRESS}. */
    static List<String> hosts(List<ExtraHost> hosts) {
        return hosts.stream().map(ExtraHost::toString).sorted().toList();
    }
}
