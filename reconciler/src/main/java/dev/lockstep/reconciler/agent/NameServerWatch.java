package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.network.Networks;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the end of a process that answers containers for names, and starts it again. Its pidfd tells of the end; of
 * the start of the root's by anybody, the file with its pid, and of that of a single container the next turn.
 */
final class NameServerWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NameServerWatch.class);

    /** After that it is looked whether anybody still wants to know; the end itself is heard of at once. */
    private static final Duration TURN = Duration.ofSeconds(30);

    private final Networks networks;
    private final Consumer<String> out;
    private final WatchService changes;
    private volatile boolean stopped;

    private NameServerWatch(Networks networks, Consumer<String> out) throws IOException {
        this.networks = networks;
        this.out = out;
        var directory = networks.nameServerDirectory();
        this.changes = directory.getFileSystem().newWatchService();
        directory.register(changes, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
    }

    /** @param out hears what a person should know, a sentence at a time */
    static NameServerWatch start(Networks networks, Consumer<String> out) throws IOException {
        var watch = new NameServerWatch(networks, out);
        Thread.ofPlatform().daemon().name("name-server").start(watch::run);
        return watch;
    }

    private void run() {
        // Between two starts of a server that does not stay.
        var setbacks = new Setbacks("containers may get no answers for names", out);
        var resolver = "";
        var ended = true; // perhaps, while nobody watched
        while (!stopped) {
            // Opened before it is looked who has ended: whoever ends after that is heard of.
            try (var servers = new Servers(networks.nameServers())) {
                // Written by a DHCP client, a VPN, a person; whoever looked away finds it changed when he begins.
                var now = networks.hostResolver();
                boolean mended;
                if (now.equals(resolver)) {
                    mended = ended && networks.mendNames();
                } else {
                    if (!resolver.isEmpty()) {
                        LOG.info("the host asks others for names; name servers of containers do so too");
                    }
                    mended = networks.followHostResolver();
                    resolver = now;
                }
                if (mended) {
                    Thread.sleep(startedAgain(setbacks));
                }
                ended = mended || awaitEnd(servers.running());
            } catch (IOException | RuntimeException | VirtualMachineError e) {
                if (stopped || e instanceof ClosedWatchServiceException) {
                    return;
                }
                ended = true; // one that could not be started does not end once more: nobody would be told of it
                if (!pause(setbacks.failed(e, System.nanoTime()))) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private Duration startedAgain(Setbacks setbacks) {
        var longest = setbacks.isLongest();
        var pause = setbacks.next(System.nanoTime());
        if (!setbacks.isLongest()) {
            out.accept("a name server of containers had ended and was started again");
        } else if (!longest) {
            out.accept("a name server of containers ends again and again; it is started every " + pause.toSeconds()
                    + " seconds until it stays");
        }
        return pause;
    }

    private boolean pause(Duration pause) {
        try {
            Thread.sleep(pause);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Whether one of them ended, or there is none and somebody may need it. */
    private boolean awaitEnd(List<Pidfd> servers) throws IOException, InterruptedException {
        if (!servers.isEmpty()) {
            return !Poll.readable(servers.stream().map(Pidfd::fd).toList(), Optional.of(TURN))
                    .isEmpty();
        }
        var key = Optional.ofNullable(changes.poll(TURN.toMillis(), TimeUnit.MILLISECONDS));
        key.ifPresent(changed -> {
            changed.pollEvents();
            changed.reset();
        });
        return true;
    }

    private record Servers(List<Pidfd> running) implements AutoCloseable {
        @Override
        public void close() {
            running.forEach(Pidfd::close);
        }
    }

    @Override
    public void close() throws IOException {
        stopped = true;
        changes.close();
    }
}
