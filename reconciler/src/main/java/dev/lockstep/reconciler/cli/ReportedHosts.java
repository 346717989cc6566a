package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.review.Reports;
import dev.lockstep.reconciler.review.Review;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Optional;

/** Plans for hosts that are elsewhere, from what they have reported to the remote of the person's repository. */
final class ReportedHosts {
    private static final String MAKES = "; 'report: true' in their agent.yaml makes hosts report";

    private ReportedHosts() {}

    /**
     * What the commit changes.
     *
     * @param range {@code BASE..HEAD}, BASE for hosts that have reported nothing; absent: the commit that is checked
     *     out, for those that have
     * @param host the only one that is asked about
     * @throws CommandException without a range, when nothing is known of a host that is asked about
     */
    static Review review(Invocation call, Optional<String> range, Optional<String> host)
            throws IOException, CommandException {
        try (var repository = DiffCommand.repository(call, "the files of the hosts")) {
            var notes = new ArrayList<String>();
            Reports reports;
            try {
                reports = reports(repository);
            } catch (GitException e) {
                if (range.isEmpty()) {
                    throw new CommandException(e.getMessage() + "; " + instead(host));
                }
                // A commit is compared with another one all the same, and the reader knows that it was so.
                notes.add("what hosts have reported is not known: " + e.getMessage());
                reports = Reports.NONE;
            }
            if (range.isEmpty() && reports.hosts().keySet().stream().noneMatch(name -> isAsked(host, name))) {
                throw new CommandException(host.map(name -> "host " + name + " has reported nothing")
                                .orElse("no host has reported anything")
                        + repository
                                .origin()
                                .map(remote -> " to " + remote + MAKES)
                                .orElse(", as this repository has no remote")
                        + "; " + instead(host));
            }
            var review = DiffCommand.review(call, repository, range, host, reports);
            notes.addAll(review.notes());
            return review.withNotes(notes);
        }
    }

    private static boolean isAsked(Optional<String> host, String name) {
        return host.isEmpty() || host.get().equals(name);
    }

    private static Reports reports(WorkTree repository) throws GitException {
        var remote = repository.origin();
        return remote.isEmpty() ? Reports.NONE : new ReportedStatus(repository.reported(remote.get())).reports();
    }

    private static String instead(Optional<String> host) {
        return "say from which commit to which: 'lockstep plan "
                + host.map(name -> "--host " + name).orElse("--all-hosts") + " BASE..HEAD'";
    }
}
