package dev.lockstep.runtime.build;

import dev.lockstep.runtime.context.ContentDigest;
import dev.lockstep.runtime.context.Copier;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.InlineDirectory;
import dev.lockstep.runtime.context.ModeChange;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.Ownership;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** {@code COPY} and {@code ADD}. */
final class CopyStep {
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{7,40}");

    private final StageBuild.Step step;

    CopyStep(StageBuild.Step step) {
        this.step = step;
    }

    StageBuild.Outcome copy(Instruction.Copy copy) throws IOException {
        try (var open = new OpenTrees()) {
            var tree = copy.transfer().hasPaths() ? Optional.of(tree(copy.from(), open)) : Optional.<SourceTree>empty();
            var sources = new ArrayList<CopySource>();
            for (var source : copy.transfer().sources()) {
                sources.add(
                        switch (source) {
                            case Instruction.Source.Path(var path) -> new CopySource(tree.orElseThrow(), path);
                            case Instruction.Source.Inline inline -> inline(inline, open);
                        });
            }
            return transfer(
                    "COPY", copy.transfer(), copy.flags(), sources, () -> sources, List.of(), flagsOf(copy.flags()));
        }
    }

    StageBuild.Outcome add(Instruction.Add add) throws IOException {
        try (var open = new OpenTrees()) {
            var sources = new ArrayList<CopySource>();
            var commits = new ArrayList<String>();
            var web = new TreeMap<Integer, RemoteFile>();
            var remote = false;
            for (var source : add.transfer().sources()) {
                switch (source) {
                    case Instruction.Source.Inline inline -> sources.add(inline(inline, open));
                    case Instruction.Source.Path(var path)
                    when RemoteFile.isGit(path) -> {
                        remote = true;
                        var commit = commit(add, path);
                        commits.add(commit.id());
                        step.solver()
                                .used(new Material("git+" + RemoteFile.shown(path), Map.of("gitCommit", commit.id())));
                        var files = SourceTree.context(
                                open.add((add.keepGitDir() ? commit.repository() : commit.files()).open()),
                                Ignore.NOTHING);
                        sources.add(new CopySource(files, "."));
                    }
                    case Instruction.Source.Path(var path)
                    when RemoteFile.isUrl(path) -> {
                        remote = true;
                        // What is done anew is not to be as it was: it is downloaded anew, too.
                        var file = download(step.anew() ? RemoteFile::fetch : RemoteFile::look, add, path, open);
                        web.put(sources.size(), file);
                        sources.add(source(file, add, open));
                    }
                    case Instruction.Source.Path(var path) ->
                        sources.add(new CopySource(
                                tree(Optional.empty(), open), path, add.unpack().orElse(true)));
                }
            }
            if (add.checksum().isPresent() && !remote) {
                throw new BuildException("checksum requires HTTP(S) or Git sources");
            }
            Sources whole = () -> {
                for (var file : web.entrySet()) {
                    if (!file.getValue().isHere()) {
                        file.setValue(download(RemoteFile::fetch, add, address(add, file.getKey()), open));
                    }
                }
                var all = new ArrayList<>(sources);
                for (var file : web.entrySet()) {
                    all.set(file.getKey(), source(file.getValue(), add, open));
                }
                return all;
            };
            var outcome = transfer("ADD", add.transfer(), add.flags(), sources, whole, commits, flagsOf(add.flags()));
            web.forEach((index, file) -> step.solver()
                    .used(new Material(
                            RemoteFile.shown(address(add, index)),
                            Map.of("sha256", file.digest().hex()))));
            return outcome;
        }
    }

    /** What is copied when nobody has copied it before; what was known by its digest alone is there then. */
    @FunctionalInterface
    private interface Sources {
        List<CopySource> get() throws IOException;
    }

    /** {@link RemoteFile#look} or {@link RemoteFile#fetch}. */
    @FunctionalInterface
    private interface Download {
        RemoteFile of(BuildRooms rooms, String url, String destination, Optional<String> checksum, Path scratch)
                throws IOException;
    }

    private RemoteFile download(Download how, Instruction.Add add, String url, OpenTrees open) throws IOException {
        var scratch = open.scratch(step);
        return step.solver()
                .cancellation()
                .interrupting(() ->
                        how.of(step.solver().rooms(), url, add.transfer().destination(), add.checksum(), scratch));
    }

