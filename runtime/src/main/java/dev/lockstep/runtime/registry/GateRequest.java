package dev.lockstep.runtime.registry;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Where a client of an {@link OutsideGate} wants to go. It says so in SOCKS 5 (RFC 1928), or as to a proxy of HTTP (RFC
 * 9112, 3.2): the JDK's two clients know one of them each.
 *
 * @param host without brackets, in lower case
 * @param literal the address, where it is one in digits
 * @param first what goes there before anything that the client still says
 * @param body so many bytes more are the client's to say; absent: as many as it likes
 */
record GateRequest(
        Form form, String host, Optional<InetAddress> literal, int port, List<String> first, Optional<Long> body) {
    private static final int VERSION = 5;
    private static final int TO_CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final int LONGEST_HEAD = 256 * 1024;
    private static final int HTTP_PORT = 80;
    private static final int LAST_PORT = 65_535;

    GateRequest {
        first = List.copyOf(first);
    }

    /** How it asks. */
    enum Form {
        SOCKS,
        /** {@code CONNECT}: bytes both ways. */
        TUNNEL,
        /** One request in plain text, after which the connection ends. */
        FORWARD
    }

    /** What becomes of it. */
    enum Outcome {
        DONE(0, "200 Connected"),
        FORBIDDEN(2, "403 Forbidden"),
        UNREACHABLE(4, "502 Bad Gateway");

        private final int code;
        private final String status;

        Outcome(int code, String status) {
            this.code = code;
            this.status = status;
        }
    }

    /** Reads what the client says first. */
    static GateRequest read(DataInputStream in, Socket client) throws IOException {
        var first = in.readUnsignedByte();
        return first == VERSION ? socks(in, client) : http(first, in);
    }

    private static GateRequest socks(DataInputStream in, Socket client) throws IOException {
        in.readNBytes(in.readUnsignedByte());
        client.getOutputStream().write(new byte[] {VERSION, 0});
        in.readByte();
        var command = in.readUnsignedByte();
        in.readByte();
        var literal = Optional.<InetAddress>empty();
        var host = "";
        switch (in.readUnsignedByte()) {
            case IPV4 -> literal = Optional.of(InetAddress.getByAddress(in.readNBytes(4)));
            case IPV6 -> literal = Optional.of(InetAddress.getByAddress(in.readNBytes(16)));
            case NAME -> host = new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8);
            default -> throw new IOException("an address of no kind that is known");
        }
        if (command != TO_CONNECT) {
            throw new IOException("asks for what is no connection");
        }
        var named = literal.map(InetAddress::getHostAddress).orElse(host);
        return new GateRequest(Form.SOCKS, lower(named), literal, in.readUnsignedShort(), List.of(), Optional.empty());
    }

    private static GateRequest http(int first, DataInputStream in) throws IOException {
        var head = head(first, in);
        var line = head.getFirst().split(" ", -1);
        if (line.length != 3) {
            throw new IOException("no request of HTTP");
        }
        try {
            return line[0].equals("CONNECT")
                    ? to(Form.TUNNEL, new URI("http://" + line[1]), List.of(), Optional.empty())
                    : forward(line, new URI(line[1]), head.subList(1, head.size()));
        } catch (URISyntaxException e) {
            throw new IOException("asks for what is no address", e);
        }
    }

    private static GateRequest forward(String[] line, URI uri, List<String> fields) throws IOException {
        if (!"http".equalsIgnoreCase(uri.getScheme())) {
            throw new IOException("asks for what is no http address");
        }
        var first = new ArrayList<String>();
        var path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        first.add(line[0] + " " + path + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()) + " " + line[2]);
        var body = 0L;
        for (var field : fields) {
            var colon = field.indexOf(':');
            var name = lower(colon < 0 ? field : field.substring(0, colon));
            switch (name) {
                case "connection", "keep-alive", "proxy-connection", "proxy-authorization" -> {}
                // Where its body ends must be known: what follows it would be for another server.
                case "transfer-encoding", "upgrade" -> throw new IOException("a request without an end");
                case "content-length" -> {
                    body = length(field.substring(colon + 1).strip());
                    first.add(field);
                }
                default -> first.add(field);
            }
        }
        first.add("Connection: close");
        return to(Form.FORWARD, uri, first, Optional.of(body));
    }

    private static long length(String text) throws IOException {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException("a length that is no number", e);
        }
    }

    private static GateRequest to(Form form, URI uri, List<String> first, Optional<Long> body) throws IOException {
        var host = Optional.ofNullable(uri.getHost()).orElse("").replaceAll("[\\[\\]]", "");
        var port = uri.getPort() < 0 ? HTTP_PORT : uri.getPort();
        if (host.isEmpty() || port > LAST_PORT) {
            throw new IOException("asks for what is no address");
        }
        return new GateRequest(form, lower(host), Direct.literal(host), port, first, body);
    }

    /** The lines before the body; byte by byte, since not one of the body may be taken with them. */
    private static List<String> head(int first, DataInputStream in) throws IOException {
        var lines = new ArrayList<String>();
        var line = new StringBuilder().append((char) first);
        for (var i = 1; i < LONGEST_HEAD; i++) {
            var letter = (char) in.readUnsignedByte();
            if (letter != '\n') {
                line.append(letter);
                continue;
            }
            var text = line.toString().stripTrailing();
            if (text.isEmpty()) {
                return lines;
            }
            lines.add(text);
            line.setLength(0);
        }
        throw new IOException("a head that does not end");
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** Those that the host has now. */
    List<InetAddress> addresses() throws IOException {
        return literal.isPresent() ? List.of(literal.get()) : List.of(InetAddress.getAllByName(host));
    }

    /** Tells the client; one that waits for an answer to its own request is told by the end of the connection. */
    void answer(OutputStream client, Outcome outcome) throws IOException {
        switch (form) {
            case SOCKS -> client.write(new byte[] {VERSION, (byte) outcome.code, 0, IPV4, 0, 0, 0, 0, 0, 0});
            case TUNNEL ->
                client.write(("HTTP/1.1 " + outcome.status + "\r\n"
                                + (outcome == Outcome.DONE ? "" : "Connection: close\r\nContent-Length: 0\r\n")
                                + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
            case FORWARD -> {}
        }
    }

    /** Says what goes there first. */
    void begin(OutputStream there) throws IOException {
        if (!first.isEmpty()) {
            there.write((String.join("\r\n", first) + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
