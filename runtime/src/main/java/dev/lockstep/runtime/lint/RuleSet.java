package dev.lockstep.runtime.lint;

import static dev.lockstep.runtime.lint.LintRule.off;
import static dev.lockstep.runtime.lint.LintRule.on;
import static dev.lockstep.runtime.lint.Severity.ERROR;
import static dev.lockstep.runtime.lint.Severity.INFO;
import static dev.lockstep.runtime.lint.Severity.STYLE;
import static dev.lockstep.runtime.lint.Severity.WARNING;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All rules. The page of rules in this module's documentation is this table. */
public final class RuleSet {
    /** In the order in which the page has them. */
    public static final List<LintRule> ALL = List.of(
            on(
                    "StageNameCasing",
                    WARNING,
                    "a stage's name has capitals",
                    "Stages are found by their names in lower case."),
            on("FromAsCasing", WARNING, "FROM and as are not of one case", "It reads as one instruction."),
            on(
                    "NoEmptyContinuation",
                    WARNING,
                    "an empty line inside a continued instruction",
                    "It will be an error: the instruction looks ended."),
            on(
                    "ConsistentInstructionCasing",
                    WARNING,
                    "instructions are partly in capitals",
                    "A file reads as of one hand."),
            on(
                    "DuplicateStageName",
                    WARNING,
                    "two stages have one name",
                    "The earlier one cannot be reached any more."),
            on(
                    "ReservedStageName",
                    WARNING,
                    "a stage is named scratch or context",
                    "The name means something else already."),
            on(
                    "JSONArgsRecommended",
                    WARNING,
                    "CMD or ENTRYPOINT for a shell",
                    "The shell is process 1 and passes no signals on."),
            on(
                    "MaintainerDeprecated",
                    WARNING,
                    "MAINTAINER",
                    "A label org.opencontainers.image.authors is what tools read."),
            on("UndefinedArgInFrom", WARNING, "FROM has a variable without an ARG before it", "It is empty."),
            on("UndefinedVar", WARNING, "a variable that nothing sets", "It is empty; mostly a mistake of spelling."),
            on(
                    "WorkdirRelativePath",
                    WARNING,
                    "a relative WORKDIR and no absolute one before",
                    "Where it leads depends on the base image."),
            on(
                    "MultipleInstructionsDisallowed",
                    WARNING,
                    "a second CMD, ENTRYPOINT or HEALTHCHECK in a stage",
                    "Only the last one counts."),
            on(
                    "LegacyKeyValueFormat",
                    WARNING,
                    "ENV or LABEL with a blank instead of =",
                    "A second pair on the line becomes part of the value."),
            on(
                    "InvalidBaseImagePlatform",
                    WARNING,
                    "the base image is for another platform",
                    "What is built from it does not run there."),
            on(
                    "RedundantTargetPlatform",
                    WARNING,
                    "FROM --platform=$TARGETPLATFORM",
                    "That is what is built for anyway."),
            on(
                    "SecretsUsedInArgOrEnv",
                    WARNING,
                    "ARG or ENV with the name of a secret",
                    "The value stays in the image or its history."),
            on(
                    "InvalidDefaultArgInFrom",
                    WARNING,
                    "FROM is no image without a build argument",
                    "The file cannot be built as it is."),
            on(
                    "FromPlatformFlagConstDisallowed",
                    WARNING,
                    "FROM --platform with a fixed platform",
                    "The image is of that platform, whatever is built for."),
            on(
                    "CopyIgnoredFile",
                    WARNING,
                    "COPY or ADD of what .dockerignore leaves out",
                    "It is not in the context, and the build fails."),
            on(
                    "ExposeProtoCasing",
                    WARNING,
                    "EXPOSE with a protocol in capitals",
                    "Protocols are written in lower case."),
            on(
                    "ExposeInvalidFormat",
                    WARNING,
                    "EXPOSE with an address or a port of the host",
                    "An image publishes nothing; that part is dropped."),
            off(
                    "InvalidDefinitionDescription",
                    WARNING,
                    "a comment above FROM or ARG that does not begin with its name",
                    "Tools show it as the description."),
            off("DL1001", INFO, "a hadolint ignore comment", "Somebody may want to know all of them."),
            on("DL3000", ERROR, "WORKDIR is not absolute", "Where it leads depends on lines far away."),
            on(
                    "DL3001",
                    INFO,
                    "a program that makes no sense in a container",
                    "There is no system to look at while an image is built."),
            on("DL3002", WARNING, "the last USER is root", "A flaw in the program is one in the container's root."),
            on("DL3003", WARNING, "cd in RUN", "WORKDIR holds for what follows too."),
            on("DL3004", ERROR, "sudo in RUN", "RUN is root already, and sudo passes no signals on."),
            on("DL3006", WARNING, "a base image without a tag", "It is another one tomorrow."),
            on("DL3007", WARNING, "a base image with the tag latest", "It is another one tomorrow."),
            on("DL3008", WARNING, "apt-get install without versions", "Another version is installed tomorrow."),
            on("DL3009", INFO, "apt's lists stay in the layer", "They are old at once, and large."),
            on("DL3010", INFO, "an archive is copied and then unpacked", "ADD does both without keeping the archive."),
            on("DL3011", ERROR, "EXPOSE above 65535", "There is no such port."),
            on("DL3012", ERROR, "more than one HEALTHCHECK", "Only the last one counts."),
            on("DL3013", WARNING, "pip install without versions", "Another version is installed tomorrow."),
            on("DL3014", WARNING, "apt-get install without -y", "Nobody is there to answer."),
            on("DL3015", INFO, "apt-get install with what is recommended", "Much of it is never used."),
            on("DL3016", WARNING, "npm install without versions", "Another version is installed tomorrow."),
            on("DL3018", WARNING, "apk add without versions", "Another version is installed tomorrow."),
            on("DL3019", INFO, "apk add keeps its index", "--no-cache leaves it out of the layer."),
            on("DL3020", ERROR, "ADD of plain files", "COPY does that and nothing else."),
            on(
                    "DL3021",
                    ERROR,
                    "COPY of several sources to what is no directory",
                    "The destination must end with a /."),
            on(
                    "DL3022",
                    WARNING,
                    "COPY --from what is no stage before",
                    "It is pulled as an image, mostly by mistake."),
            on("DL3023", ERROR, "COPY --from its own stage", "A stage cannot copy from itself."),
            on("DL3024", ERROR, "two stages have one name", "The earlier one cannot be reached any more."),
            on("DL3025", WARNING, "CMD or ENTRYPOINT not as JSON", "The shell is process 1 and passes no signals on."),
            on(
                    "DL3026",
                    ERROR,
                    "a base image from a registry that is not allowed",
                    "The settings list where images may come from."),
            on("DL3027", WARNING, "apt in RUN", "Its words are for people and change; use apt-get."),
            on("DL3028", WARNING, "gem install without versions", "Another version is installed tomorrow."),
            on("DL3029", WARNING, "FROM --platform", "The image is of that platform, whatever is built for."),
            on("DL3030", WARNING, "yum install without -y", "Nobody is there to answer."),
            on("DL3032", WARNING, "yum without clean all", "Its cache stays in the layer."),
            on("DL3033", WARNING, "yum install without versions", "Another version is installed tomorrow."),
            on("DL3034", WARNING, "zypper install without -n", "Nobody is there to answer."),
            on("DL3035", WARNING, "zypper dist-upgrade", "Another base image is the way to newer packages."),
            on("DL3036", WARNING, "zypper without clean", "Its cache stays in the layer."),
            on("DL3037", WARNING, "zypper install without versions", "Another version is installed tomorrow."),
            on("DL3038", WARNING, "dnf install without -y", "Nobody is there to answer."),
            on("DL3040", WARNING, "dnf without clean all", "Its cache stays in the layer."),
            on("DL3041", WARNING, "dnf install without versions", "Another version is installed tomorrow."),
            on("DL3042", WARNING, "pip install keeps its cache", "--no-cache-dir leaves it out of the layer."),
            on("DL3043", ERROR, "ONBUILD with ONBUILD, FROM or MAINTAINER", "These cannot be triggers."),
            on("DL3044", ERROR, "ENV uses a variable that the same ENV sets", "It has the value from before."),
            on(
                    "DL3045",
                    WARNING,
                    "COPY to a relative path without WORKDIR",
                    "Where it leads depends on the base image."),
            on(
                    "DL3046",
                    WARNING,
                    "useradd with a large UID and without -l",
                    "It writes sparse files that become gigabytes in a layer."),
            on("DL3047", INFO, "wget shows its progress", "Thousands of lines in the output of a build."),
            on("DL3048", STYLE, "a label's key is not as keys are", "Keys are reverse domain names in lower case."),
            on("DL3049", INFO, "a label of the settings is missing", "The settings ask for it."),
            on("DL3050", INFO, "a label that the settings do not have", "The settings allow no others."),
            on("DL3051", WARNING, "a label is empty", "The settings ask for a value."),
            on("DL3052", WARNING, "a label is no URL", "The settings ask for one."),
            on("DL3053", WARNING, "a label is no time by RFC 3339", "The settings ask for one."),
            on("DL3054", WARNING, "a label is no licence by SPDX", "The settings ask for one."),
            on("DL3055", WARNING, "a label is no commit", "The settings ask for one."),
            on("DL3056", WARNING, "a label is no semantic version", "The settings ask for one."),
            off("DL3057", INFO, "no HEALTHCHECK", "Nobody notices when the program hangs."),
            on("DL3058", WARNING, "a label is no e-mail address", "The settings ask for one."),
            on("DL3059", INFO, "RUN right after RUN", "One layer is enough for both."),
            on("DL3060", INFO, "yarn install keeps its cache", "yarn cache clean takes it out of the layer."),
            on("DL3061", ERROR, "the first instruction is not FROM or ARG", "There is nothing to build upon."),
            on("DL3062", WARNING, "go install without a version", "Another version is installed tomorrow."),
            on("DL3063", WARNING, "a stage has a reserved name", "The name means something else already."),
            on(
                    "DL3064",
                    WARNING,
                    "ARG or ENV with the name of a secret",
                    "The value stays in the image or its history."),
            on("DL3065", WARNING, "FROM --platform=$TARGETPLATFORM", "That is what is built for anyway."),
            on("DL3066", INFO, "USER by name", "A host cannot tell that it is not root; a number says so."),
            on("DL3067", WARNING, "COPY of a whole stage", "It brings along everything; FROM that stage instead."),
            on("DL4000", ERROR, "MAINTAINER", "A label org.opencontainers.image.authors is what tools read."),
            on("DL4001", WARNING, "wget and curl both", "One of them is enough."),
            on("DL4003", WARNING, "more than one CMD", "Only the last one counts."),
            on("DL4004", ERROR, "more than one ENTRYPOINT", "Only the last one counts."),
            on("DL4005", WARNING, "ln to /bin/sh", "SHELL chooses the shell."),
            on("DL4006", WARNING, "a pipe without pipefail", "The step succeeds although its first command failed."));

    /** A file that cannot be read at all; hadolint's id for it. */
    public static final LintRule UNREADABLE =
            on("DL1000", ERROR, "the file is no Dockerfile", "Nothing can be built from it.");

    private static final Map<String, LintRule> BY_ID =
            ALL.stream().collect(Collectors.toUnmodifiableMap(LintRule::id, Function.identity()));

    private RuleSet() {}

    /** A rule by its id, in any case. */
    public static Optional<LintRule> find(String id) {
        return ALL.stream().filter(rule -> rule.id().equalsIgnoreCase(id)).findFirst();
    }

    static LintRule of(String id) {
        var rule = BY_ID.get(id);
        if (rule == null) {
            throw new IllegalArgumentException("no rule " + id);
        }
        return rule;
    }
}
