package dev.lockstep.reconciler.cli;

import picocli.CommandLine.Model.CommandSpec;

/** The flags of {@code docker run} and {@code docker create}, and why some of them are not there. */
final class RunFlags {
    private RunFlags() {}

    static void addTo(CommandSpec spec) {
        program(spec);
        limits(spec);
        isolation(spec);
        storage(spec);
        networking(spec);
        life(spec);
        refused(spec);
    }

    private static void value(CommandSpec spec, String label, String description, String... names) {
        spec.addOption(Options.value(label, description, names));
    }

    private static void values(CommandSpec spec, String label, String description, String... names) {
        spec.addOption(Options.values(label, description, names));
    }

    private static void flag(CommandSpec spec, String description, String... names) {
        spec.addOption(Options.flag(description, names));
    }

    private static void program(CommandSpec spec) {
        value(spec, "NAME", "Name of the container", "--name");
        value(spec, "PROGRAM", "Instead of the image's entrypoint; empty: none", "--entrypoint");
        values(spec, "NAME[=VALUE]", "Environment variable", "-e", "--env");
        values(spec, "FILE", "Environment variables, one a line", "--env-file");
        value(spec, "USER", "user[:group], names or numbers", "-u", "--user");
        values(spec, "GROUP", "One more group of the user", "--group-add");
        value(spec, "DIR", "Working directory", "-w", "--workdir");
        values(spec, "KEY[=VALUE]", "Label", "-l", "--label");
        values(spec, "FILE", "Labels, one a line", "--label-file");
        values(spec, "KEY=VALUE", "Annotation for the OCI runtime", "--annotation");
        flag(spec, "Connect its input", "-i", "--interactive");
        flag(spec, "Give it a terminal", "-t", "--tty");
        flag(spec, "An init as its first process", "--init");
        value(spec, "FILE", "Write the id there", "--cidfile");
        value(spec, "WHEN", "Pull the image: always, missing (default) or never", "--pull");
        flag(spec, "No progress of the pull", "-q", "--quiet");
    }

    private static void limits(CommandSpec spec) {
        value(spec, "N", "Processors, such as 1.5", "--cpus");
        value(spec, "LIST", "Which processors, such as 0-2,4", "--cpuset-cpus");
        value(spec, "MICROS", "Period of --cpu-quota", "--cpu-period");
        value(spec, "MICROS", "Processor time in each period", "--cpu-quota");
        value(spec, "MICROS", "Period of real-time processes", "--cpu-rt-period");
        value(spec, "MICROS", "Their time in it", "--cpu-rt-runtime");
        value(spec, "N", "Weight beside others (usual is 1024)", "-c", "--cpu-shares");
        value(spec, "BYTES", "Memory, such as 512m", "-m", "--memory");
        value(spec, "BYTES", "What is kept when memory is scarce", "--memory-reservation");
        value(spec, "BYTES", "Memory and swap together; -1 is no limit", "--memory-swap");
        value(spec, "N", "0 to 100", "--memory-swappiness");
        flag(spec, "Wait at the memory limit in place of being killed", "--oom-kill-disable");
        value(spec, "N", "Who is killed first, -1000 to 1000", "--oom-score-adj");
        value(spec, "N", "Processes and threads; -1 is no limit", "--pids-limit");
        values(spec, "NAME=SOFT[:HARD]", "Limit of a process", "--ulimit");
        value(spec, "N", "Weight of disk access, 10 to 1000", "--blkio-weight");
        values(spec, "DEVICE:N", "The same of one device", "--blkio-weight-device");
        values(spec, "DEVICE:BYTES", "The most that is read in a second", "--device-read-bps");
        values(spec, "DEVICE:N", "The most reads in a second", "--device-read-iops");
        values(spec, "DEVICE:BYTES", "The most that is written in a second", "--device-write-bps");
        values(spec, "DEVICE:N", "The most writes in a second", "--device-write-iops");
        value(spec, "BYTES", "Size of /dev/shm", "--shm-size");
        value(spec, "CGROUP", "Above the container's own", "--cgroup-parent");
    }

