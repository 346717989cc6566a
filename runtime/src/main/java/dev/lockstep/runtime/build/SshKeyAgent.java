package dev.lockstep.runtime.build;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;

/**
 * An SSH agent with keys of its own (draft-miller-ssh-agent): it lists them and signs with them, and knows nothing
 * else. A step that asks it can use the keys as long as it runs, and never has them.
 */
final class SshKeyAgent {
    private static final int FAILURE = 5;
    private static final int REQUEST_IDENTITIES = 11;
    private static final int IDENTITIES_ANSWER = 12;
    private static final int SIGN_REQUEST = 13;
    private static final int SIGN_RESPONSE = 14;
    private static final int LARGEST = 256 * 1024;

    private final List<SshKey> keys;

    SshKeyAgent(List<SshKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Answers until the other side has nothing more to ask. */
    void serve(InputStream input, OutputStream output) throws IOException {
        var in = new DataInputStream(input);
        while (true) {
            int length;
            try {
                length = in.readInt();
            } catch (EOFException e) {
                return;
            }
            if (length < 1 || length > LARGEST) {
                return; // Nobody who asks an agent says so much.
            }
            var message = new byte[length];
            in.readFully(message);
            var answer = answer(message);
            var framed = ByteBuffer.allocate(Integer.BYTES + answer.length)
                    .putInt(answer.length)
                    .put(answer);
            output.write(framed.array());
            output.flush();
        }
    }

    private byte[] answer(byte[] message) {
        try {
            return switch (message[0]) {
                case REQUEST_IDENTITIES -> identities();
                case SIGN_REQUEST -> sign(ByteBuffer.wrap(message, 1, message.length - 1));
                default -> new byte[] {FAILURE};
            };
        } catch (GeneralSecurityException | IllegalArgumentException | BufferUnderflowException e) {
            return new byte[] {FAILURE};
        }
    }

    private byte[] identities() {
        var parts = new byte[keys.size() * 2][];
        for (var i = 0; i < keys.size(); i++) {
            parts[2 * i] = keys.get(i).blob();
            parts[2 * i + 1] = keys.get(i).comment().getBytes(StandardCharsets.UTF_8);
        }
        var list = SshKey.joined(parts);
        return ByteBuffer.allocate(1 + Integer.BYTES + list.length)
                .put((byte) IDENTITIES_ANSWER)
                .putInt(keys.size())
                .put(list)
                .array();
    }

    private byte[] sign(ByteBuffer in) throws GeneralSecurityException {
        var blob = part(in);
        var data = part(in);
        var flags = in.getInt();
        for (var key : keys) {
            if (Arrays.equals(key.blob(), blob)) {
                var signature = SshKey.joined(key.sign(data, flags));
                return ByteBuffer.allocate(1 + signature.length)
                        .put((byte) SIGN_RESPONSE)
                        .put(signature)
                        .array();
            }
        }
        return new byte[] {FAILURE};
    }

    private static byte[] part(ByteBuffer in) {
        var length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("a length that is none");
        }
        var bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
