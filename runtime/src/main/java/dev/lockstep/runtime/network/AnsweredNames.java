package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.Pidfd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whose names are answered, and that the processes run which answer them. Takes the network lock. */
final class AnsweredNames {
    private final NetworkLock lock;
    private final NetworkFiles files;
    private final NameServer server;
    private final ContainerNames names;

    AnsweredNames(NetworkLock lock, NetworkFiles files, NameServer server, ContainerNames names) {
        this.lock = lock;
        this.files = files;
        this.server = server;
        this.names = names;
    }

    /** See {@link Networks#answer}. */
    void answer(String container, boolean answered) throws IOException {
        lock.holding(() -> {
            var attachment = files.attachment(container);
            if (attachment.isPresent() && attachment.get().answered() != answered) {
                var changed = attachment.get().withAnswered(answered);
                files.write(changed);
                names.put(changed);
                if (answered) {
                    names.refresh();
                } else {
                    names.refreshForLess();
                }
            }
            return Optional.empty();
        });
    }

    /** See {@link Networks#nameServers}. */
    List<Pidfd> nameServers() throws IOException {
        var running = new ArrayList<Pidfd>();
        server.process().ifPresent(running::add);
        for (var container : server.ownServers().containers()) {
            server.ownServers().process(container).ifPresent(running::add);
        }
        return running;
    }

    /** See {@link Networks#mendNames}. */
    boolean mendNames() throws IOException {
        return lock.holding(this::answerAgain);
    }

    private boolean answerAgain() throws IOException {
        var mended = false;
        if (!names.isAnswering()) {
            names.putAll();
            names.refresh();
            mended = names.isAnswering();
        }
        return names.ensureOwn(files.attachments()) || mended;
    }

    /** See {@link Networks#followHostResolver}. */
    boolean followHostResolver() throws IOException {
        return lock.holding(() -> {
            var before = server.pid();
            var mended = answerAgain();
            names.refresh(); // which starts one that ended just now
            return mended
                    || server.pid()
                            .filter(now -> !before.equals(Optional.of(now)))
                            .isPresent();
        });
    }
}
