package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Architecture;
import dev.lockstep.runtime.oci.SeccompProfile;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What root in a container asks of the kernel itself, by the host's perl: {@code syscall} passes numbers and strings on
 * as they are. Arguments are right, so that a refusal is one of rights.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SystemCallsIT {
    private static final int EPERM = 1;
    private static final int ESRCH = 3;
    private static final int ENOSYS = 38;

    /** A file of the root, a buffer, an attribute block of zeros. */
    private static final String PRELUDE = """
            $| = 1; my ($path, $zero, $buffer) = ("/", "\\0" x 256, "\\0" x 256);
            my $self = getppid; # the program that waits for the calls
            sub ask {
              my ($name, $number, @args) = @_;
              my $child = fork;
              if ($child == 0) {
                my $result = syscall($number, @args);
                print "$name ", $result == -1 ? $! + 0 : 0, "\\n";
                kill 9, $$; # also who a clone(2) made
              }
              waitpid $child, 0;
            }
            """;

    /** CLONE_NEWUSER and its like, and SIGCHLD. */
    private static final Map<String, String> NAMESPACES = new TreeMap<>(Map.of(
            "cgroup", "0x02000000",
            "ipc", "0x08000000",
            "mount", "0x00020000",
            "network", "0x40000000",
            "pid", "0x20000000",
            "user", "0x10000000",
            "uts", "0x04000000"));

    /**
     * @param amd number on x86-64
     * @param arm number on arm64
     * @param args of perl
     */
    private record Call(String name, int amd, int arm, String args) {
        String perl() {
            var number = Architecture.current() == Architecture.X86_64 ? amd : arm;
            return "ask('" + name + "', " + number + (args.isEmpty() ? "" : ", " + args) + ");";
        }
    }

    /** Refused whatever they are given. */
    private static final List<Call> REFUSED = List.of(
            new Call("acct", 163, 89, "'/acct'"),
            new Call("add_key", 248, 217, "'user', 'name', 'value', 5, -3"),
            new Call("bpf", 321, 280, "0, $zero, 72"),
            new Call("clock_settime", 227, 112, "0, $zero"),
            new Call("delete_module", 176, 106, "'none', 0"),
            new Call("fanotify_init", 300, 262, "4, 0"),
            new Call("finit_module", 313, 273, "0, '', 0"),
            new Call("fsconfig", 431, 431, "0, 6, 0, 0, 0"),
            new Call("fsmount", 432, 432, "0, 0, 0"),
            new Call("fsopen", 430, 430, "'tmpfs', 0"),
            new Call("fspick", 433, 433, "-100, $path, 0"),
            new Call("init_module", 175, 105, "$zero, 256, ''"),
            new Call("io_uring_setup", 425, 425, "1, $buffer"),
            new Call("kcmp", 312, 272, "$self, $self, 0, 0, 0"),
            new Call("kexec_file_load", 320, 294, "0, 0, 0, '', 0"),
            new Call("kexec_load", 246, 104, "0, 0, 0, 0"),
            new Call("keyctl: join a session", 250, 219, "1, 0"),
            new Call("keyctl: read a key", 250, 219, "11, -3, $buffer, 256"),
            new Call("mount", 165, 40, "'none', '/tmp', 'tmpfs', 0, 0"),
            new Call("mount: again", 165, 40, "'none', '/sys', '', 32, 0"),
            new Call("mount_setattr", 442, 442, "-100, $path, 0, $zero, 32"),
            new Call("move_mount", 429, 429, "-100, '/usr', -100, '/tmp', 0"),
            new Call("move_pages", 279, 239, "$self, 0, 0, 0, 0, 0"),
            new Call("open_by_handle_at", 304, 265, "0, $zero, 0"),
            new Call("open_tree", 428, 428, "-100, $path, 1"),
            new Call("perf_event_open", 298, 241, "$zero, 0, -1, -1, 0"),
            new Call("pidfd_getfd", 438, 438, "0, 0, 0"),
            new Call("pivot_root", 155, 41, "'/', '/tmp'"),
            new Call("process_madvise", 440, 440, "0, 0, 0, 0, 0"),
            new Call("quotactl", 179, 60, "0x800004, 0, 0, $buffer"),
            new Call("quotactl_fd", 443, 443, "0, 0x800004, 0, $buffer"),
            new Call("reboot", 169, 142, "0xfee1dead, 672274793, 0, 0"),
            new Call("request_key", 249, 218, "'user', 'name', 0, -3"),
            new Call("setdomainname", 171, 162, "'x', 1"),
            new Call("sethostname", 170, 161, "'x', 1"),
            new Call("setns", 308, 268, "0, 0"),
            new Call("settimeofday", 164, 170, "$zero, 0"),
            new Call("swapoff", 168, 225, "'/swap'"),
            new Call("swapon", 167, 224, "'/swap', 0"),
            new Call("syslog", 103, 116, "3, $buffer, 256"),
            new Call("umount2", 166, 39, "'/proc/acpi', 2"),
            new Call("unshare: time", 272, 97, "0x80"),
            new Call("userfaultfd", 323, 282, "0"),
            new Call("vhangup", 153, 58, ""));

    @TempDir
    static Path directory;

    Lab lab;
    private String plain;

    @BeforeAll
    void open() throws IOException {
        // The host's perl, and where its loader looks for libraries.
        lab = new Lab(
                directory,
                TestImage.busybox("test/busybox:1")
                        .layer(new TarBuilder()
                                .symlink("lib", "usr/lib")
                                .symlink("lib64", "usr/lib64")
                                .build()));
        plain = running("plain", isolation(List.of(), Optional.empty(), Namespaces.NONE));
    }

    @AfterAll
    void close() throws IOException {
        lab.close();
    }

    private String running(String name, Isolation isolation) throws IOException {
        return lab.started(lab.wish(name)
                .with(isolation)
                .mount(new MountSpec.Bind(Path.of("/usr"), "/usr", "/usr", true, false))
                .run("sleep", "600"));
    }

    private static Isolation isolation(List<String> capabilities, Optional<String> seccomp, Namespaces namespaces) {
        return new Isolation(
                false,
                false,
                capabilities,
                List.of(),
                new SecurityOptions(Optional.empty(), seccomp, Optional.empty(), List.of(), false),
                namespaces,
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    /** What each call ended with: 0, or the kernel's error. */
    private Map<String, Integer> ask(String id, List<Call> calls) throws IOException {
        var said = perl(
                id, PRELUDE + String.join("\n", calls.stream().map(Call::perl).toList()));
        var answers = new TreeMap<String, Integer>();
        said.lines().forEach(line -> {
            var blank = line.lastIndexOf(' ');
            answers.put(line.substring(0, blank), Integer.valueOf(line.substring(blank + 1)));
        });
        assertThat(answers).hasSameSizeAs(calls);
        return answers;
    }

    private String perl(String id, String program) throws IOException {
        var said = lab.exec(id, "/usr/bin/perl", "-we", program);
        assertThat(said.err()).isEmpty();
        return said.out();
    }

    private static List<Call> namespaces() {
        var calls = new ArrayList<Call>();
        NAMESPACES.forEach((name, flag) -> {
            calls.add(new Call("unshare: " + name, 272, 97, flag));
            calls.add(new Call("clone: " + name, 56, 220, flag + " | 17, 0, 0, 0, 0"));
        });
        return calls;
    }

    private static Call clone3(String flags) {
        return new Call("clone3", 435, 435, "pack('Q11', " + flags + ", 0, 0, 0, 17, (0) x 6), 88");
    }

    @Test
    void what_acts_on_the_kernel_is_refused() throws IOException {
        var answers = ask(plain, REFUSED);
        answers.forEach((call, error) -> assertThat(error).as(call).isIn(EPERM, ENOSYS));
    }

    /** As with Docker, unlike the distribution's profile, which leaves a namespace of users to everybody. */
    @Test
    void namespaces_are_not_made_and_processes_are() throws IOException {
        var answers = ask(plain, namespaces());
        answers.forEach((call, error) -> assertThat(error).as(call).isEqualTo(EPERM));
        assertThat(ask(plain, List.of(clone3("0x10000000")))).containsEntry("clone3", ENOSYS);
        assertThat(ask(plain, List.of(new Call("clone", 56, 220, "17, 0, 0, 0, 0"))))
                .containsEntry("clone", 0);
    }

    @Test
    void who_may_administrate_or_brings_a_profile_makes_namespaces() throws IOException {
        var user = List.of(
                new Call("unshare", 272, 97, "0x10000000"), new Call("clone", 56, 220, "0x10000000 | 17, 0, 0, 0, 0"));
        var admin = running("admin", isolation(List.of("CAP_SYS_ADMIN"), Optional.empty(), Namespaces.NONE));
        assertThat(ask(admin, user)).containsEntry("unshare", 0).containsEntry("clone", 0);
        var theirs = Files.readString(SeccompProfile.DISTRIBUTION);
        assertThat(ask(running("theirs", isolation(List.of(), Optional.of(theirs), Namespaces.NONE)), user))
                .containsEntry("unshare", 0)
                .containsEntry("clone", 0);
    }

    /** Virtual machines of the host are behind AF_VSOCK, whatever network namespace asks (40); 38 is AF_ALG. */
    @Test
    void sockets_that_lead_around_the_network_namespace_are_not_made() throws IOException {
        var closed = new ArrayList<Call>();
        for (var family : List.of(12, 19, 20, 23, 25, 34, 37, 38, 40)) {
            closed.add(socket("" + family, 1));
            closed.add(socket("" + family, 5));
        }
        ask(plain, closed)
                .forEach((call, error) -> assertThat(error)
                        .as(call)
                        .isEqualTo(call.startsWith("socket 38 ") || call.startsWith("socket 40 ") ? EPERM : ENOSYS));
        // The kernel takes the lower half for the family; neither filter nor kernel may take it for another.
        var cut = List.of(socket("(1 << 32) + 40", 1), socket("(1 << 32) + 38", 5), socket("(1 << 63) + 40", 1));
        ask(plain, cut).forEach((call, error) -> assertThat(error).as(call).isIn(EPERM, ENOSYS));
        var open = List.of(
                socket("1", 1), socket("2", 1), socket("10", 2), socket("16", 3), socket("17", 3), socket("44", 3));
        ask(plain, open).forEach((call, error) -> assertThat(error).as(call).isEqualTo(0));
    }

    @Test
    void who_brings_a_profile_makes_sockets_of_every_family() throws IOException {
        var any = socket("40", 1);
        var theirs = Files.readString(SeccompProfile.DISTRIBUTION);
        assertThat(ask(running("vsock", isolation(List.of(), Optional.of(theirs), Namespaces.NONE)), List.of(any)))
                .allSatisfy((call, error) -> assertThat(error).isNotIn(EPERM, ENOSYS));
    }

    private static Call socket(String family, int type) {
        return new Call("socket " + family + " " + type, 41, 198, family + ", " + type + ", 0");
    }

    /** Nobody else's processes are there, and among the host's it has fewer capabilities than the others. */
    @Test
    void memory_and_files_of_other_processes_are_not_reached() throws IOException {
        var own = ProcessHandle.current().pid();
        var vector = "pack('PQ', $buffer, 64)";
        var calls = List.of(
                new Call("ptrace", 101, 117, "16, " + own + ", 0, 0"),
                new Call("ptrace: seize", 101, 117, "0x4206, " + own + ", 0, 0"),
                new Call("process_vm_readv", 310, 270, own + ", " + vector + ", 1, " + vector + ", 1, 0"),
                new Call("process_vm_writev", 311, 271, own + ", " + vector + ", 1, " + vector + ", 1, 0"));
        ask(plain, calls).forEach((call, error) -> assertThat(error).as(call).isEqualTo(ESRCH));
        var host = new Namespaces(
                Optional.empty(),
                Optional.of(new NamespaceMode.Host()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        ask(running("among", isolation(List.of(), Optional.empty(), host)), calls)
                .forEach((call, error) -> assertThat(error).as(call).isEqualTo(EPERM));
    }

    /** Opened and not written to: nothing changes where it could be. What nobody may write to has no code for it. */
    @Test
    void no_file_of_the_kernel_can_be_opened_for_writing() throws IOException {
        var open = perl(plain, """
                use Fcntl; no warnings 'recursion';
                sub look {
                  my ($directory) = @_;
                  opendir(my $all, $directory) or return;
                  for (sort grep { !/^\\.\\.?$/ } readdir $all) {
                    my $file = "$directory/$_";
                    next if -l $file or $file =~ m{^/proc/(\\d+|self|thread-self)$};
                    if (-d _) { look($file) } elsif (-f _ and (stat _)[2] & 0222) {
                      print "$file\\n" if sysopen(my $handle, $file, O_WRONLY | O_NONBLOCK);
                    }
                  }
                }
                look($_) for '/proc', '/sys';
                """);
        // Who writes there asks to be woken, and changes nothing (Documentation/accounting/psi.rst).
        assertThat(open.lines()).isSubsetOf("/proc/pressure/cpu", "/proc/pressure/io", "/proc/pressure/memory");
    }

    /** Whatever number a driver has: what a container may have of devices is a list. */
    @Test
    void no_device_of_the_host_is_opened_by_its_number() throws IOException {
        var open = perl(plain, """
                use Fcntl; my ($kind, $node) = ('c', '/tmp/node');
                my @devices = map { ['c', 1, $_] } 0 .. 11;
                push @devices, map { ['c', 10, $_] } grep { $_ != 130 } 1 .. 255; # 130 watches whoever opens it
                open(my $drivers, '<', '/proc/devices') or die;
                while (<$drivers>) {
                  $kind = 'b' if /^Block/;
                  push @devices, [$kind, $1, 0], [$kind, $1, 1] if /^\\s*(\\d+)/ and $1 != 136;
                }
                for (@devices) {
                  my ($kind, $major, $minor) = @$_;
                  my $type = $kind eq 'c' ? 0020600 : 0060600;
                  my $device = $minor & 0xff | ($major & 0xfff) << 8;
                  syscall(NUMBER, -100, $node, $type, $device) == 0 or next;
                  for (O_RDONLY, O_WRONLY) {
                    print "$kind $major:$minor\\n" if sysopen(my $handle, $node, $_ | O_NONBLOCK | O_NOCTTY);
                  }
                  unlink $node;
                }
                """.replace("NUMBER", Architecture.current() == Architecture.X86_64 ? "259" : "33"));
        assertThat(open.lines().distinct())
                .contains("c 1:3")
                .isSubsetOf("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:1", "c 5:2");
    }

    @Test
    void the_memory_of_the_kernel_is_not_read() throws IOException {
        assertThat(perl(plain, """
                        for (qw(/proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/interrupts /proc/kmsg)) {
                          next unless -e;
                          print "$_ refused\\n" and next unless open(my $file, '<', $_);
                          my $read = read($file, my $bytes, 1);
                          print "$_ ", $bytes, "\\n" if $read;
                        }
                        """).lines().filter(line -> !line.endsWith(" refused")))
                .isEmpty();
    }
}
