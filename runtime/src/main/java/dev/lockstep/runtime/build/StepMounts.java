package dev.lockstep.runtime.build;

import dev.lockstep.runtime.context.Copier;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Mount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.BundleMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What {@code RUN --mount} asks for: what of it counts for the cache, and the mounts themselves. */
final class StepMounts implements AutoCloseable {
    private static final int SECRET_MODE = 0400;
    private static final String SECRETS = "/run/secrets/";

    private final StageBuild.Step step;
    private final List<Mount> mounts;
    private final CopyStep copies;
    private final CopyStep.OpenTrees trees = new CopyStep.OpenTrees();

    StepMounts(StageBuild.Step step, List<Mount> mounts) {
        this.step = step;
        this.mounts = List.copyOf(mounts);
        this.copies = new CopyStep(step);
    }

    /** The key's part: of a bind its content, of the others what they are, never what is in them. */
    List<String> keys() throws IOException {
        var keys = new ArrayList<String>();
        for (var mount : mounts) {
            switch (mount) {
                case Mount.Bind bind ->
                    keys.addAll(List.of(
                            "bind",
                            target(bind.target()),
                            String.valueOf(bind.writable()),
                            copies.digest(request(bind.from(), bind.source()))));
                case Mount.Cache cache ->
                    keys.addAll(List.of("cache", target(cache.target()), String.valueOf(cache.readOnly())));
                case Mount.Tmpfs tmpfs -> keys.addAll(List.of("tmpfs", target(tmpfs.target())));
                case Mount.Secret secret ->
                    keys.addAll(List.of(
                            "secret",
                            secret.id(),
                            secret.target().orElse(""),
                            secret.variable().orElse("")));
                case Mount.Ssh ssh ->
                    keys.addAll(List.of("ssh", ssh.id(), ssh.target().orElse("")));
            }
        }
        return keys;
    }

    private String target(String path) {
        return ImagePath.resolve(step.state().draft().config().workingDirOrRoot(), path);
    }

    private CopyRequest request(Optional<String> from, String source) throws IOException {
        SourceTree tree = copies.tree(from, trees);
        return CopyRequest.of(List.of(new CopySource(tree, CopyStep.escaped(source))), "/content/", "/");
    }

    /**
     * Mounts, and what has to be undone after the step.
     *
     * @param places in the container
     * @param environment variables that secrets are in
     */
    record Prepared(
            List<BundleMount> mounts,
            List<StepWorkspace.Place> places,
            Map<String, String> environment,
            List<CacheDirectory> caches,
            List<AgentSocket> agents)
            implements AutoCloseable {
        /** The step went well: what it left in caches counts. */
        void keep() throws IOException {
            for (var cache : caches) {
                cache.used();
            }
        }

        @Override
        public void close() throws IOException {
            agents.forEach(AgentSocket::close);
            caches.forEach(CacheDirectory::close);
        }
    }

