package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.Map;

/** The blobs of a repository, on its registry or on a mirror. */
record RepositoryBlobs(RegistryHttp http, Endpoint endpoint, Check check) implements BlobSource {
    /** Throws a sentence unless the answer is a success. */
    interface Check {
        void run(Answer answer, String what) throws IOException, InterruptedException;
    }

    @Override
    public String host() {
        return endpoint.host();
    }

    @Override
    public boolean hasAlternative() {
        return endpoint.isMirror();
    }

    @Override
    public Answer ask(Digest blob, Map<String, String> headers) throws IOException, InterruptedException {
        return http.send(
                endpoint,
                new RegistryHttp.Exchange("GET", endpoint.blob(blob.toString()))
                        .headers(headers)
                        .bulk());
    }

    @Override
    public void check(Answer answer, String what) throws IOException, InterruptedException {
        check.run(answer, what);
    }
}
