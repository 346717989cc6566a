package dev.lockstep.reconciler.git;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.net.URL;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.eclipse.jgit.transport.http.HttpConnection;

/** JGit's view of a connection of the JDK's that is ready for its way; what is answered is heard. */
final class HeardConnection implements HttpConnection {
    private final HttpURLConnection connection;
    private final HttpAnswers answers;

    HeardConnection(HttpURLConnection connection, HttpAnswers answers) {
        this.connection = connection;
        this.answers = answers;
    }

    @Override
    public int getResponseCode() throws IOException {
        var status = connection.getResponseCode();
        answers.hear(
                status,
                Optional.ofNullable(connection.getHeaderField("Retry-After")),
                Optional.ofNullable(connection.getHeaderField("Date")));
        return status;
    }

    @Override
    public List<String> getHeaderFields(String name) {
        // HTTP headers are case-insensitive (RFC 9110 §5.1), and the JDK's map is not.
        var all = new ArrayList<String>();
        connection.getHeaderFields().forEach((key, values) -> {
            if (name.equalsIgnoreCase(key)) {
                all.addAll(values);
            }
        });
        return all;
    }

    /** Whom to believe is not JGit's to say, whatever a configuration file has. */
    @Override
    public void configure(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
            throws NoSuchAlgorithmException, KeyManagementException {
        throw new KeyManagementException("certificates are always verified");
    }

    @Override
    public void setHostnameVerifier(HostnameVerifier verifier) throws KeyManagementException {
        throw new KeyManagementException("names of hosts are always verified");
    }

    @Override
    public URL getURL() {
        return connection.getURL();
    }

    @Override
    public String getResponseMessage() throws IOException {
        return connection.getResponseMessage();
    }

    @Override
    public Map<String, List<String>> getHeaderFields() {
        return connection.getHeaderFields();
    }

    @Override
    public void setRequestProperty(String key, String value) {
        connection.setRequestProperty(key, value);
    }

    @Override
    public void setRequestMethod(String method) throws ProtocolException {
        connection.setRequestMethod(method);
    }

    @Override
    public void setUseCaches(boolean caches) {
        connection.setUseCaches(caches);
    }

    @Override
    public void setConnectTimeout(int timeout) {
        connection.setConnectTimeout(timeout);
    }

    @Override
    public void setReadTimeout(int timeout) {
        connection.setReadTimeout(timeout);
    }

    @Override
    public String getContentType() {
        return connection.getContentType();
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return connection.getInputStream();
    }

    @Override
    public String getHeaderField(String name) {
        return connection.getHeaderField(name);
    }

    @Override
    public int getContentLength() {
        return connection.getContentLength();
    }

    @Override
    public void setInstanceFollowRedirects(boolean follow) {
        connection.setInstanceFollowRedirects(follow);
    }

    @Override
    public void setDoOutput(boolean output) {
        connection.setDoOutput(output);
    }

    @Override
    public void setFixedLengthStreamingMode(int length) {
        connection.setFixedLengthStreamingMode(length);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return connection.getOutputStream();
    }

    @Override
    public void setChunkedStreamingMode(int length) {
        connection.setChunkedStreamingMode(length);
    }

    @Override
    public String getRequestMethod() {
        return connection.getRequestMethod();
    }

    @Override
    public boolean usingProxy() {
        return connection.usingProxy();
    }

    @Override
    public void connect() throws IOException {
        connection.connect();
    }
}
