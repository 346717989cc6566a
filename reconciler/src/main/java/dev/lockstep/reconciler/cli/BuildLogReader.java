package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Prints the log of a build: what there is, and then, where that is asked for, what comes until the build is over. */
final class BuildLogReader {
    /** Changes are told; what we were not told of is seen by then. */
    private static final long LOOK_SECONDS = 2;

    private final BuildRecords records;
    private final long number;
    private final PrintStream out;
    private final Consumer<String> talk;
    private long shown;

    BuildLogReader(BuildRecords records, long number, PrintStream out, Consumer<String> talk) {
        this.records = records;
        this.number = number;
        this.out = out;
        this.talk = talk;
    }

    void read(boolean follow) throws IOException, InterruptedException {
        if (!follow) {
            print();
            var record = records.read(number);
            if (shown == 0 && record.isPresent()) {
                talk.accept(nothing(record.get()));
            }
            return;
        }
        var log = records.log(number);
        try (var watch = log.getFileSystem().newWatchService()) {
            // The record is replaced, which is a creation in the directory; the log grows.
            Objects.requireNonNull(log.getParent())
                    .register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
            var told = false;
            for (var record = records.read(number); ; record = records.read(number)) {
                // Read before what there is to print: what was written before it was over is printed then.
                print();
                if (record.filter(one -> one.state().isPending()).isEmpty()) {
                    if (shown == 0) {
                        record.ifPresent(one -> talk.accept(nothing(one)));
                    }
                    return;
                }
                if (shown == 0 && !told && record.get().state() == BuildRecord.State.QUEUED) {
                    talk.accept("Build " + number + " has not begun yet.");
                    told = true;
                }
                await(watch);
            }
        }
    }

    private static String nothing(BuildRecord record) {
        return "Build " + record.number() + " has written nothing: it is " + BuildsCommand.state(record)
                + (record.problem().isEmpty() ? "" : ", " + record.problem()) + ".";
    }

    private void print() throws IOException {
        try (var file = Files.newByteChannel(records.log(number), StandardOpenOption.READ)) {
            if (file.size() < shown) {
                shown = 0; // it was begun anew
            }
            file.position(shown);
            var in = Channels.newInputStream(file);
            shown += in.transferTo(out);
            out.flush();
        } catch (NoSuchFileException e) {
            // It has not begun.
        }
    }

    private static void await(WatchService watch) throws InterruptedException {
        var key = Optional.ofNullable(watch.poll(LOOK_SECONDS, TimeUnit.SECONDS));
        if (key.isPresent()) {
            key.get().pollEvents();
            key.get().reset();
        }
    }
}