    private static void isolation(CommandSpec spec) {
        values(spec, "CAPABILITY", "With this capability", "--cap-add");
        values(spec, "CAPABILITY", "Without it", "--cap-drop");
        flag(spec, "With every capability and device", "--privileged");
        values(spec, "OPTION", "no-new-privileges, seccomp=FILE, apparmor=PROFILE, label=...", "--security-opt");
        values(spec, "HOST[:PATH[:rwm]]", "Device of the host", "--device");
        values(spec, "RULE", "Such as c 10:200 rwm", "--device-cgroup-rule");
        value(spec, "GPUS", "all, how many, or device=ID", "--gpus");
        values(spec, "NAME=VALUE", "Kernel parameter of its namespaces", "--sysctl");
        value(spec, "MODE", "host, private or container:NAME", "--ipc");
        value(spec, "MODE", "host or container:NAME", "--pid");
        value(spec, "MODE", "host", "--uts");
        value(spec, "MODE", "host", "--userns");
        value(spec, "MODE", "host or private", "--cgroupns");
        value(spec, "NAME", "OCI runtime: runc or crun", "--runtime");
    }

    private static void storage(CommandSpec spec) {
        values(spec, "SOURCE:TARGET[:ro]", "Directory of the host, or volume", "-v", "--volume");
        values(spec, "type=...,source=...,target=...", "The same in words", "--mount");
        values(spec, "PATH[:OPTIONS]", "Memory as a file system", "--tmpfs");
        value(spec, "DRIVER", "Of volumes that are made: local, there is no other", "--volume-driver");
        values(spec, "CONTAINER[:ro]", "The mounts of that container", "--volumes-from");
        flag(spec, "Nothing but volumes can be written", "--read-only");
        values(spec, "NAME=VALUE", "Option of the storage", "--storage-opt");
    }

    private static void networking(CommandSpec spec) {
        values(
                spec,
                "NETWORK",
                "bridge (default), none, host, container:NAME or a network's name",
                "--network",
                "--net");
        values(spec, "NAME", "Another name of it in the network", "--network-alias", "--net-alias");
        value(spec, "ADDRESS", "Its address in the network", "--ip");
        value(spec, "ADDRESS", "Its IPv6 address in the network", "--ip6");
        values(spec, "ADDRESS", "A further address, of 169.254.0.0/16", "--link-local-ip");
        values(spec, "CONTAINER[:NAME]", "Another container of the network under a name of its own", "--link");
        value(spec, "NAME", "Host name", "-h", "--hostname");
        value(spec, "NAME", "Domain", "--domainname");
        values(spec, "HOST:ADDRESS", "Line of its hosts file", "--add-host");
        values(spec, "[[IP:]HOST:]PORT", "Publish this port", "-p", "--publish");
        flag(spec, "Publish all ports that the image names, and --expose", "-P", "--publish-all");
        values(spec, "PORT", "Port for -P", "--expose");
        values(spec, "ADDRESS", "Name server", "--dns");
        values(spec, "OPTION", "Of the resolver", "--dns-option", "--dns-opt");
        values(spec, "DOMAIN", "Search there", "--dns-search");
        value(spec, "ADDRESS", "Hardware address", "--mac-address");
    }

    private static void life(CommandSpec spec) {
        value(spec, "POLICY", "no (default), always, unless-stopped or on-failure[:N]", "--restart");
        value(spec, "SIGNAL", "What asks it to end", "--stop-signal");
        value(spec, "SECONDS", "How long it may take to end", "--stop-timeout");
        value(spec, "COMMAND", "Is run in it to see whether it is healthy", "--health-cmd");
        value(spec, "TIME", "Between two", "--health-interval");
        value(spec, "TIME", "How long one may take", "--health-timeout");
        value(spec, "TIME", "In which failures do not count", "--health-start-period");
        value(spec, "TIME", "Between two in that period", "--health-start-interval");
        value(spec, "N", "So many failures are unhealthy", "--health-retries");
        flag(spec, "Not the image's health check either", "--no-healthcheck");
        value(spec, "DRIVER", "Where what it writes goes", "--log-driver");
        values(spec, "NAME=VALUE", "Option of that", "--log-opt");
        value(spec, "PLATFORM", "Such as linux/arm64", "--platform");
    }

    private static void refused(CommandSpec spec) {
        spec.addOption(Options.refusedValue(
                "all streams are connected, or with -d none; '-i' says whether input is", "-a", "--attach"));
        spec.addOption(Options.refusedValue(
                "is of Windows; on Linux there are --cpus and --device-read-bps and its like",
                "--cpu-count",
                "--cpu-percent",
                "--io-maxbandwidth",
                "--io-maxiops",
                "--isolation"));
        spec.addOption(Options.refusedValue(
                "nodes of memory are not chosen here: --cpuset-cpus says which processors", "--cpuset-mems"));
        spec.addOption(Options.refusedValue("the kernel has no such limit any more: --memory", "--kernel-memory"));
        spec.addOption(Options.refused(
                "which images may run is said in /etc/lockstep/agent.yaml, under images", "--disable-content-trust"));
    }
}
