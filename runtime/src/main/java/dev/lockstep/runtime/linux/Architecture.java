package dev.lockstep.runtime.linux;

/** What differs between x86-64 and arm64. Every number that is not here is the same on both. */
public enum Architecture {
    X86_64("amd64", 0x10000, 0x20000, 332, 133, 259, 321),
    AARCH64("arm64", 0x4000, 0x8000, 291, -1, 33, 280);

    private final String goName;
    final int oDirectory;
    final int oNoFollow;
    final int sysStatx;
    final int sysMknod;
    final int sysMknodat;
    final int sysBpf;

    Architecture(String goName, int oDirectory, int oNoFollow, int sysStatx, int sysMknod, int sysMknodat, int sysBpf) {
        this.goName = goName;
        this.oDirectory = oDirectory;
        this.oNoFollow = oNoFollow;
        this.sysStatx = sysStatx;
        this.sysMknod = sysMknod;
        this.sysMknodat = sysMknodat;
        this.sysBpf = sysBpf;
    }

    /** The machine this JVM runs on. */
    public static Architecture current() {
        return of(System.getProperty("os.arch"));
    }

    static Architecture of(String osArch) {
        return switch (osArch) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64", "arm64" -> AARCH64;
            default ->
                throw new IllegalStateException("Lockstep runs on x86-64 and arm64, this machine is " + osArch + ".");
        };
    }

    /** Name in OCI images and seccomp profiles: {@code amd64}, {@code arm64}. */
    public String goName() {
        return goName;
    }
}
