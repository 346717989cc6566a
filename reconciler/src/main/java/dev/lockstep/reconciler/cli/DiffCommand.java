package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.FileLines;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.review.Reports;
import dev.lockstep.reconciler.review.Review;
import dev.lockstep.reconciler.review.ReviewJson;
import dev.lockstep.reconciler.review.ReviewMarkdown;
import dev.lockstep.reconciler.review.ReviewText;
import dev.lockstep.reconciler.review.Reviewer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code diff}: what a range of commits changes on the hosts of a repository. Needs no host, no root and no network.
 */
final class DiffCommand implements Command {
    /** Errors, as diff(1) counts them. */
    static final int TROUBLE = 2;

    private static final int SAME = 0;
    private static final int DIFFERENT = 1;
    private static final String RANGE = "..";

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Shows what the commits of a range change on every host that follows the repository of this"
                                + " directory, from the files alone: no host is asked, and no registry.",
                        "Exit codes: 0 nothing changes, 1 something does, 2 errors.");
        spec.addPositional(Options.arguments("BASE..HEAD", "0..*", "Two commits; without HEAD the one checked out"));
        spec.addOption(Options.value("NAME", "Only that host", "--host"));
        spec.addOption(Options.value("FORMAT", "text, markdown or json", "-o", "--output"));
    }

    @Override
    public int run(Invocation call) throws CommandException {
        try {
            if (call.arguments().size() != 1) {
                throw new CommandException("diff takes one range of commits: BASE..HEAD, for example main..HEAD");
            }
            var format = call.choice("--output", "text", List.of("text", "markdown", "json"));
            var review = review(call, call.arguments().getFirst(), call.text("--host"));
            print(call, review, format);
            return review.hasErrors() ? TROUBLE : review.isEmpty() ? SAME : DIFFERENT;
        } catch (IOException e) {
            throw new CommandException(String.valueOf(e.getMessage()), TROUBLE);
        } catch (CommandException e) {
            throw new CommandException(String.valueOf(e.getMessage()), TROUBLE);
        }
    }

    /** Whether the word is a range of commits. */
    static boolean isRange(String word) {
        return word.contains(RANGE);
    }

    /**
     * Compares two commits of the repository that this was called in.
     *
     * @param range {@code BASE..HEAD}
     * @param host the only one that is asked about
     */
    static Review review(Invocation call, String range, Optional<String> host) throws IOException, CommandException {
        try (var repository = repository(call, "the commits of " + range)) {
            return review(call, repository, Optional.of(range), host, Reports.NONE);
        }
    }

    /** The repository that the command was called in. The caller closes it. */
    static WorkTree repository(Invocation call, String what) throws IOException, CommandException {
        var top = WorkTree.top(call.world().directory())
                .orElseThrow(() -> new CommandException(
                        call.world().directory() + " is not in a Git repository: call it where " + what + " are"));
        return WorkTree.open(top, GitSettings.defaults());
    }

    /**
     * Compares what hosts run with a commit.
     *
     * @param range {@code BASE..HEAD}; absent: what hosts have reported with the commit that is checked out
     * @param host the only one that is asked about
     * @param reports what hosts have said of themselves; others are supposed to be as BASE asks
     */
    static Review review(
            Invocation call, WorkTree repository, Optional<String> range, Optional<String> host, Reports reports)
            throws IOException, CommandException {
        var reviewer = new Reviewer(
                repository.top().toString(), reports, call.world().clock().instant());
        Reviewer.Commits commits = commit -> repository.open(repository.revision(commit));
        CommitTree head;
        Review review;
        if (range.isEmpty()) {
            head = repository.open(repository.revision("HEAD"));
            review = reviewer.review(head, host, commits);
        } else {
            var words = range.get();
            var at = words.indexOf(RANGE);
            if (at <= 0 || words.startsWith(RANGE + ".", at)) {
                throw new CommandException(
                        "\"" + words + "\" is no range of commits: BASE..HEAD, for example main..HEAD");
            }
            var base = repository.open(repository.revision(words.substring(0, at)));
            var named = words.substring(at + RANGE.length());
            head = repository.open(repository.revision(named.isEmpty() ? "HEAD" : named));
            review = reviewer.review(base, head, host, commits);
        }
        var lines = FileLines.of(head);
        return review.withPlans(review.plans().stream().map(lines::explain).toList());
    }

    /** Prints it; what is wrong with files is told to the person in any case. */
    static void print(Invocation call, Review review, String format) {
        var out = call.world().out();
        switch (format) {
            case "json" ->
                out.print(new ReviewJson().print(review, call.world().clock().instant()));
            case "markdown" -> out.print(new ReviewMarkdown().print(review));
            default ->
                out.print(new ReviewText(
                                call.world().colour(call.world().terminals().out()))
                        .print(review));
        }
        out.flush();
        ProjectFiles.tell(review.problems(), call.world().err());
    }
}
