package dev.lockstep.reconciler.cli;

import java.util.List;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code build}: of Docker's {@code build PATH} and Compose's {@code build [SERVICE...]} the one that is meant. A bare
 * name is a service, as everywhere; {@code .}, {@code -}, an address and whatever has a slash is a context, and so is
 * the one argument beside an option that only Docker has.
 */
final class BuildCommand implements Command {
    private static final List<String> DOCKERS = List.of(
            "--tag",
            "--file",
            "--target",
            "--output",
            "--load",
            "--label",
            "--platform",
            "--no-cache-filter",
            "--secret",
            "--build-context",
            "--network",
            "--add-host",
            "--shm-size",
            "--ulimit",
            "--iidfile",
            "--metadata-file",
            "--annotation",
            "--allow");

    private static final List<String> COMPOSES = List.of("--with-dependencies");

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Builds an image from a Dockerfile: 'build PATH', with Docker's options. PATH is a directory"
                                + " (with a slash, or '.'), the address of a Git repository (perhaps #REF:DIRECTORY)"
                                + " or of an archive, '-' for an archive or a Dockerfile on standard input, or"
                                + " anything beside an option that only Docker has.",
                        "Builds the images of services: 'build [SERVICE...]', with Compose's options.");
        spec.addOption(Options.values("NAME", "Name of the image; may be given several times", "-t", "--tag"));
        spec.addOption(
                Options.value("FILE", "The Dockerfile (default PATH/Dockerfile), - is standard input", "-f", "--file"));
        spec.addOption(Options.values(
                "NAME[=VALUE]", "Build argument; without a value that of the environment", "--build-arg"));
        spec.addOption(Options.values("NAME=VALUE", "Label of the image", "--label"));
        spec.addOption(Options.value("STAGE", "Build this stage (default: the last)", "--target"));
        spec.addOption(Options.value(
                "OS/ARCH", "Platform of the image; programs of another need a handler (qemu-user)", "--platform"));
        spec.addOption(Options.flag("Ask registries for base images that are here, too", "--pull"));
        spec.addOption(Options.flag("Do every step anew", "--no-cache"));
        spec.addOption(Options.values("STAGE", "Do the steps of this stage anew", "--no-cache-filter"));
        spec.addOption(Options.values("id=ID[,src=FILE|,env=NAME]", "Secret for RUN --mount=type=secret", "--secret"));
        spec.addOption(Options.values(
                "ID[=SOCKET|KEY,...]", "SSH agent, or files of keys, for RUN --mount=type=ssh", "--ssh"));
        spec.addOption(
                Options.values("NAME=PATH", "Further context: as PATH, or docker-image://NAME", "--build-context"));
        spec.addOption(Options.value("MODE", "Network of RUN: default, none or host", "--network"));
        spec.addOption(Options.values("NAME:ADDRESS", "Further name for RUN", "--add-host"));
        spec.addOption(Options.value("SIZE", "Size of /dev/shm for RUN", "--shm-size"));
        spec.addOption(Options.values("NAME=SOFT[:HARD]", "Limit of processes of RUN", "--ulimit"));
        spec.addOption(
                Options.values("ENTITLEMENT", "network.host or security.insecure: what a RUN may ask for", "--allow"));
        spec.addOption(Options.values(
                "DIR|type=TYPE[,dest=PATH]",
                "Where the result goes: image, local, tar, oci, docker or cacheonly",
                "-o",
                "--output"));
        spec.addOption(Options.flag("Accepted: the image goes into this host's store", "--load"));
        spec.addOption(Options.flag("Push the image to the registries of its names", "--push"));
        spec.addOption(Options.value("FILE", "Write the image's id there", "--iidfile"));
        spec.addOption(Options.value("FILE", "Write digests and names there, as JSON", "--metadata-file"));
        spec.addOption(Options.value("HOW", "auto, tty, plain, quiet or rawjson", "--progress"));
        spec.addOption(Options.flag("Print the image's id and nothing else", "-q", "--quiet"));
        spec.addOption(Options.flag("Also what the services named depend on", "--with-dependencies"));
        spec.addOption(Options.dryRun());
        spec.addOption(Options.values(
                "REF|type=TYPE[,...]",
                "Where else steps may have been done: type=registry,ref=REF or type=local,src=DIR",
                "--cache-from"));
        spec.addOption(Options.values(
                "REF|type=TYPE[,...]",
                "Where steps are kept for other hosts: type=registry,ref=REF, type=local,dest=DIR or type=inline, the"
                        + " first two with mode=min or mode=max",
                "--cache-to"));
        spec.addOption(Options.value("true", "Attach a list of the packages in the image (SPDX)", "--sbom"));
        spec.addOption(Options.value(
                "true|mode=min|mode=max",
                "Attach how the image was built (SLSA); max with all arguments",
                "--provenance"));
        spec.addOption(Options.values("type=sbom|type=provenance[,...]", "The same, in full", "--attest"));
        spec.addOption(Options.values("KEY=VALUE", "Annotation of the image's manifest", "--annotation"));
        spec.addOption(Options.refusedValue("steps have a cgroup of their own below Lockstep's", "--cgroup-parent"));
        spec.addOption(Options.value("SIZE", "Memory that the processes of a RUN may have", "-m", "--memory"));
        spec.addOption(Options.refused("it builds, and checks nothing besides", "--check"));
        spec.addOption(Options.refusedValue("it builds and nothing else", "--call"));
        spec.addOption(Options.refusedValue("there is one builder, Lockstep's own", "--builder"));
        spec.addOption(Options.refused("layers of an image stay as they are", "--squash"));
        Options.ignored("--parallel", "--compress", "--force-rm", "--no-rm").forEach(spec::addOption);
        spec.addPositional(Options.arguments("[SERVICE...]|PATH|-", "0..*", "Services, or a context"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var dockers = DOCKERS.stream()
                .filter(name -> call.parsed().hasMatchedOption(name))
                .toList();
        if (isContext(call.arguments(), !dockers.isEmpty())) {
            for (var name : COMPOSES) {
                if (call.flag(name)) {
                    throw new CommandException(name + " is about services, and \""
                            + call.arguments().getFirst() + "\" is a context");
                }
            }
            return new ContextBuild(call, call.arguments().getFirst()).run();
        }
        if (!dockers.isEmpty()) {
            throw new CommandException(dockers.getFirst() + " is about one context: give one PATH, such as '.'"
                    + (call.arguments().size() > 1
                            ? "; " + String.join(" ", new TreeSet<>(call.arguments())) + " are several"
                            : ""));
        }
        return new ServiceBuild(call).run(call.arguments(), call.flag("--with-dependencies"));
    }

    /** Whether the arguments are Docker's one context, and no services. */
    static boolean isContext(List<String> arguments, boolean dockersOptions) {
        if (arguments.size() != 1) {
            return false;
        }
        var argument = arguments.getFirst();
        return dockersOptions
                || argument.equals(".")
                || argument.equals("..")
                || argument.equals("-")
                || argument.contains("/")
                || argument.startsWith("git@");
    }
}
