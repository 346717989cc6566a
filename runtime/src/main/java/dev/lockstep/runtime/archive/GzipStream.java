package dev.lockstep.runtime.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Uncompresses gzip (RFC 1952): members one after the other are one stream, zeros may follow the last, anything else is
 * an error. {@code GZIPInputStream} takes trailing rubbish for the end and so would not see damage.
 */
final class GzipStream extends InputStream {
    private static final int BUFFER = 64 * 1024;
    private static final int FHCRC = 2;
    private static final int FEXTRA = 4;
    private static final int FNAME = 8;
    private static final int FCOMMENT = 16;

    private final InputStream source;
    private final byte[] input = new byte[BUFFER];
    private int at;
    private int end;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 crc = new CRC32();
    private boolean inMember;
    private boolean finished;
    private final byte[] one = new byte[1];

    GzipStream(InputStream source) {
        this.source = source;
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!finished) {
            if (!inMember && !beginMember()) {
                finished = true;
                break;
            }
            try {
                var n = inflater.inflate(target, offset, length);
                if (n > 0) {
                    crc.update(target, offset, n);
                    return n;
                }
            } catch (DataFormatException e) {
                throw damaged("its data cannot be uncompressed");
            }
            if (inflater.finished()) {
                at = end - inflater.getRemaining();
                endMember();
            } else if (inflater.needsDictionary()) {
                throw damaged("it needs a dictionary");
            } else if (inflater.needsInput()) {
                if (!fill()) {
                    throw new EOFException("the gzip stream ends too early");
                }
                inflater.setInput(input, at, end - at);
            }
        }
        return -1;
    }

    private boolean fill() throws IOException {
        var n = source.read(input, 0, input.length);
        at = 0;
        end = Math.max(n, 0);
        return n > 0;
    }

    private int next() throws IOException {
        if (at == end && !fill()) {
            throw new EOFException("the gzip stream ends too early");
        }
        return input[at++] & 0xff;
    }

    /** False when only zeros are left. */
    private boolean beginMember() throws IOException {
        var first = nextOrEnd();
        if (first == 0) {
            for (var b = 0; b >= 0; b = nextOrEnd()) {
                if (b != 0) {
                    throw damaged("rubbish follows it");
                }
            }
            return false;
        }
        if (first < 0) {
            return false;
        }
        if (first != 0x1f || next() != 0x8b) {
            throw damaged("rubbish follows it");
        }
        if (next() != 8) {
            throw damaged("its compression method is unknown");
        }
        var flags = next();
        skip(6);
        if ((flags & FEXTRA) != 0) {
            skip(next() | next() << 8);
        }
        if ((flags & FNAME) != 0) {
            skipText();
        }
        if ((flags & FCOMMENT) != 0) {
            skipText();
        }
        if ((flags & FHCRC) != 0) {
            skip(2);
        }
        inflater.reset();
        crc.reset();
        inflater.setInput(input, at, end - at);
        inMember = true;
        return true;
    }

    private int nextOrEnd() throws IOException {
        return at < end || fill() ? input[at++] & 0xff : -1;
    }

    private void skip(int bytes) throws IOException {
        for (var i = 0; i < bytes; i++) {
            next();
        }
    }

    private void skipText() throws IOException {
        while (next() != 0) {}
    }

    private void endMember() throws IOException {
        var sum = little();
        var length = little();
        if (sum != crc.getValue() || length != (inflater.getBytesWritten() & 0xffffffffL)) {
            throw damaged("its checksum is wrong");
        }
        inMember = false;
    }

    private long little() throws IOException {
        return next() | (long) next() << 8 | (long) next() << 16 | (long) next() << 24;
    }

    private static ArchiveException damaged(String why) {
        return new ArchiveException("damaged gzip stream: " + why);
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        source.close();
    }
}
