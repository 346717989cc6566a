package dev.lockstep.runtime.archive;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Uncompresses bzip2: blocks of up to 900 kB, each sorted (Burrows and Wheeler), moved to front, and coded by Huffman
 * tables; streams one after the other are one. Every block's check sum is verified. Uses about 4.5 MB.
 */
final class Bzip2Stream extends InputStream {
    private static final long BLOCK = 0x314159265359L;
    private static final long END = 0x177245385090L;
    private static final int LONGEST_CODE = 20;
    private static final int GROUP = 50;
    private static final int[] CRC = crcTable();

    private final InputStream source;
    private long bits;
    private int bitCount;

    /** Of the block: each place's byte, and above it where the next one is. */
    private int[] sorted = {};

    private int blockLimit;
    private int left;
    private int position;
    private int expected;
    private int crc;
    private int combined;
    private boolean ended;
    private boolean inStream;
    private boolean inBlock;

    // The run that is being given out.
    private int last = -1;
    private int equal;
    private int repeat;
    private final byte[] one = new byte[1];

    Bzip2Stream(InputStream source) {
        this.source = new BufferedInputStream(source, 64 * 1024);
    }

    private static int[] crcTable() {
        var table = new int[256];
        for (var i = 0; i < 256; i++) {
            var value = i << 24;
            for (var bit = 0; bit < 8; bit++) {
                value = value << 1 ^ (value < 0 ? 0x04c11db7 : 0);
            }
            table[i] = value;
        }
        return table;
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        for (var done = 0; done < length; done++) {
            var next = next();
            if (next < 0) {
                return done == 0 ? -1 : done;
            }
            target[offset + done] = (byte) next;
        }
        return length;
    }

    /** Four equal bytes are followed by how many more there are. */
    private int next() throws IOException {
        if (repeat > 0) {
            repeat--;
            crc = crc << 8 ^ CRC[(crc >>> 24 ^ last) & 0xff];
            return last;
        }
        while (left == 0) {
            if (ended) {
                return -1;
            }
            nextBlock();
            if (ended) {
                return -1;
            }
        }
        var value = step();
        if (value == last) {
            equal++;
        } else {
            equal = 1;
            last = value;
        }
        if (equal == 4) {
            if (left > 0) {
                repeat = step();
            }
            equal = 0; // what follows, also the same byte, is a new run
        }
        crc = crc << 8 ^ CRC[(crc >>> 24 ^ value) & 0xff];
        return value;
    }

    private int step() {
        position = sorted[position];
        var value = position & 0xff;
        position >>>= 8;
        left--;
        return value;
    }

    /** Ends the block before, and reads the next one. */
    private void nextBlock() throws IOException {
        if (inBlock) {
            finishBlock();
        }
        if (!inStream) {
            beginStream();
            if (ended) {
                return;
            }
        }
        var magic = read(48);
        if (magic == END) {
            if ((int) read(32) != combined) {
                throw damaged("its check sum differs");
            }
            bitCount -= bitCount % 8; // to the next whole byte
            inStream = false;
            return;
        }
        if (magic != BLOCK) {
            throw damaged("a block does not begin as one");
        }
        expected = (int) read(32);
        if (read(1) != 0) {
            throw damaged("it is of a version before 1996");
        }
        readBlock((int) read(24));
        inBlock = true;
        crc = -1;
        last = -1;
        equal = 0;
        repeat = 0;
    }

    private void finishBlock() throws ArchiveException {
        inBlock = false;
        if (~crc != expected) {
            throw damaged("the check sum of a block differs");
        }
        combined = (combined << 1 | combined >>> 31) ^ expected;
    }

    private void beginStream() throws IOException {
        var first = tryByte();
        if (first < 0) {
            ended = true;
            return;
        }
        var level = 0L;
        if (first != 'B' || read(8) != 'Z' || read(8) != 'h' || (level = read(8)) < '1' || level > '9') {
            throw damaged("it does not begin as one");
        }
        blockLimit = (int) (level - '0') * 100_000;
        if (sorted.length < blockLimit) {
            sorted = new int[blockLimit];
        }
        combined = 0;
        inStream = true;
    }

    private void readBlock(int origin) throws IOException {
        var used = usedBytes();
        var symbols = used.length + 2;
        var tables = (int) read(3);
        var selectorCount = (int) read(15);
        if (tables < 2 || tables > 6 || selectorCount == 0) {
            throw damaged("a block has no tables");
        }
        var selectors = selectors(tables, selectorCount);
        var codes = new Code[tables];
        for (var i = 0; i < tables; i++) {
            codes[i] = new Code(lengths(symbols));
        }
        var counts = new int[256];
        var length = decode(used, selectors, codes, symbols - 1, counts);
        if (origin >= length) {
            throw damaged("a block begins outside of itself");
        }
        // Back from the sorted order: where each place's successor is.
        var sum = 0;
        for (var i = 0; i < 256; i++) {
            var count = counts[i];
            counts[i] = sum;
            sum += count;
        }
        for (var i = 0; i < length; i++) {
            sorted[counts[sorted[i] & 0xff]++] |= i << 8;
        }
        position = sorted[origin] >>> 8;
        left = length;
    }