    private static CopySource source(RemoteFile file, Instruction.Add add, OpenTrees open) {
        var tree = SourceTree.context(open.add(file.tree()), Ignore.NOTHING);
        return new CopySource(tree, file.name(), add.unpack().orElse(false));
    }

    /** As the Dockerfile has it. */
    private static String address(Instruction.Add add, int source) {
        return switch (add.transfer().sources().get(source)) {
            case Instruction.Source.Path(var path) -> path;
            case Instruction.Source.Inline _ -> throw new IllegalStateException("a text has no address");
        };
    }

    private BuildRooms.Commit commit(Instruction.Add add, String address) throws IOException {
        var shown = RemoteFile.shown(address);
        var checksum = add.checksum();
        if (checksum.isPresent() && !COMMIT.matcher(checksum.get()).matches()) {
            throw new BuildException(
                    "the checksum of a Git repository is a commit, 7 to 40 hexadecimal digits, and not \""
                            + checksum.get() + "\"");
        }
        var solver = step.solver();
        var commit = solver.cancellation()
                .interrupting(() -> solver.rooms().repositories().fetch(address));
        if (checksum.isPresent() && !commit.id().startsWith(checksum.get())) {
            throw new BuildException(
                    "expected checksum to match " + checksum.get() + ", got " + commit.id() + " from " + shown);
        }
        return commit;
    }

    /** A text of the Dockerfile; its time says nothing, and the cache must not see one. */
    private CopySource inline(Instruction.Source.Inline inline, OpenTrees open) {
        var text = inline.heredoc().data().getBytes(StandardCharsets.UTF_8);
        var time =
                step.solver().request().epoch().orElseGet(step.solver().rooms().clock()::instant);
        var name = RawPath.of(inline.heredoc().name());
        var tree = InlineDirectory.text(name, text, time);
        return new CopySource(
                SourceTree.context(open.add(tree), Ignore.NOTHING),
                escaped(inline.heredoc().name()));
    }

    /** A name that is no pattern, whatever is in it. */
    static String escaped(String name) {
        return name.replaceAll("([\\\\*?\\[])", "\\\\$1");
    }

    SourceTree tree(Optional<String> from, OpenTrees open) throws IOException {
        var solver = step.solver();
        if (from.isEmpty()) {
            var context = solver.request()
                    .context()
                    .orElseThrow(() -> new BuildException("there is no build context to copy from; give a directory"));
            var tree = context.open();
            open.add(tree.root());
            return tree;
        }
        return switch (solver.source(from.get(), step.node().stage().index())) {
            case StageGraph.From.Scratch _ -> throw new BuildException("there is nothing in scratch to copy");
            case StageGraph.From.OfStage(var index) ->
                open.stage(
                        solver, solver.directories(solver.await(index).draft().layers()));
            case StageGraph.From.Image(var name) ->
                open.stage(solver, solver.bases().image(name, Optional.empty()).directories());
            case StageGraph.From.Context(var name) ->
                switch (solver.bases().named(name)) {
                    case BuildRequest.NamedContext.Files(var context) -> {
                        var tree = context.open();
                        open.add(tree.root());
                        yield tree;
                    }
                    case BuildRequest.NamedContext.Named _, BuildRequest.NamedContext.Here _ ->
                        open.stage(solver, solver.bases().context(name).directories());
                };
        };
    }

    private static String flagsOf(Instruction.TransferFlags flags) {
        var text = new StringBuilder();
        flags.owner().ifPresent(owner -> text.append(" --chown=").append(owner));
        flags.mode().ifPresent(mode -> text.append(" --chmod=").append(mode));
        return text.toString();
    }

    private StageBuild.Outcome transfer(
            String name,
            Instruction.Transfer transfer,
            Instruction.TransferFlags flags,
            List<CopySource> sources,
            Sources whole,
            List<String> commits,
            String shownFlags)
            throws IOException {
        var draft = step.state().draft();
        var request = request(transfer, flags, sources);
        var owner = flags.owner().orElse("");
        // The names of users are the stage's, so what they mean depends on it.
        var ofStage = !flags.link() || !owner.matches("[0-9:]*");
        Keys keys = content -> (ofStage ? step.key(name) : StepKey.of(name).add(epoch()))
                .add(content)
                .add(
                        transfer.destination().startsWith("/")
                                ? ""
                                : draft.config().workingDirOrRoot())
                .add(transfer.destination())
                .add(owner)
                .add(flags.mode().orElse(""))
                .add(String.valueOf(flags.link()))
                .add(String.valueOf(flags.parents()))
                .add(flags.exclude())
                .add(sources.stream()
                        .map(source -> String.valueOf(source.unpack()))
                        .toList())
                .add(sources.stream().map(CopySource::path).toList())
                .addUnlessEmpty(commits)
                .key();
        var outcome = step.solver()
                .cache()
                .obtain(keys.of(digest(request)), step.anew(), step.solver().cancellation(), _ -> {
                    var copied = make(request(transfer, flags, whole.get()), flags.link());
                    // Not as it was asked for: the files may have changed since.
                    return new StepCache.Made(copied.layer(), Optional.of(keys.of(copied.content())));
                });
        return new StageBuild.Outcome(
                draft.copy(outcome.result(), name + shownFlags + shown(transfer)), outcome.cached());
    }

