package dev.lockstep.runtime.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Version 2 of cgroups has no file for devices: programs that are attached to a cgroup decide, and all of them must
 * agree (bpf(2), kernel's Documentation/admin-guide/cgroup-v2.rst). This one stands beside that of the runtime.
 */
final class DeviceProgram {
    private static final int BPF_PROG_LOAD = 5;
    private static final int BPF_PROG_ATTACH = 8;
    private static final int BPF_PROG_TYPE_CGROUP_DEVICE = 15;
    private static final int BPF_CGROUP_DEVICE = 6;
    private static final int BPF_F_ALLOW_MULTI = 2;
    private static final int BPF_DEVCG_DEV_CHAR = 2;
    /** Enough of {@code union bpf_attr} for both calls. */
    private static final int ATTRIBUTES = 72;

    private static final int INSTRUCTION = 8;

    private static final byte[] LICENCE = Libc.bytes("Apache-2.0");
    private static final int LOAD_WORD = 0x61;
    private static final int AND = 0x57;
    private static final int JUMP_UNLESS_EQUAL = 0x55;
    private static final int SET = 0xb7;
    private static final int EXIT = 0x95;

    private DeviceProgram() {}

    /** Nothing in that cgroup can open or make this character device any more; the program ends with the cgroup. */
    static void deny(Path cgroup, DeviceNumber device) throws LinuxException {
        var code = denial(device);
        try (var directory = Fd.open(cgroup);
                var instructions = Libc.zeroed(code.length);
                var licence = Libc.zeroed(LICENCE.length);
                var attributes = Libc.zeroed(ATTRIBUTES)) {
            instructions.write(0, code, 0, code.length);
            licence.write(0, LICENCE, 0, LICENCE.length);
            attributes.setInt(0, BPF_PROG_TYPE_CGROUP_DEVICE);
            attributes.setInt(4, code.length / INSTRUCTION);
            attributes.setLong(8, Libc.address(instructions));
            attributes.setLong(16, Libc.address(licence));
            var bpf = Architecture.current().sysBpf;
            var address = Libc.address(attributes);
            var loaded = Libc.check(Libc.syscall(bpf, BPF_PROG_LOAD, address, ATTRIBUTES, 0, 0), "bpf", "load");
            try (var program = new Fd(loaded, "device program")) {
                attributes.clear();
                attributes.setInt(0, directory.number());
                attributes.setInt(4, program.number());
                attributes.setInt(8, BPF_CGROUP_DEVICE);
                attributes.setInt(12, BPF_F_ALLOW_MULTI);
                Libc.check(Libc.syscall(bpf, BPF_PROG_ATTACH, address, ATTRIBUTES, 0, 0), "bpf", cgroup);
            }
        }
    }

    /** 0 (denied) for that device, 1 for every other: looks at {@code struct bpf_cgroup_dev_ctx}. */
    static byte[] denial(DeviceNumber device) {
        var code = ByteBuffer.allocate(11 * INSTRUCTION).order(ByteOrder.nativeOrder());
        instruction(code, LOAD_WORD, 2, 1, 0, 0); // access type << 16 | device type
        instruction(code, AND, 2, 0, 0, 0xffff);
        instruction(code, JUMP_UNLESS_EQUAL, 2, 0, 6, BPF_DEVCG_DEV_CHAR);
        instruction(code, LOAD_WORD, 2, 1, 4, 0);
        instruction(code, JUMP_UNLESS_EQUAL, 2, 0, 4, device.major());
        instruction(code, LOAD_WORD, 2, 1, 8, 0);
        instruction(code, JUMP_UNLESS_EQUAL, 2, 0, 2, device.minor());
        instruction(code, SET, 0, 0, 0, 0);
        instruction(code, EXIT, 0, 0, 0, 0);
        instruction(code, SET, 0, 0, 0, 1);
        instruction(code, EXIT, 0, 0, 0, 0);
        return code.array();
    }

    private static void instruction(ByteBuffer code, int operation, int to, int from, int offset, int value) {
        code.put((byte) operation)
                .put((byte) (from << 4 | to))
                .putShort((short) offset)
                .putInt(value);
    }
}