    /** Makes the mounts, in the workspace where they need a place. */
    Prepared prepare(StepWorkspace workspace) throws IOException {
        var prepared = new Prepared(
                new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
        try {
            var number = 0;
            for (var mount : mounts) {
                prepare(mount, number++, workspace, prepared);
            }
            return prepared;
        } catch (IOException | RuntimeException e) {
            prepared.close();
            throw e;
        }
    }

    private void prepare(Mount mount, int number, StepWorkspace workspace, Prepared prepared) throws IOException {
        switch (mount) {
            case Mount.Bind bind -> bind(bind, workspace, prepared);
            case Mount.Cache cache -> cache(cache, prepared);
            case Mount.Tmpfs tmpfs -> {
                var options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
                tmpfs.size().ifPresent(size -> options.add("size=" + size));
                if (tmpfs.readOnly()) {
                    options.add("ro");
                }
                add(prepared, new BundleMount(target(tmpfs.target()), "tmpfs", "tmpfs", options), true);
            }
            case Mount.Secret secret -> secret(secret, number, workspace, prepared);
            case Mount.Ssh ssh -> ssh(ssh, number, workspace, prepared);
        }
    }

    private static void add(Prepared prepared, BundleMount mount, boolean directory) {
        prepared.mounts().add(mount);
        prepared.places().add(new StepWorkspace.Place(mount.destination(), directory));
    }

    /** A copy of its own: what is ignored must not be seen, and what is written there must not stay. */
    private void bind(Mount.Bind bind, StepWorkspace workspace, Prepared prepared) throws IOException {
        var source = ImagePath.clean("/" + bind.source());
        var content = workspace.scratch().resolve("content");
        var request = request(bind.from(), bind.source());
        try (var directory = Directory.open(parent(content))) {
            // A file keeps its name there; of a directory it is the content.
            var _ = step.solver().cancellation().interrupting(() -> Copier.copy(request, directory, directory));
        }
        var isDirectory = source.equals("/")
                || copies.tree(bind.from(), trees)
                        .isDirectory(RawPath.of(bind.source()).latin1());
        var place = isDirectory ? content : content.resolve(source.substring(source.lastIndexOf('/') + 1));
        // The runtime follows links on the host: what is mounted must be what was copied, and no link that was in it.
        if (!isDirectory && !Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new BuildException("the source of a mount, " + bind.source() + ", is neither a file nor a directory");
        }
        add(prepared, BundleMount.bind(place.toString(), target(bind.target()), !bind.writable()), isDirectory);
    }

    private static Path parent(Path file) {
        return Objects.requireNonNull(file.getParent(), "a file of ours");
    }

    private void cache(Mount.Cache cache, Prepared prepared) throws IOException {
        if (cache.from().isPresent()) {
            throw new BuildException("a cache mount that begins with content (from="
                    + cache.from().get() + ") is not supported; copy the content in the command");
        }
        var directory =
                CacheDirectory.open(step.solver().rooms(), namespace() + cache.id(), cache.sharing(), cache.access());
        prepared.caches().add(directory);
        add(prepared, BundleMount.bind(directory.path().toString(), target(cache.target()), cache.readOnly()), true);
    }

    private String namespace() {
        return Optional.ofNullable(step.solver().request().arguments().get("BUILDKIT_CACHE_MOUNT_NS"))
                .map(name -> name + "/")
                .orElse("");
    }

    private void secret(Mount.Secret secret, int number, StepWorkspace workspace, Prepared prepared)
            throws IOException {
        var given = step.solver().request().secrets().get(secret.id());
        if (given == null) {
            if (secret.required()) {
                throw new BuildException(
                        "secret " + secret.id() + ": not found; give --secret id=" + secret.id() + ",src=FILE");
            }
            return;
        }
        step.log().hide(given.content());
        secret.variable()
                .ifPresent(
                        name -> prepared.environment().put(name, new String(given.content(), StandardCharsets.UTF_8)));
        if (secret.variable().isPresent() && secret.target().isEmpty()) {
            return;
        }
        var file = workspace.memory().resolve("secret" + number);
        Files.write(file, given.content());
        Access.set(file, secret.access(), SECRET_MODE);
        add(
                prepared,
                BundleMount.bind(file.toString(), target(secret.target().orElse(SECRETS + secret.id())), true),
                false);
    }

    private void ssh(Mount.Ssh ssh, int number, StepWorkspace workspace, Prepared prepared) throws IOException {
        var agent = step.solver().request().agents().get(ssh.id());
        if (agent == null) {
            if (ssh.required()) {
                throw new BuildException("ssh agent " + ssh.id() + ": not found; give --ssh " + ssh.id());
            }
            return;
        }
        var socket = workspace.file("agent" + number);
        prepared.agents().add(AgentSocket.open(socket, agent, ssh.access()));
        var target = target(ssh.target()
                .orElse("/run/buildkit/ssh_agent." + prepared.agents().size()));
        prepared.environment().put("SSH_AUTH_SOCK", target);
        add(prepared, BundleMount.bind(socket.toString(), target, false), false);
    }

    @Override
    public void close() throws IOException {
        trees.close();
    }

    /** Mode and owner of what is mounted. */
    static final class Access {
        private Access() {}

        static void set(Path file, Mount.Access access, int mode) throws IOException {
            var name = RawPath.of(file.getFileName().toString());
            try (var directory = Directory.open(parent(file))) {
                directory.setOwner(name, access.uid().orElse(0), access.gid().orElse(0));
                directory.setMode(name, access.mode().orElse(mode));
            }
        }
    }
}
