package dev.lockstep.runtime.linux;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elements that come to sets and maps of one nftables table and go from them, as the messages of one transaction
 * (linux/netfilter/nf_tables.h). Keys and values are as the kernel keeps them: several fields one behind the other,
 * each filled up to four bytes. For sets without ranges.
 */
public final class ElementChanges {
    /** {@code NFNL_MSG_BATCH_BEGIN} and {@code NFNL_MSG_BATCH_END}. */
    private static final int BEGIN = 16;

    private static final int END = 17;

    private static final int NFTABLES = 10;
    private static final int NEWSETELEM = NFTABLES << 8 | 12;
    private static final int DELSETELEM = NFTABLES << 8 | 14;
    private static final int LIST_TABLE = 1;
    private static final int LIST_SET = 2;
    private static final int LIST_ELEMENTS = 3 | NetlinkRequest.NESTED;
    private static final int ELEMENT = 1 | NetlinkRequest.NESTED;
    private static final int KEY = 1 | NetlinkRequest.NESTED;
    private static final int DATA = 2 | NetlinkRequest.NESTED;
    private static final int VALUE = 1;

    /** Headers of an element, its key, its value, and of what is in these. */
    private static final int HEADERS = 20;

    /** Family of a table, as the kernel counts them. */
    public enum Family {
        INET(1),
        BRIDGE(7);

        private final int number;

        Family(int number) {
            this.number = number;
        }
    }

    private final Family family;
    private final String table;
    private final List<NetlinkRequest> finished = new ArrayList<>();
    private @Nullable NetlinkRequest open;
    private String openSet = "";
    private int openType;

    public ElementChanges(Family family, String table) {
        this.family = family;
        this.table = table;
    }

    /**
     * An element comes; one that is there already is no error, unless the map has another value for its key.
     *
     * @param value empty in a set
     */
    public ElementChanges add(String set, byte[] key, byte[] value) {
        element(NEWSETELEM, set, key, value);
        return this;
    }

    /** The element with that key goes; the whole transaction fails when there is none. */
    public ElementChanges delete(String set, byte[] key) {
        element(DELSETELEM, set, key, new byte[0]);
        return this;
    }

    private void element(int type, String set, byte[] key, byte[] value) {
        var request = request(type, set, HEADERS + key.length + value.length + 6);
        request.begin(ELEMENT).begin(KEY).attribute(VALUE, key).end();
        if (value.length > 0) {
            request.begin(DATA).attribute(VALUE, value).end();
        }
        request.end();
    }

    /** The message that is begun, when it is of that kind and has room; else a new one. */
    private NetlinkRequest request(int type, String set, int size) {
        var current = open;
        if (current != null && openType == type && openSet.equals(set) && current.room() >= size) {
            return current;
        }
        finish();
        var young = nfgen(type, type == NEWSETELEM ? NetlinkRequest.CREATE : 0, family.number, 0)
                .about("elements of " + set)
                .attribute(LIST_TABLE, table)
                .attribute(LIST_SET, set)
                .begin(LIST_ELEMENTS);
        open = young;
        openSet = set;
        openType = type;
        return young;
    }

    private void finish() {
        if (open != null) {
            finished.add(open.end());
            open = null;
        }
    }

    /** {@code struct nfgenmsg}: family, version 0, and in network order what the message is about. */
    private static NetlinkRequest nfgen(int type, int flags, int family, int about) {
        return new NetlinkRequest(type, flags).u8(family).u8(0).u8(about >>> 8).u8(about & 0xff);
    }

    /** What it is about, for people. */
    String what() {
        return "table " + table;
    }

    boolean isEmpty() {
        return finished.isEmpty() && open == null;
    }

    /** The whole transaction, to be sent at once. */
    List<NetlinkRequest> messages() {
        finish();
        var messages = new ArrayList<NetlinkRequest>();
        messages.add(nfgen(BEGIN, 0, 0, NFTABLES));
        messages.addAll(finished);
        messages.add(nfgen(END, 0, 0, NFTABLES));
        return messages;
    }
}
