package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * One netlink socket (netlink(7)). It belongs to the network namespace of the thread that made it and works from any
 * thread afterwards, one at a time.
 */
final class NetlinkSocket implements AutoCloseable {
    static final int ROUTE = 0;
    static final int SOCK_DIAG = 4;
    static final int NETFILTER = 12;

    private static final int NLMSG_ERROR = 2;
    private static final int NLMSG_DONE = 3;
    private static final int NLM_F_DUMP_INTR = 0x10;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;
    private static final int HEADER = 16;
    private static final int BUFFER = 64 * 1024;
    private static final int DUMP_ATTEMPTS = 10;
    /** What the kernel takes at once by itself is at least that much (socket(7), wmem_default). */
    private static final int SENT_AT_ONCE = 128 * 1024;

    private final Fd fd;
    private final String subject;
    private final Memory memory = new Memory(BUFFER);
    private final ByteBuffer buffer = Libc.buffer(memory);
    private int sequence;
    private int port;

    NetlinkSocket(int protocol, String subject) throws LinuxException {
        this.subject = subject;
        fd = new Fd(
                Libc.check(
                        SocketLibrary.socket(
                                SocketLibrary.AF_NETLINK,
                                SocketLibrary.SOCK_RAW | SocketLibrary.SOCK_CLOEXEC,
                                protocol),
                        "socket",
                        subject),
                subject);
        var bound = false;
        try {
            // CAP_ACK: errors do not repeat the request, so that the kernel's sentence stands at a fixed offset.
            option(NETLINK_CAP_ACK);
            option(NETLINK_EXT_ACK);
            var address = new byte[12];
            address[0] = SocketLibrary.AF_NETLINK;
            Libc.check(SocketLibrary.bind(fd.number(), address, address.length), "bind", subject);
            Libc.check(
                    SocketLibrary.getsockname(fd.number(), address, new int[] {address.length}),
                    "getsockname",
                    subject);
            // struct sockaddr_nl: family, two bytes, the port, groups.
            port = ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).getInt(4);
            bound = true;
        } finally {
            if (!bound) {
                close();
            }
        }
    }

    private void option(int name) throws LinuxException {
        Libc.check(
                SocketLibrary.setsockopt(fd.number(), SocketLibrary.SOL_NETLINK, name, new int[] {1}, 4),
                "setsockopt",
                subject);
    }

    /** The number by which the kernel knows the socket, among those of its protocol and namespace (netlink(7)). */
    int port() {
        return port;
    }

    /**
     * Sends the messages and returns what came before the last one's ACK. All are executed in their order, also those
     * after a failing one; the first failure that its message does not tolerate is thrown. Only the last message is
     * acknowledged: of the others the kernel says so when they fail, and before.
     */
    synchronized List<NetlinkReply> talk(String what, NetlinkRequest... requests) throws LinuxException {
        var sent = List.of(requests);
        for (var request : sent) {
            request.acknowledged(request == sent.getLast());
        }
        send(sent);
        return receive(what, sent, Ends.ANSWERED, NetlinkSocket::every).replies;
    }

    /**
     * Sends the messages of a transaction of netfilter, from the one that begins it to the one that ends it. All of
     * them take effect or none.
     *
     * @throws LinuxException of the first message that failed
     */
    synchronized void transact(String what, List<NetlinkRequest> messages) throws LinuxException {
        // Of an older kernel the message that ends it is never acknowledged (before Linux 6.10), so the last of the
        // others is: the kernel tells all that it has to when the transaction is over.
        var last = messages.get(messages.size() - 2);
        for (var message : messages) {
            message.acknowledged(message == last);
        }
        send(messages);
        receive(what, messages, Ends.COMMITTED, NetlinkSocket::every);
    }

    /** Sends a question that has one answer, and returns that. */
    synchronized NetlinkReply ask(String what, NetlinkRequest question) throws LinuxException {
        var sent = List.of(question.acknowledged(false));
        send(sent);
        return receive(what, sent, Ends.REPLIED, NetlinkSocket::every).replies.getFirst();
    }

    /** Sends a request for a list; repeats it when the list changed meanwhile. */
    List<NetlinkReply> dump(String what, NetlinkRequest request) throws LinuxException {
        return dump(what, request, NetlinkSocket::every);
    }

    /**
     * The same, of which only what is wanted is kept: lists of the kernel may be longer than there is memory for.
     *
     * @param wanted must not use this socket
     */
    synchronized List<NetlinkReply> dump(String what, NetlinkRequest request, Predicate<NetlinkReply> wanted)
            throws LinuxException {
        for (var attempt = 1; ; attempt++) {
            var sent = List.of(request);
            send(sent);
            var answer = receive(what, sent, Ends.ANSWERED, wanted);
            if (!answer.interrupted || attempt == DUMP_ATTEMPTS) {
                return answer.replies;
            }
        }
    }

    /** When there is nothing more to be read. */
    private enum Ends {
        /** With the ACK of the last message, or the end of its list. */
        ANSWERED,
        /** With the first that it says. */
        REPLIED,
        /** With the ACK of the last message of a transaction, or with a failure of what begins it: of the whole. */
        COMMITTED;

        boolean isLast(int message, int count) {
            return switch (this) {
                case ANSWERED, REPLIED -> message == count - 1;
                case COMMITTED -> message == count - 2 || message == 0;
            };
        }
    }

    private static final class Answer {
        final List<NetlinkReply> replies = new ArrayList<>();
        boolean interrupted;
    }

    private void send(List<NetlinkRequest> requests) throws LinuxException {
        var messages = new ArrayList<byte[]>();
        var length = 0;
        for (var request : requests) {
            var message = request.bytes(++sequence);
            messages.add(message);
            length += message.length;
        }
        if (length <= BUFFER) {
            send(messages, memory);
            return;
        }
        if (length > SENT_AT_ONCE) {
            Libc.check(
                    SocketLibrary.setsockopt(
                            fd.number(),
                            SocketLibrary.SOL_SOCKET,
                            SocketLibrary.SO_SNDBUFFORCE,
                            new int[] {2 * length},
                            4),
                    "setsockopt",
                    subject);
        }
        try (var larger = new Memory(length)) {
            send(messages, larger);
        }
    }

    private void send(List<byte[]> messages, Memory block) throws LinuxException {
        var length = 0;
        for (var message : messages) {
            block.write(length, message, 0, message.length);
            length += message.length;
        }
        Libc.check(SocketLibrary.send(fd.number(), Libc.address(block), length, 0), "send", subject);
    }

    private Answer receive(String what, List<NetlinkRequest> sent, Ends ends, Predicate<NetlinkReply> wanted)
            throws LinuxException {
        var answer = new Answer();
        LinuxException failure = null;
        var first = sequence - sent.size() + 1;
        for (var over = false; !over; ) {
            var got = SocketLibrary.recv(fd.number(), Libc.address(memory), BUFFER, 0);
            if (got < 0 && Native.getLastError() == Errno.EINTR) {
                continue;
            }
            Libc.check(got, "recv", subject);
            for (var at = 0; at + HEADER <= got; ) {
                var length = buffer.getInt(at);
                var type = buffer.getShort(at + 4);
                var flags = buffer.getShort(at + 6);
                var answered = buffer.getInt(at + 8);
                // What an earlier, interrupted user of the socket left behind is not ours.
                if (answered >= first && answered <= sequence) {
                    answer.interrupted |= (flags & NLM_F_DUMP_INTR) != 0;
                    if (type == NLMSG_ERROR || type == NLMSG_DONE) {
                        over |= ends.isLast(answered - first, sent.size());
                        var error = length >= HEADER + 4 ? -buffer.getInt(at + HEADER) : 0;
                        var request = sent.get(answered - first);
                        if (error != 0 && failure == null && !request.tolerates(error)) {
                            var text = type == NLMSG_ERROR && (flags & NLM_F_ACK_TLVS) != 0
                                    ? text(at + HEADER + 20, at + length)
                                    : "";
                            failure = new LinuxException(
                                    subject, request.what().isEmpty() ? what : request.what(), error, text);
                        }
                    } else {
                        over |= ends == Ends.REPLIED;
                        var body = new byte[length - HEADER];
                        buffer.get(at + HEADER, body);
                        var reply = new NetlinkReply(type, body);
                        if (wanted.test(reply)) {
                            answer.replies.add(reply);
                        }
                    }
                }
                at += (length + 3) & ~3;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return answer;
    }

    /** The kernel's sentence and the offset of the attribute it complains about. */
    private String text(int from, int to) {
        var bytes = new byte[to - from];
        buffer.get(from, bytes);
        var attributes = new NetlinkReply(0, bytes);
        return attributes.attribute(0, 1).map(NetlinkReply::text).orElse("")
                + attributes.attribute(0, 2).map(a -> " @" + a.s32(0)).orElse("");
    }

    @Override
    public void close() {
        fd.close();
    }

    private static boolean every(NetlinkReply reply) {
        return true;
    }
}
