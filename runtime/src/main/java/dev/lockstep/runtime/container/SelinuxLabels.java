package dev.lockstep.runtime.container;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * SELinux contexts of a container, as container-selinux defines the types.
 *
 * @param process of its processes
 * @param mount of its files
 */
record SelinuxLabels(String process, String mount) {
    private static final Path ENFORCE = Path.of("/sys/fs/selinux/enforce");
    private static final Path CONTEXT = Path.of("/sys/fs/selinux/context");
    private static final int CATEGORIES = 1024;

    /** Whether this kernel has SELinux on. */
    static boolean isOn() {
        return Files.exists(ENFORCE);
    }

    /**
     * Contexts of a container on this host, those that it was started with while it runs; none where SELinux is off, or
     * it is not to confine the container.
     */
    static Optional<SelinuxLabels> of(ContainerRecord record, ContainerFiles files) throws IOException {
        if (!isOn()) {
            return Optional.empty();
        }
        return Files.exists(files.labels())
                ? parse(Files.readString(files.labels()))
                : of(record.spec().options().isolation(), record.id());
    }

    /**
     * A container that is started has the contexts of the one whose memory or processes it shares: with others it could
     * not. As with Docker, labels of its own count before that.
     */
    static void join(ContainerRecord record, ContainerFiles files, Joined joined) throws IOException {
        var other = Optional.ofNullable(joined.targets().get("ipc"))
                .or(() -> Optional.ofNullable(joined.targets().get("pid")));
        if (isOn()
                && other.isPresent()
                && record.spec().options().isolation().security().labels().isEmpty()) {
            var theirs =
                    of(other.get(), new ContainerFiles(files.root(), other.get().id()));
            Files.writeString(
                    files.labels(),
                    theirs.map(labels -> labels.process + "\n" + labels.mount).orElse(""));
        }
    }

    private static Optional<SelinuxLabels> parse(String text) {
        var lines = text.split("\n", -1);
        return lines.length == 2 ? Optional.of(new SelinuxLabels(lines[0], lines[1])) : Optional.empty();
    }

    /**
     * Contexts of a container by what it asks for. One that asks for none and is privileged, or has the processes or
     * the IPC of the host, has none, as with Docker (daemon, generateSecurityOpt).
     */
    static Optional<SelinuxLabels> of(Isolation isolation, String id) {
        var asked = isolation.security().labels();
        var free = isolation.privileged()
                || Namespaces.isHost(isolation.namespaces().pid())
                || Namespaces.isHost(isolation.namespaces().ipc());
        return asked.isEmpty() && free ? Optional.empty() : of(asked, id);
    }

    /**
     * Fails where the policy of this host does not know them: the runtime would say no more than "invalid argument".
     *
     * @param name of the container
     */
    void require(String name) throws IOException {
        for (var context : List.of(process, mount)) {
            try (var kernel = FileChannel.open(CONTEXT, StandardOpenOption.WRITE)) {
                kernel.write(ByteBuffer.wrap((context + "\0").getBytes(StandardCharsets.UTF_8)));
            } catch (IOException e) {
                throw new ContainerException(
                        ContainerException.Reason.HOST,
                        "container " + name + ": the SELinux policy of this host has no context " + context
                                + "; write another label into security_opt, label=disable to do without, or install"
                                + " the policy for containers (container-selinux; on Debian selinux-policy-default).",
                        e);
            }
        }
    }

    /** Of files that several containers may use: those of its mounts without its categories. */
    String shared() {
        var parts = mount.split(":", 4);
        return String.join(":", parts[0], parts[1], parts[2], "s0");
    }

    /**
     * Contexts of a container; none with {@code disable}. Two categories derived from the id keep containers apart.
     *
     * @param options {@code user:V}, {@code role:V}, {@code type:V}, {@code level:V}, {@code filetype:V} of its files,
     *     {@code disable}
     * @throws IllegalArgumentException for another one
     */
    static Optional<SelinuxLabels> of(List<String> options, String id) {
        var parts = new String[] {"system_u", "system_r", "container_t", level(id), "container_file_t"};
        var names = List.of("user", "role", "type", "level", "filetype");
        for (var option : options) {
            if (option.equals("disable")) {
                return Optional.empty();
            }
            var colon = option.indexOf(':');
            var index = colon < 0 ? -1 : names.indexOf(option.substring(0, colon));
            if (index < 0) {
                throw new IllegalArgumentException("\"" + option
                        + "\" is no label; write disable, or user, role, type, level or filetype with a" + " value");
            }
            parts[index] = option.substring(colon + 1);
        }
        return Optional.of(new SelinuxLabels(
                String.join(":", List.of(parts).subList(0, 4)),
                String.join(":", parts[0], "object_r", parts[4], parts[3])));
    }

    private static String level(String id) {
        var number = Integer.parseInt(id.substring(0, 7), 16);
        var low = number % (CATEGORIES - 1);
        var high = low + 1 + number / CATEGORIES % (CATEGORIES - 1 - low);
        return "s0:c" + low + ",c" + high;
    }
}
