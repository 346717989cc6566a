package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One process as {@code ps -ef} shows it (proc_pid_stat(5)).
 *
 * @param uid its effective user on the host
 * @param parent pid of its parent
 * @param running since it was started
 * @param used processor time, of all threads
 * @param terminal {@code pts/0}; empty without one
 * @param command its words with blanks between, or its name in brackets where it has none
 */
public record ProcessDetails(
        int pid, int uid, int parent, Duration running, Duration used, String terminal, String command) {
    /** Clock ticks a second in /proc: 100 on every architecture that Linux has for us (USER_HZ). */
    static final long TICKS = 100;

    private static final int PTS_FIRST = 136;
    private static final int PTS_LAST = 143;

    /** Those of a cgroup and of all below it, by pid; such as end while they are looked at are left out. */
    public static List<ProcessDetails> of(Cgroup cgroup) throws IOException {
        var pids = new TreeSet<Integer>();
        collect(cgroup, pids);
        var uptime = uptime();
        var all = new ArrayList<ProcessDetails>();
        for (var pid : pids) {
            of(pid, uptime).ifPresent(all::add);
        }
        return List.copyOf(all);
    }

    private static void collect(Cgroup cgroup, TreeSet<Integer> pids) throws IOException {
        pids.addAll(cgroup.processes());
        for (var child : cgroup.children()) {
            collect(cgroup.below(child), pids);
        }
    }

    /** Since the kernel started; nobody sets this clock. */
    public static Duration uptime() throws IOException {
        var seconds =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]);
        return Duration.ofMillis((long) (seconds * 1000));
    }

    private static Optional<ProcessDetails> of(int pid, Duration uptime) {
        var directory = Path.of("/proc/" + pid);
        try {
            return Optional.of(parse(
                    Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1),
                    Files.readString(directory.resolve("status"), StandardCharsets.ISO_8859_1),
                    new String(Files.readAllBytes(directory.resolve("cmdline")), StandardCharsets.UTF_8),
                    uptime));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static ProcessDetails parse(String stat, String status, String cmdline, Duration uptime) {
        var open = stat.indexOf('(');
        var close = stat.lastIndexOf(')');
        var fields = stat.substring(close + 2).split(" ", -1);
        var started = ticks(Long.parseLong(fields[19]));
        var uid = status.lines()
                .filter(l -> l.startsWith("Uid:"))
                .map(l -> Integer.parseInt(l.split("\\s+", -1)[2]))
                .findFirst()
                .orElse(0);
        var words = cmdline.replace('\0', ' ').strip();
        var running = uptime.minus(started);
        return new ProcessDetails(
                Integer.parseInt(stat.substring(0, open - 1)),
                uid,
                Integer.parseInt(fields[1]),
                running.isNegative() ? Duration.ZERO : running,
                ticks(Long.parseLong(fields[11]) + Long.parseLong(fields[12])),
                terminal(Integer.parseInt(fields[4])),
                words.isEmpty() ? "[" + stat.substring(open + 1, close) + "]" : words);
    }

    static Duration ticks(long count) {
        return Duration.ofMillis(count * 1000 / TICKS);
    }

    /** Device numbers as the kernel packs them (makedev(3), the old form of 32 bits). */
    private static String terminal(int device) {
        var major = device >>> 8 & 0xfff;
        var minor = device & 0xff | device >>> 12 & 0xfff00;
        if (device == 0) {
            return "";
        }
        return major >= PTS_FIRST && major <= PTS_LAST ? "pts/" + ((major - PTS_FIRST) * 256 + minor) : "tty" + minor;
    }

    /** Processor time for each second that it ran, in per cent, as {@code ps} counts. */
    public int percent() {
        return running.toMillis() == 0 ? 0 : (int) Math.min(99, used.toMillis() * 100 / running.toMillis());
    }
}
