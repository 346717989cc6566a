package dev.lockstep.reconciler.desired;

import java.io.IOException;
import java.util.Optional;

/**
 * Files of a project that become part of its containers and are no mounts of the host's own: secrets, configs,
 * profiles. A plain directory and a commit of a followed repository differ in where they are read.
 */
public interface FileContents {
    /**
     * The bytes of a file.
     *
     * @param path as the file has it: absolute, or relative to the project directory
     * @throws IOException with a sentence, when there is none or it may not be read
     */
    byte[] read(String path) throws IOException;

    /**
     * Whether a file of {@link #read} may be executed by its owner, which is what Git keeps of a mode.
     *
     * @param path as the file has it
     */
    boolean isExecutable(String path) throws IOException;

    /**
     * The bytes of a secret or config that the files call external.
     *
     * @param what for messages: {@code secret db_password}
     * @param name as the host knows it
     * @throws IOException with a sentence, when this host has none of that name or it is not to be believed
     */
    byte[] external(String what, String name) throws IOException;

    /**
     * The value that this host keeps for a secret of the project; it holds before what the files say.
     *
     * @param name the secret's key in the project
     * @return empty when the host has none
     * @throws IOException with a sentence, when it is not to be believed
     */
    default Optional<byte[]> kept(String name) throws IOException {
        return Optional.empty();
    }

    /** What a content is called where nobody may see it: equal for equal contents on this host. */
    String identity(byte[] content) throws IOException;

    /** A project without files. */
    FileContents NONE = new FileContents() {
        @Override
        public byte[] read(String path) throws IOException {
            throw new IOException("there is no file " + path);
        }

        @Override
        public boolean isExecutable(String path) {
            return false;
        }

        @Override
        public byte[] external(String what, String name) throws IOException {
            throw new IOException("the " + what + " is not on this host");
        }

        @Override
        public String identity(byte[] content) {
            return "0".repeat(64);
        }
    };
}
