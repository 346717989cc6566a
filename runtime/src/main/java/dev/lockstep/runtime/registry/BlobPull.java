package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.Reception;
import dev.lockstep.runtime.image.WrongDigestException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Gets the blobs of one image. A layer is received on one thread and used on another, which reads the file that the
 * first one writes: what has come is unpacked when the rest is still on its way.
 */
final class BlobPull {
    private final ImageStore store;
    private final RegistryHttp http;
    private final LayerIntake intake;
    private final Progress progress;

    BlobPull(ImageStore store, RegistryHttp http, LayerIntake intake, Progress progress) {
        this.store = store;
        this.http = http;
        this.intake = intake;
        this.progress = progress;
    }

    /** Receives the image's configuration, which is no layer to show the progress of; its size. */
    long config(BlobSource source, Descriptor config) throws IOException {
        return new BlobPull(store, http, intake, Progress.NONE).blob(source, config);
    }

    /** Receives a blob, going on where an earlier try stopped; its size. */
    private long blob(BlobSource source, Descriptor blob) throws IOException {
        return get(blob, reception -> receive(source, blob, reception));
    }

    /** Receives a layer, as far as it is not here, and lets it be used; its size. */
    long layer(BlobSource source, Layer layer) throws IOException {
        if (!intake.wants(layer)) {
            return blob(source, layer.descriptor());
        }
        get(layer.descriptor(), reception -> receiveAndUse(source, layer, reception));
        if (intake.wants(layer)) {
            // The blob was here, or another process has just received it.
            try (var blob = store.blobs().open(layer.blob());
                    var taken = intake.take(layer, blob, progress)) {
                taken.keep();
            }
        }
        return layer.size();
    }

    private interface Get {
        void from(Reception reception) throws IOException;
    }

    private long get(Descriptor blob, Get get) throws IOException {
        var inherited = false;
        try (var reception = store.blobs().receive(blob.digest(), blob.size())) {
            inherited = reception.inherited() > 0;
            if (reception.present()) {
                progress.report(Progress.Step.PRESENT, blob.digest(), blob.size(), blob.size());
            } else {
                get.from(reception);
            }
        } catch (InvalidImageException e) {
            if (!inherited) {
                throw e instanceof WrongDigestException w && w.expected().equals(blob.digest()) ? wrong(w) : e;
            }
            // What an earlier pull left may be what was wrong; it is gone now.
            return get(blob, get);
        }
        return blob.size();
    }

    private void receive(BlobSource source, Descriptor blob, Reception reception) throws IOException {
        http.retrying(new BlobDownload(source, blob, reception, progress), source.hasAlternative());
        reception.commit();
        progress.report(Progress.Step.DOWNLOAD, blob.digest(), blob.size(), blob.size());
    }

    private void receiveAndUse(BlobSource source, Layer layer, Reception reception) throws IOException {
        var download = new FutureTask<>(() -> {
            try {
                receive(source, layer.descriptor(), reception);
                return true;
            } finally {
                reception.end();
            }
        });
        // Followed before it begins: the file moves when all of it has come.
        try (var blob = reception.follow()) {
            var thread = Thread.ofPlatform()
                    .name("receive-" + layer.blob().abbreviated())
                    .daemon()
                    .start(download);
            try (var taken = intake.take(layer, blob, progress)) {
                result(download);
                taken.keep();
            } catch (IOException e) {
                throw reason(e, reception, download, thread);
            } finally {
                download.cancel(true);
                join(thread);
            }
        }
    }

    /** Why a layer could not be had: what was wrong with its bytes counts more than what came of them. */
    private static IOException reason(IOException e, Reception reception, FutureTask<Boolean> download, Thread thread)
            throws IOException {
        var ended = reception.hasEnded();
        // When all is here, the digest says in a moment whether it is the layer that is bad or what the registry sent.
        if (!ended && !reception.isWhole()) {
            download.cancel(true);
        }
        join(thread);
        var refused = e instanceof InvalidImageException;
        if (download.state() == FutureTask.State.FAILED && download.exceptionNow() instanceof IOException cause) {
            if (cause instanceof InvalidImageException || ended && !refused) {
                return cause;
            }
        }
        if (!(e instanceof InterruptedIOException)) {
            // Of no use any more, or in the way on a full disk.
            reception.discard();
        }
        return e;
    }

    private static void result(FutureTask<Boolean> download) throws IOException {
        try {
            download.get();
        } catch (InterruptedException | CancellationException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException cause -> throw cause;
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw new IOException(e.getCause());
            }
        }
    }

    private static void join(Thread thread) {
        var interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static RegistryException wrong(WrongDigestException e) {
        return new RegistryException(RegistryException.Reason.WRONG_CONTENT, String.valueOf(e.getMessage()), e);
    }
}
