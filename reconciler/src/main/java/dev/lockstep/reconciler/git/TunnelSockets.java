package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.registry.Proxies;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocketFactory;

/**
 * TLS through a proxy that wants an account (RFC 9110 §9.3.6). The JDK shows it one only by two settings of the whole
 * process, and keeps it for ever in memory; here it goes to the proxy alone, once for each connection.
 */
final class TunnelSockets extends SSLSocketFactory {
    private static final int LONGEST = 64 << 10;
    /** CR LF CR LF. */
    private static final int END = 0x0d0a0d0a;

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (?<code>[0-9]{3})( .*)?");

    private final SSLSocketFactory tls;
    private final Proxies.Proxy proxy;

    TunnelSockets(SSLSocketFactory tls, Proxies.Proxy proxy) {
        this.tls = tls;
        this.proxy = proxy;
    }

    /** The proxy does not let us through. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int status;

        RefusedException(Proxies.Proxy proxy, int status) {
            super("the proxy " + proxy + " answers " + status);
            this.status = status;
        }

        int status() {
            return status;
        }
    }

    /** What HttpsURLConnection connects, and speaks TLS over afterwards. */
    private final class Tunnel extends Socket {
        @Override
        public void connect(SocketAddress end, int timeout) throws IOException {
            var to = (InetSocketAddress) end;
            super.connect(new InetSocketAddress(proxy.host(), proxy.port()), timeout);
            var before = getSoTimeout();
            setSoTimeout(timeout);
            var host = to.getHostString().contains(":") ? "[" + to.getHostString() + "]" : to.getHostString();
            var account = proxy.account().map(a -> "Proxy-Authorization: " + a.basic() + "\r\n");
            getOutputStream()
                    .write(("CONNECT " + host + ":" + to.getPort() + " HTTP/1.1\r\nHost: " + host + ":" + to.getPort()
                                    + "\r\n" + account.orElse("") + "\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            var status = STATUS.matcher(head().lines().findFirst().orElse(""));
            if (!status.matches()) {
                throw new IOException("the proxy " + proxy + " does not speak HTTP");
            }
            var code = Integer.parseInt(status.group("code"));
            if (code < 200 || code > 299) {
                throw new RefusedException(proxy, code);
            }
            setSoTimeout(before);
        }

        @Override
        public void connect(SocketAddress end) throws IOException {
            connect(end, 0);
        }

        /** Byte by byte: what comes after it is not ours. */
        private String head() throws IOException {
            var head = new ByteArrayOutputStream();
            var in = getInputStream();
            var last = 0;
            while (last != END) {
                var next = in.read();
                if (next < 0 || head.size() == LONGEST) {
                    throw new EOFException("the proxy " + proxy + " does not answer in full");
                }
                head.write(next);
                last = last << 8 | next;
            }
            return head.toString(StandardCharsets.ISO_8859_1);
        }
    }

    @Override
    public Socket createSocket() {
        return new Tunnel();
    }

    @Override
    public Socket createSocket(Socket through, String host, int port, boolean autoClose) throws IOException {
        return tls.createSocket(through, host, port, autoClose);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        var tunnel = createSocket();
        tunnel.connect(InetSocketAddress.createUnresolved(host, port));
        return createSocket(tunnel, host, port, true);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return createSocket(host.getHostAddress(), port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return createSocket(host, port);
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return tls.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return tls.getSupportedCipherSuites();
    }
}
