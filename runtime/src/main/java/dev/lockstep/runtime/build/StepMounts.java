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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** What {@code RUN --mount} asks for: what of it counts for the cache, and the mounts themselves. */
final class StepMounts implements AutoCloseable {
    private static final int SECRET_MODE = 0400;
    private static final int MODE = 0755;
    private static final Mount.Access USUAL =
            new Mount.Access(OptionalInt.of(MODE), OptionalInt.of(0), OptionalInt.of(0));

    private final StageBuild.Step step;
    private final List<Mount> mounts;
    private final CopyStep copies;
    private final CopyStep.OpenTrees trees = new CopyStep.OpenTrees();
    private final Map<Mount.Bind, String> hashed = new HashMap<>();
    private final Map<Mount.Cache, String> begun = new HashMap<>();
    private boolean changed;

    StepMounts(StageBuild.Step step, List<Mount> mounts) {
        this.step = step;
        this.mounts = List.copyOf(mounts);
        this.copies = new CopyStep(step);
    }

    /**
     * The key's part: of a bind its content, of a cache what it begins with, of the others what they are, never what is
     * in them.
     */
    List<String> keys() throws IOException {
        var keys = new ArrayList<String>();
        for (var mount : mounts) {
            switch (mount) {
                case Mount.Bind bind ->
                    keys.addAll(List.of("bind", target(bind.target()), String.valueOf(bind.writable()), digest(bind)));
                case Mount.Cache cache ->
                    keys.addAll(
                            List.of("cache", target(cache.target()), String.valueOf(cache.readOnly()), begins(cache)));
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

    private String digest(Mount.Bind bind) throws IOException {
        var tree = copies.tree(bind.from(), trees);
        var digest = copies.digest(request(tree, bind.source())) + shown(access(tree, bind));
        hashed.put(bind, digest);
        return digest;
    }

    /** What a directory has that is mounted: a copy of what is in it says nothing of that. */
    private static Optional<Mount.Access> access(SourceTree tree, Mount.Bind bind) throws IOException {
        if (isWhole(bind)) {
            return Optional.empty();
        }
        var source = tree.entry(RawPath.of(bind.source()).latin1());
        if (!source.isDirectory()) {
            return Optional.empty();
        }
        return Optional.of(new Mount.Access(
                OptionalInt.of(source.mode()),
                OptionalInt.of(tree.keepsOwners() ? source.uid() : 0),
                OptionalInt.of(tree.keepsOwners() ? source.gid() : 0)));
    }

    private static boolean isWhole(Mount.Bind bind) {
        return ImagePath.clean("/" + bind.source()).equals("/");
    }

    /** Empty for the usual one: most mounts keep the key that they had before this was in it. */
    private static String shown(Optional<Mount.Access> access) {
        return access.filter(has -> !has.equals(USUAL))
                .map(has -> " " + Integer.toOctalString(has.mode().orElseThrow()) + " "
                        + has.uid().orElseThrow() + ":" + has.gid().orElseThrow())
                .orElse("");
    }

    /** Whether what was mounted is something else than what the key says. */
    boolean hasChanged() {
        return changed;
    }

    private String target(String path) {
        return ImagePath.resolve(step.state().draft().config().workingDirOrRoot(), path);
    }

    private CopyRequest request(Optional<String> from, String source) throws IOException {
        return request(copies.tree(from, trees), source);
    }

    private static CopyRequest request(SourceTree tree, String source) {
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
            var caches = caches(prepared);
            var number = 0;
            for (var mount : mounts) {
                prepare(mount, number++, workspace, caches, prepared);
            }
            return prepared;
        } catch (IOException | RuntimeException e) {
            prepared.close();
            throw e;
        }
    }

    private void prepare(Mount mount, int number, StepWorkspace workspace, Map<Mount, Path> caches, Prepared prepared)
            throws IOException {
        switch (mount) {
            case Mount.Bind bind -> bind(bind, workspace, prepared);
            case Mount.Cache cache -> {
                var directory = Objects.requireNonNull(caches.get(cache), "opened before")
                        .toString();
                add(prepared, BundleMount.bind(directory, target(cache.target()), cache.readOnly()), true);
            }
            case Mount.Tmpfs tmpfs -> {
                var options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
                tmpfs.size().ifPresent(size -> options.add("size=" + size));
                if (tmpfs.readOnly()) {
                    options.add("ro");
                }
                add(prepared, new BundleMount(target(tmpfs.target()), "tmpfs", "tmpfs", options), true);
            }
            case Mount.Secret secret -> secret(secret, number, workspace, prepared);
            case Mount.Ssh ssh -> ssh(ssh, mounts.subList(0, number), workspace, prepared);
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
        var tree = copies.tree(bind.from(), trees);
        var request = request(tree, bind.source());
        var access = access(tree, bind);
        try (var directory = Directory.open(parent(content))) {
            // A file keeps its name there; of a directory it is the content.
            var copied = step.solver().cancellation().interrupting(() -> Copier.copy(request, directory, directory));
            changed |= !(copied.content() + shown(access)).equals(hashed.get(bind));
        }
        if (access.isPresent()) {
            Access.set(content, access.get(), MODE);
        }
        var isDirectory = isWhole(bind) || access.isPresent();
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

    /** Opens the caches: each once, and in the order in which other steps open theirs. */
    private Map<Mount, Path> caches(Prepared prepared) throws IOException {
        var names = new LinkedHashMap<Mount, String>();
        var wanted = new TreeMap<String, CacheDirectory.Wanted>();
        for (var mount : mounts) {
            if (mount instanceof Mount.Cache cache) {
                var one = wanted(cache);
                names.put(cache, one.name());
                wanted.merge(one.name(), one, CacheDirectory.Wanted::both);
            }
        }
        var paths = new HashMap<String, Path>();
        for (var one : wanted.values()) {
            var directory = CacheDirectory.open(
                    step.solver().rooms(), one, step.solver().cancellation());
            prepared.caches().add(directory);
            paths.put(one.name(), directory.path());
        }
        var places = new HashMap<Mount, Path>();
        names.forEach((mount, name) -> places.put(mount, Objects.requireNonNull(paths.get(name), "just opened")));
        return places;
    }

    private CacheDirectory.Wanted wanted(Mount.Cache cache) throws IOException {
        var id = namespace() + cache.id();
        return cache.from().isEmpty()
                ? CacheDirectory.wanted(
                        step.solver().rooms(), id, cache.sharing(), cache.access(), CacheDirectory.Content.NONE)
                : filled(cache, id);
    }

    /** What content a new cache begins with; empty: with none. */
    private String begins(Mount.Cache cache) throws IOException {
        var known = Optional.ofNullable(begun.get(cache));
        if (known.isPresent() || cache.from().isEmpty()) {
            return known.orElse("");
        }
        var digest = copies.digest(request(cache.from(), cache.source()));
        begun.put(cache, digest);
        return digest;
    }

    /** One that begins with a directory of a stage, an image or a context, whose owner and mode it has. */
    private CacheDirectory.Wanted filled(Mount.Cache cache, String id) throws IOException {
        var request = request(cache.from(), cache.source());
        var source = copies.tree(cache.from(), trees)
                .entry(RawPath.of(cache.source()).latin1());
        if (!source.isDirectory()) {
            throw new BuildException("a cache mount begins with a directory, and " + cache.source() + " is none");
        }
        var given = cache.access();
        var access = new Mount.Access(
                given.mode().isPresent() ? given.mode() : OptionalInt.of(source.mode()),
                given.uid().isPresent() ? given.uid() : OptionalInt.of(source.uid()),
                given.gid().isPresent() ? given.gid() : OptionalInt.of(source.gid()));
        // What begins otherwise is another one.
        return CacheDirectory.wanted(
                step.solver().rooms(),
                id + " " + begins(cache),
                cache.sharing(),
                access,
                empty -> fill(cache, request, empty));
    }

    private void fill(Mount.Cache cache, CopyRequest request, Directory empty) throws IOException {
        var copied = step.solver().cancellation().interrupting(() -> Copier.copy(request, empty, empty));
        // The directory outlives this build under that name, and others believe it.
        if (!copied.content().toString().equals(begins(cache))) {
            throw new BuildException("the content of a cache mount, " + cache.source()
                    + ", changed while it was copied; build again when nobody writes there");
        }
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
        add(prepared, BundleMount.bind(file.toString(), target(secret.place()), true), false);
    }

    /** The first one's socket is the variable's, there or not, as with BuildKit. */
    private void ssh(Mount.Ssh ssh, List<Mount> before, StepWorkspace workspace, Prepared prepared) throws IOException {
        var number = before.stream().filter(Mount.Ssh.class::isInstance).count();
        var target = target(ssh.target().orElse("/run/buildkit/ssh_agent." + number));
        prepared.environment().putIfAbsent("SSH_AUTH_SOCK", target);
        var agent = step.solver().request().agents().get(ssh.id());
        if (agent == null) {
            if (ssh.required()) {
                throw new BuildException("ssh agent " + ssh.id() + ": not found; give --ssh " + ssh.id());
            }
            return;
        }
        var socket = workspace.file("agent" + number);
        prepared.agents().add(AgentSocket.open(socket, agent, ssh.access()));
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
