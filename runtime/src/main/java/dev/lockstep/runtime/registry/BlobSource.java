package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.Map;

/** Who gives blobs. What they give is verified, whoever they are. */
interface BlobSource {
    /** Who it is, for sentences. */
    String host();

    /** Whether there is another one to ask, so that this one is not waited for when it is down. */
    boolean hasAlternative();

    /**
     * Asks for a blob.
     *
     * @return the answer; the caller closes it
     */
    Answer ask(Digest blob, Map<String, String> headers) throws IOException, InterruptedException;

    /** Throws a sentence unless the answer is a success. */
    void check(Answer answer, String what) throws IOException, InterruptedException;
}