    /** What the request copies. */
    String digest(CopyRequest request) throws IOException {
        return step.solver()
                .cancellation()
                .interrupting(() -> ContentDigest.of(request))
                .toString();
    }

    private String epoch() {
        return step.solver().request().epoch().map(Instant::toString).orElse("");
    }

    private static String shown(Instruction.Transfer transfer) {
        var text = new StringBuilder();
        for (var source : transfer.sources()) {
            switch (source) {
                case Instruction.Source.Path(var path) -> text.append(' ').append(RemoteFile.withoutLogins(path));
                case Instruction.Source.Inline(var heredoc) ->
                    text.append(" <<").append(heredoc.name());
            }
        }
        return text.append(' ').append(transfer.destination()).toString();
    }

    private CopyRequest request(
            Instruction.Transfer transfer, Instruction.TransferFlags flags, List<CopySource> sources)
            throws IOException {
        var owner = flags.owner().isPresent()
                ? Optional.of(Ownership.parse(flags.owner().get()))
                : Optional.<Ownership>empty();
        var mode = flags.mode().isPresent()
                ? Optional.of(ModeChange.parse(flags.mode().get()))
                : Optional.<ModeChange>empty();
        return new CopyRequest(
                sources,
                transfer.destination(),
                step.state().draft().config().workingDirOrRoot(),
                owner,
                mode,
                flags.parents(),
                Ignore.of(flags.exclude()),
                Optional.empty());
    }

    /** The key of a copy by the digest of what it copies. */
    @FunctionalInterface
    private interface Keys {
        StepKey of(String content);
    }

    /**
     * What was copied.
     *
     * @param content its digest
     */
    private record Copied(Layer layer, String content) {}

    private Copied make(CopyRequest request, boolean link) throws IOException {
        var root = step.solver().rooms().root();
        var layers = step.layers();
        var below = link ? List.<Path>of() : layers;
        try (var workspace = StepWorkspace.open(root, step.solver().cancellation())) {
            workspace.mount(below);
            Copier.Result result;
            try (var target = Directory.open(workspace.rootfs());
                    var users = link && !layers.isEmpty()
                            ? step.solver().rooms().snapshots().look(layers)
                            : Directory.open(workspace.rootfs())) {
                result = step.solver().cancellation().interrupting(() -> Copier.copy(request, target, users));
            }
            workspace.unmountRoot();
            return new Copied(step.commit(workspace, below), result.content().toString());
        }
    }

    /** Trees that a step copies from, open; closes them all. */
    static final class OpenTrees implements AutoCloseable {
        private final List<AutoCloseable> open = new ArrayList<>();

        <T extends AutoCloseable> T add(T tree) {
            open.add(tree);
            return tree;
        }

        /** The files of a stage or image. */
        SourceTree stage(Solver solver, List<Path> layers) throws IOException {
            if (layers.isEmpty()) {
                return SourceTree.stage(add(OpenDirectory.open(
                        solver.rooms().root().room(solver.rooms().root().state().resolve("build-nothing")))));
            }
            return SourceTree.stage(
                    add(OpenDirectory.of(solver.rooms().snapshots().look(layers))));
        }

        /** A directory for what is downloaded. */
        Path scratch(StageBuild.Step step) throws IOException {
            return add(StepWorkspace.open(
                            step.solver().rooms().root(), step.solver().cancellation()))
                    .scratch();
        }

        @Override
        public void close() throws IOException {
            IOException failure = null;
            for (var tree : open.reversed()) {
                try {
                    tree.close();
                } catch (IOException e) {
                    failure = e;
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
            if (failure != null) {
                throw failure;
            }
        }
    }
}
