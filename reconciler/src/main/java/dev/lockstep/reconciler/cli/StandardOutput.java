package dev.lockstep.reconciler.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What is on its way to standard output or standard error, which ends when nobody reads it any more. */
final class StandardOutput extends OutputStream {
    private static final int BUFFER = 128 * 1024;

    private final PrintStream out;
    private final int descriptor;

    /** @param descriptor the number of the file that it leads to: 1 or 2 */
    StandardOutput(PrintStream out, int descriptor) {
        this.out = out;
        this.descriptor = descriptor;
    }

    /** Not all could be written. */
    static final class BrokenException extends IOException {
        private static final long serialVersionUID = 1L;

        private final boolean unread;

        /** @param descriptor the number of the file that it leads to: 1 or 2 */
        BrokenException(int descriptor) {
            super("nobody reads the output any more");
            this.unread = hasReader(descriptor);
        }

        /** Whether its reader has gone; else it is, say, a full disk. */
        boolean unread() {
            return unread;
        }
    }

    /**
     * Writes it. A reader that has enough, such as {@code head}, is no error to talk of: the command ends without a
     * word and with the code that a shell shows for one that SIGPIPE has ended, as docker's does.
     *
     * @return the command's exit code
     * @throws CommandException when it is no reader that has gone but, say, a full disk
     */
    static int write(Invocation call, WholeFile.Content archive) throws IOException, CommandException {
        try {
            var out = new BufferedOutputStream(new StandardOutput(call.world().out(), 1), BUFFER);
            archive.write(out);
            out.flush();
            return ExitCodes.OK;
        } catch (BrokenException e) {
            if (e.unread()) {
                return ExitCodes.UNREAD;
            }
            throw new CommandException("standard output took not all of the archive");
        }
    }

    /** Whether somebody is, or was, at the other end. */
    private static boolean hasReader(int descriptor) {
        try {
            var target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return target.startsWith("pipe:") || target.startsWith("socket:");
        } catch (IOException e) {
            return false; // closed
        }
    }

    @Override
    public void write(int b) throws IOException {
        out.write(b);
        check();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        check();
    }

    @Override
    public void flush() throws IOException {
        check();
    }

    /** It flushes, too. */
    private void check() throws IOException {
        if (out.checkError()) {
            throw new BrokenException(descriptor);
        }
    }
}
