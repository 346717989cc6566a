package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.Reception;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One try after the other of getting a blob; each goes on where the one before stopped. */
final class BlobDownload implements RegistryHttp.Attempt<Long> {
    private final BlobSource source;
    private final Descriptor blob;
    private final Reception reception;
    private final Progress progress;
    /** False when the server has said that it cannot give a part. */
    private boolean resumes = true;

    BlobDownload(BlobSource source, Descriptor blob, Reception reception, Progress progress) {
        this.source = source;
        this.blob = blob;
        this.reception = reception;
        this.progress = progress;
    }

    @Override
    public long progress() {
        return reception.received();
    }

    /** Number of bytes that are here when it is done: all. */
    @Override
    public Long run() throws IOException, InterruptedException {
        var from = reception.received();
        if (from == blob.size() && from > 0) {
            return from;
        }
        var part = from > 0 && resumes;
        var headers = part ? Map.of("Range", "bytes=" + from + "-") : Map.<String, String>of();
        try (var answer = source.ask(blob.digest(), headers)) {
            if (answer.status() == 416 && part) {
                resumes = false;
                throw RegistryHttp.unreachable(source.host(), new EOFException("it does not resume"));
            }
            source.check(answer, "content " + blob.digest().abbreviated());
            if (answer.status() == 206 && !continues(answer, from)) {
                resumes = false;
                throw RegistryHttp.unreachable(
                        source.host(), new EOFException("it sends another part than it was asked for"));
            }
            reception.from(answer.status() == 206 ? from : 0);
            copy(answer);
            return reception.received();
        }
    }

    /** 200 is the whole; 206 must be the part that was asked for. */
    private static boolean continues(Answer answer, long from) {
        return answer.header("Content-Range")
                .map(range -> range.startsWith("bytes " + from + "-"))
                .orElse(false);
    }

    private void copy(Answer answer) throws IOException, InterruptedException {
        // Before the first byte can be read by who unpacks it: nobody hears of an unpacking before the download.
        report();
        while (true) {
            var piece = next(answer);
            if (piece.isEmpty()) {
                break;
            }
            for (var buffer : piece.get()) {
                reception.write(buffer);
            }
            report();
        }
        if (reception.received() < blob.size()) {
            throw RegistryHttp.unreachable(
                    source.host(),
                    new EOFException("the content " + blob.digest().abbreviated() + " ends after "
                            + reception.received() + " of " + blob.size() + " bytes"));
        }
    }

    /** The end is reported when the blob is verified and in place. */
    private void report() {
        progress.report(
                Progress.Step.DOWNLOAD, blob.digest(), Math.min(reception.received(), blob.size() - 1), blob.size());
    }

    private Optional<List<ByteBuffer>> next(Answer answer) throws IOException, InterruptedException {
        try {
            return answer.body().next();
        } catch (IOException e) {
            throw RegistryHttp.unreachable(source.host(), e);
        }
    }
}