    private byte[] usedBytes() throws IOException {
        var groups = (int) read(16);
        var used = new byte[256];
        var count = 0;
        for (var i = 0; i < 16; i++) {
            if ((groups & 0x8000 >> i) != 0) {
                var members = (int) read(16);
                for (var j = 0; j < 16; j++) {
                    if ((members & 0x8000 >> j) != 0) {
                        used[count++] = (byte) (i * 16 + j);
                    }
                }
            }
        }
        if (count == 0) {
            throw damaged("a block uses no bytes");
        }
        return Arrays.copyOf(used, count);
    }

    private byte[] selectors(int tables, int count) throws IOException {
        var front = new byte[] {0, 1, 2, 3, 4, 5};
        var selectors = new byte[count];
        for (var i = 0; i < count; i++) {
            var at = 0;
            while (read(1) != 0) {
                if (++at >= tables) {
                    throw damaged("a table that is not there is selected");
                }
            }
            selectors[i] = toFront(front, at);
        }
        return selectors;
    }

    private static byte toFront(byte[] list, int at) {
        var value = list[at];
        System.arraycopy(list, 0, list, 1, at);
        list[0] = value;
        return value;
    }

    private int[] lengths(int symbols) throws IOException {
        var lengths = new int[symbols];
        var length = (int) read(5);
        for (var i = 0; i < symbols; i++) {
            while (read(1) != 0) {
                length += read(1) == 0 ? 1 : -1;
            }
            if (length < 1 || length > LONGEST_CODE) {
                throw damaged("a code is too long");
            }
            lengths[i] = length;
        }
        return lengths;
    }

    /** A canonical Huffman code. */
    private static final class Code {
        private final int[] limit = new int[LONGEST_CODE + 2];
        private final int[] base = new int[LONGEST_CODE + 2];
        private final int[] symbols;

        Code(int[] lengths) {
            symbols = new int[lengths.length];
            var count = new int[LONGEST_CODE + 2];
            for (var length : lengths) {
                count[length]++;
            }
            var at = 0;
            for (var length = 1; length <= LONGEST_CODE; length++) {
                for (var i = 0; i < lengths.length; i++) {
                    if (lengths[i] == length) {
                        symbols[at++] = i;
                    }
                }
            }
            var code = 0;
            var index = 0;
            for (var length = 1; length <= LONGEST_CODE; length++) {
                base[length] = index - code;
                code += count[length];
                index += count[length];
                limit[length] = code - 1;
                code <<= 1;
            }
        }
    }

    private int symbol(Code code) throws IOException {
        var value = 0;
        for (var length = 1; length <= LONGEST_CODE; length++) {
            value = value << 1 | (int) read(1);
            if (value <= code.limit[length]) {
                var index = value + code.base[length];
                if (index >= 0 && index < code.symbols.length) {
                    return code.symbols[index];
                }
                break;
            }
        }
        throw damaged("a code means nothing");
    }

    /** Fills the low bytes of {@code sorted}; how many there are. */
    private int decode(byte[] used, byte[] selectors, Code[] codes, int endOfBlock, int[] counts) throws IOException {
        var front = used.clone();
        var length = 0;
        var selector = 0;
        var inGroup = 0;
        var code = codes[selectors[0]];
        var run = 0;
        var weight = 1;
        while (true) {
            if (inGroup == GROUP) {
                inGroup = 0;
                if (++selector >= selectors.length) {
                    throw damaged("a block has too few tables");
                }
                code = codes[selectors[selector]];
            }
            inGroup++;
            var symbol = symbol(code);
            if (symbol <= 1) {
                run += weight << symbol;
                weight <<= 1;
                if (run > blockLimit) {
                    throw damaged("a block is too long");
                }
                continue;
            }
            if (run > 0) {
                length = put(front[0], run, length, counts);
                run = 0;
            }
            weight = 1;
            if (symbol == endOfBlock) {
                return length;
            }
            length = put(toFront(front, symbol - 1), 1, length, counts);
        }
    }

    private int put(byte value, int count, int length, int[] counts) throws ArchiveException {
        if (length + count > blockLimit) {
            throw damaged("a block is too long");
        }
        Arrays.fill(sorted, length, length + count, value & 0xff);
        counts[value & 0xff] += count;
        return length + count;
    }

    private int tryByte() throws IOException {
        return bitCount >= 8 ? (int) read(8) : source.read();
    }

    private long read(int count) throws IOException {
        while (bitCount < count) {
            var next = source.read();
            if (next < 0) {
                throw new EOFException("the bzip2 stream ends too early");
            }
            bits = bits << 8 | next;
            bitCount += 8;
        }
        bitCount -= count;
        return bits >>> bitCount & (1L << count) - 1;
    }

    private static ArchiveException damaged(String what) {
        return new ArchiveException("damaged bzip2 stream: " + what);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
