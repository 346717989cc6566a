package dev.lockstep.runtime.lint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.lint.LintSettings.LabelSort;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every rule with what it finds and what it leaves alone. */
class LintRulesTest {
    private static final String F = "FROM debian:12\n";

    /**
     * A rule's examples.
     *
     * @param bad files in which it finds something
     * @param good files in which it finds nothing
     */
    record Row(String rule, List<String> bad, List<String> good) {}

    private static Row row(String rule, List<String> bad, List<String> good) {
        return new Row(rule, bad, good);
    }

    /** Of single RUNs. */
    private static Row run(String rule, List<String> bad, List<String> good) {
        return new Row(rule, of("RUN ", bad), of("RUN ", good));
    }

    private static List<String> of(String keyword, List<String> texts) {
        return texts.stream().map(text -> F + keyword + text).toList();
    }

    private static Row in(String rule, List<String> bad, List<String> good) {
        return new Row(rule, of("", bad), of("", good));
    }

    static Stream<Row> rows() {
        return Stream.of(
                row("StageNameCasing", List.of("FROM a AS Build"), List.of("FROM a AS build", "FROM A:1")),
                row("FromAsCasing", List.of("FROM a as b", "from a AS b"), List.of("FROM a AS b", "from a as b")),
                in("NoEmptyContinuation", List.of("RUN a \\\n\n b"), List.of("RUN a \\\n # c\n b")),
                in("ConsistentInstructionCasing", List.of("run x", "RUN x\nCmd [\"y\"]"), List.of("RUN x")),
                row("DuplicateStageName", List.of("FROM a AS x\nFROM b AS X"), List.of("FROM a AS x\nFROM b AS y")),
                row("ReservedStageName", List.of("FROM a AS scratch", "FROM a AS Context"), List.of("FROM a AS c")),
                row(
                        "JSONArgsRecommended",
                        List.of(F + "CMD x", F + "ENTRYPOINT x y", F + "SHELL [\"a\"]\nFROM b\nCMD x"),
                        List.of(
                                F + "CMD [\"x\"]",
                                F + "SHELL [\"/bin/bash\", \"-c\"]\nCMD x",
                                "FROM a AS x\nSHELL [\"/bin/bash\", \"-c\"]\nFROM x\nCMD y",
                                F + "CMD")),
                in("MaintainerDeprecated", List.of("MAINTAINER x"), List.of("LABEL maintainer=x")),
                row(
                        "UndefinedArgInFrom",
                        List.of("FROM a:$X", "ARG VERSION\nFROM a:${VERSOIN}", "FROM --platform=$P a"),
                        List.of("ARG X=1\nFROM a:$X", "FROM --platform=$BUILDPLATFORM a", "FROM a:${X:-1}")),
                in(
                        "UndefinedVar",
                        List.of("ENV PATH=/x:$PAHT", "ARG NAME\nCOPY $NMAE /x", "WORKDIR $TARGETARCH/x"),
                        List.of(
                                "ENV PATH=/x:$PATH",
                                "ARG N\nCOPY $N /x",
                                "ENV A=$JAVA_HOME/bin",
                                "RUN echo $whatever",
                                "ENV A=1\nENV B=$A",
                                "WORKDIR ${X:-/y}")),
                row(
                        "WorkdirRelativePath",
                        List.of(F + "WORKDIR a", F + "WORKDIR a\nWORKDIR /b"),
                        List.of(
                                F + "WORKDIR /a\nWORKDIR b",
                                F + "WORKDIR $A",
                                F + "WORKDIR \"/a\"",
                                "FROM a:1 AS x\nWORKDIR /a\nFROM x\nWORKDIR b")),
                in(
                        "MultipleInstructionsDisallowed",
                        List.of("CMD [\"a\"]\nCMD [\"b\"]", "HEALTHCHECK NONE\nHEALTHCHECK CMD x"),
                        List.of("CMD [\"a\"]\nFROM b\nCMD [\"c\"]")),
                in("LegacyKeyValueFormat", List.of("ENV a b", "LABEL a b c"), List.of("ENV a=b")),
                row("InvalidBaseImagePlatform", List.of("FROM arm:1"), List.of("FROM amd:1", "FROM scratch")),
                row(
                        "RedundantTargetPlatform",
                        List.of("FROM --platform=$TARGETPLATFORM a", "FROM --platform=${TARGETPLATFORM} a"),
                        List.of("FROM --platform=$BUILDPLATFORM a")),
                in(
                        "SecretsUsedInArgOrEnv",
                        List.of("ENV DB_PASSWORD=x", "ARG token", "ENV API_KEY a"),
                        List.of("ENV PUBLIC_KEY=x", "ENV TOKENS=1", "ENV KEYBOARD=x", "LABEL token=x")),
                row(
                        "InvalidDefaultArgInFrom",
                        List.of("ARG TAG\nFROM busybox:${TAG}", "ARG IMAGE\nFROM $IMAGE"),
                        List.of("ARG TAG=1\nFROM busybox:$TAG", "ARG TAG\nFROM busybox:${TAG:-1}")),
                row(
                        "FromPlatformFlagConstDisallowed",
                        List.of("FROM --platform=linux/amd64 a", "FROM --platform=linux/amd64 a AS arm"),
                        List.of(
                                "FROM --platform=linux/amd64 a AS build-amd64",
                                "ARG P=linux/amd64\nFROM --platform=$P a")),
                in(
                        "CopyIgnoredFile",
                        List.of("COPY ./ignored /x", "ADD a /ignored b/"),
                        List.of("COPY a /x", "COPY i* /x")),
                in("ExposeProtoCasing", List.of("EXPOSE 80/TcP"), List.of("EXPOSE 80/tcp 81")),
                in("ExposeInvalidFormat", List.of("EXPOSE 127.0.0.1:80:80", "EXPOSE 81:80"), List.of("EXPOSE 80-90")),
                row(
                        "InvalidDefinitionDescription",
                        List.of("# which\nARG V=1\nFROM a", "# the build\nFROM a AS build"),
                        List.of(
                                "# V which\nARG V=1\nFROM a",
                                "# build the build\nFROM a AS build",
                                "# x\n\nARG V\nFROM a")),
                in(
                        "DL1001",
                        List.of(
                                "# hadolint ignore=DL3003\nRUN cd x",
                                "# Hadolint ignore = DL3003 , DL3004 # why\nRUN cd"),
                        List.of("# hadolint is a program\nRUN cd x")),
                in(
                        "DL3000",
                        List.of("WORKDIR a", "WORKDIR /a\nWORKDIR b", "WORKDIR \"a\""),
                        List.of("WORKDIR /a", "WORKDIR $A")),
                run(
                        "DL3001",
                        List.of("ps aux", "true && /usr/sbin/service x start", "echo $(free)"),
                        List.of("echo ps", "./top", "apt-get -y install mount", "echo a # kill b")),
                row(
                        "DL3002",
                        List.of(F + "USER root", F + "USER 0:0", "FROM a:1 AS x\nUSER root\nFROM x"),
                        List.of(
                                F + "USER root\nUSER 1000",
                                F + "USER app",
                                "FROM a AS x\nUSER root\nFROM b",
                                F + "RUN x")),
                run("DL3003", List.of("cd /x && y", "(cd /x; y)"), List.of("git -C /x y", "echo 'cd x'")),
                run("DL3004", List.of("sudo x", "true | sudo -E x"), List.of("apt-get install -y sudo", "visudo")),
                row(
                        "DL3006",
                        List.of("FROM debian", "FROM x/y"),
                        List.of(
                                "FROM debian:12",
                                "FROM scratch",
                                "FROM debian@sha256:" + "0".repeat(64),
                                "FROM a:1 AS b\nFROM b",
                                "ARG I=x\nFROM $I",
                                "FROM host:5000/x:1")),
                row(
                        "DL3007",
                        List.of("FROM debian:latest", "ARG I=a:latest\nFROM $I"),
                        List.of("FROM debian:12", "FROM debian:latest@sha256:" + "0".repeat(64))),
                run(
                        "DL3008",
                        List.of(
                                "apt-get install -y curl",
                                "apt-get -o a=b install x=1 y",
                                "A=b apt-get install -t x y",
                                "if true; then apt-get install x; fi"),
                        List.of(
                                "apt-get install -y curl=7.*",
                                "apt-get install -y ./x.deb x/stable",
                                "apt-get update",
                                "apt-get install -y $PACKAGES",
                                "echo apt-get install x")),
                row(
                        "DL3009",
                        List.of(
                                F + "RUN apt-get update && apt-get install -y x=1",
                                "FROM a:1 AS x\nRUN apt-get update\nFROM x",
                                F + "RUN --mount=type=cache,target=/var/cache/apt apt-get update"),
                        List.of(
                                F + "RUN apt-get update && apt-get install -y x=1 && rm -rf /var/lib/apt/lists/*",
                                F
                                        + "RUN --mount=type=cache,target=/var/lib/apt"
                                        + " --mount=type=cache,target=/var/cache/apt apt-get update",
                                F + "RUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get update",
                                "FROM a:1 AS x\nRUN apt-get update\nFROM b:1")),
                in(
                        "DL3010",
                        List.of("COPY x.tar.gz /y/\nRUN tar -xzf /y/x.tar.gz", "COPY a.tar /b\nRUN tar xf a.tar"),
                        List.of("COPY x.tar.gz /y/\nRUN tar -czf /y/x.tar.gz z", "ADD x.tar.gz /y/", "COPY x.tar /y/")),
                row("DL3011", List.of("ARG P=70000\n" + F + "EXPOSE $P"), List.of(F + "EXPOSE 80 65535")),
                in("DL3012", List.of("HEALTHCHECK CMD a\nHEALTHCHECK CMD b"), List.of("HEALTHCHECK CMD a")),
                run(
                        "DL3013",
                        List.of("pip install x", "pip3 install --upgrade x==1 y", "python3 -m pip install x"),
                        List.of(
                                "pip install x==1 'y~=2' 'z @ https://a/b' 'v>=1,<2' \"w[a]!=3\" u===1",
                                "pip install -r r.txt",
                                "pip install .",
                                "pip install -e . '.[dev,test]'",
                                "pip install --requirement=r.txt",
                                "pip install https://x/y.whl",
                                "pip list")),
                run(
                        "DL3014",
                        List.of("apt-get install x=1", "apt-get -q install x=1"),
                        List.of(
                                "apt-get install -y x=1",
                                "apt-get -qq install x=1",
                                "apt-get install --yes x=1",
                                "apt-get -qy install x=1",
                                "apt-get update")),
                run(
                        "DL3015",
                        List.of("apt-get install -y x=1"),
                        List.of(
                                "apt-get install -y --no-install-recommends x=1",
                                "apt-get -o APT::Install-Recommends=false install x=1")),
                run(
                        "DL3016",
                        List.of("npm install express", "npm i -g @a/b", "npm install --prefix x y"),
                        List.of(
                                "npm install",
                                "npm install express@4",
                                "npm install -g @a/b@1",
                                "npm ci",
                                "npm install .",
                                "npm install git+https://x/y",
                                "npm install user/repo",
                                "npm run install")),
                run(
                        "DL3018",
                        List.of("apk add curl", "apk --no-cache add a=1 b"),
                        List.of("apk add curl=8.1", "apk add --virtual .x y~1", "apk update", "apk add x.apk")),
                run(
                        "DL3019",
                        List.of("apk add x=1"),
                        List.of(
                                "apk add --no-cache x=1",
                                "apk --no-cache add x=1",
                                "--mount=type=cache,target=/var/cache/apk apk add x=1")),
                in(
                        "DL3020",
                        List.of("ADD a /b", "ADD [\"a b\", \"/c\"]"),
                        List.of(
                                "ADD x.tar.gz /y",
                                "ADD https://x/y /z",
                                "ADD git@x:y.git /z",
                                "ADD $X /y",
                                "COPY a /b")),
                in("DL3021", List.of("COPY a b /c", "COPY a b c"), List.of("COPY a b /c/", "COPY a b .", "COPY a /b")),
                row(
                        "DL3022",
                        List.of(F + "COPY --from=build /a /b", F + "COPY --from=1 /a /b\nFROM b:1"),
                        List.of(
                                "FROM a:1 AS build\nFROM b:1\nCOPY --from=BUILD /a /b",
                                F + "FROM b:1\nCOPY --from=0 /a /b",
                                F + "COPY --from=debian:12 /a /b")),
                row(
                        "DL3023",
                        List.of("FROM a AS b\nCOPY --from=b /a /b"),
                        List.of("FROM a AS b\nFROM c\nCOPY --from=b /a /b")),
                row("DL3024", List.of("FROM a AS x\nFROM b AS X"), List.of("FROM a AS x\nFROM b AS y")),
                in("DL3025", List.of("CMD x", "SHELL [\"a\"]\nENTRYPOINT x"), List.of("CMD [\"x\"]", "ENTRYPOINT []")),
                row(
                        "DL3026",
                        List.of("FROM evil.example/x:1", "FROM quay.io/x:1"),
                        List.of("FROM good.example/x:1", "FROM debian:12", "FROM scratch", "FROM a.corp.example/x:1")),
                run("DL3027", List.of("apt install x", "apt update"), List.of("apt-get update", "echo apt")),
                run(
                        "DL3028",
                        List.of("gem install bundler"),
                        List.of(
                                "gem install bundler:2.1",
                                "gem install x -v 1",
                                "gem install --version=1 x",
                                "gem list")),
                row(
                        "DL3029",
                        List.of("FROM --platform=linux/arm64 a:1", "ARG P\nFROM --platform=$P a:1"),
                        List.of("FROM --platform=$BUILDPLATFORM a:1", "FROM --platform=${TARGETPLATFORM} a:1")),
                run(
                        "DL3030",
                        List.of("yum install x-1"),
                        List.of("yum install -y x-1", "yum -y install x-1", "yum list")),
                run("DL3032", List.of("yum install -y x-1"), List.of("yum install -y x-1 && yum clean all")),
                run("DL3033", List.of("yum install -y x"), List.of("yum install -y x-1.2", "yum install -y x.rpm")),
                run("DL3034", List.of("zypper install x=1"), List.of("zypper -n install x=1", "zypper install -y x=1")),
                run("DL3035", List.of("zypper -n dist-upgrade", "zypper dup"), List.of("zypper -n update")),
                run(
                        "DL3036",
                        List.of("zypper -n in x=1"),
                        List.of("zypper -n in x=1 && zypper clean", "zypper in x=1; zypper cc")),
                run(
                        "DL3037",
                        List.of("zypper -n install x"),
                        List.of("zypper -n install 'x>=1'", "zypper -n install x.rpm")),
                run("DL3038", List.of("dnf install x-1", "microdnf install x-1"), List.of("dnf -y install x-1")),
                run(
                        "DL3040",
                        List.of("dnf -y install x-1"),
                        List.of("dnf -y install x-1 && dnf clean all", "dnf -y install x-1; rm -rf /var/cache/dnf")),
                run("DL3041", List.of("dnf -y install x"), List.of("dnf -y install x-1.2", "dnf -y install @group")),
                in(
                        "DL3042",
                        List.of("RUN pip install x==1"),
                        List.of(
                                "RUN pip install --no-cache-dir x==1",
                                "ENV PIP_NO_CACHE_DIR=1\nRUN pip install x==1",
                                "RUN PIP_NO_CACHE_DIR=1 pip install x==1",
                                "RUN --mount=type=cache,target=/root/.cache/pip pip install x==1")),
                in(
                        "DL3043",
                        List.of("ONBUILD FROM a", "ONBUILD ONBUILD RUN x", "ONBUILD MAINTAINER x"),
                        List.of("ONBUILD RUN x")),
                row(
                        "DL3044",
                        List.of(F + "ENV a=1 b=$a", F + "ENV a=1:$a b=2:$a"),
                        List.of(
                                F + "ENV a=1\nENV a=2 b=$a",
                                F + "ENV LD_LIBRARY_PATH=/x:$LD_LIBRARY_PATH PYTHONPATH=${PYTHONPATH}:/y",
                                F + "ENV a=1 b=2",
                                "FROM a:1 AS x\nENV a=1\nFROM x\nENV a=2 b=$a")),
                row(
                        "DL3045",
                        List.of(F + "COPY a b", F + "COPY a ./", F + "WORKDIR /x\nFROM b:1\nCOPY a b"),
                        List.of(
                                F + "COPY a /b",
                                F + "WORKDIR /x\nCOPY a b",
                                "FROM a:1 AS x\nWORKDIR /y\nFROM x\nCOPY a b",
                                F + "COPY a $B")),
                run(
                        "DL3046",
                        List.of("useradd -u 123456 x", "useradd --uid=1000000 x"),
                        List.of("useradd -l -u 123456 x", "useradd -u 1000 x", "useradd --no-log-init --uid 123456 x")),
                run(
                        "DL3047",
                        List.of("wget https://x"),
                        List.of("wget -q https://x", "wget --progress=dot:giga x", "wget -nv x", "wget -qO- x")),
                in(
                        "DL3048",
                        List.of("LABEL Foo=x", "LABEL com.docker.x=1", "LABEL a..b=1", "LABEL a_b=1"),
                        List.of("LABEL org.example.a-b=x")),
                in("DL3049", List.of("LABEL a=b"), List.of(labels(""))),
                in("DL3050", List.of("LABEL other=b"), List.of("LABEL a=b")),
                in("DL3051", List.of("LABEL a=\"\"", "LABEL url=''"), List.of("LABEL a=$B")),
                in("DL3052", List.of("LABEL url=x"), List.of("LABEL url=https://x.example/y")),
                in(
                        "DL3053",
                        List.of("LABEL time=yesterday", "LABEL time=2026-01-01"),
                        List.of("LABEL time=2026-01-01T00:00:00Z")),
                in(
                        "DL3054",
                        List.of("LABEL spdx=\"my own\""),
                        List.of("LABEL spdx=Apache-2.0", "LABEL spdx=\"(MIT OR GPL-2.0+)\"")),
                in("DL3055", List.of("LABEL hash=main"), List.of("LABEL hash=0123abc")),
                in("DL3056", List.of("LABEL semver=v1", "LABEL semver=01.2.3"), List.of("LABEL semver=1.2.3-rc.1+b")),
                in("DL3057", List.of("RUN x"), List.of("HEALTHCHECK CMD x", "HEALTHCHECK NONE")),
                in("DL3058", List.of("LABEL email=me"), List.of("LABEL email=me@x.example")),
                in(
                        "DL3059",
                        List.of("RUN a\nRUN b", "RUN a && b\nRUN c && d"),
                        List.of(
                                "RUN a\nENV b=c\nRUN d",
                                "RUN a\nRUN --network=none b",
                                "RUN a && b",
                                "RUN a && b && c\nRUN d",
                                "RUN a\nRUN b; c | d")),
                run(
                        "DL3060",
                        List.of("yarn install"),
                        List.of(
                                "yarn install && yarn cache clean",
                                "--mount=type=cache,target=/usr/local/share/.cache yarn install",
                                "yarn build")),
                row("DL3061", List.of("RUN x\nFROM a", "ENV a=b\nFROM a"), List.of("ARG a\nFROM b")),
                run(
                        "DL3062",
                        List.of("go install example.com/x", "go install -v example.com/x/..."),
                        List.of("go install example.com/x@v1", "go install ./...", "go build example.com/x")),
                row("DL3063", List.of("FROM a AS scratch"), List.of("FROM a AS b")),
                in("DL3064", List.of("ENV DB_PASSWORD=x"), List.of("ENV DB_USER=x")),
                row("DL3065", List.of("FROM --platform=$TARGETPLATFORM a"), List.of("FROM a")),
                in("DL3066", List.of("USER app", "USER app:1"), List.of("USER 1000", "USER 1000:app", "USER $U")),
                in("DL3067", List.of("COPY --from=x:1 / /"), List.of("COPY --from=x:1 /a /", "COPY / /")),
                in("DL4000", List.of("MAINTAINER x"), List.of("LABEL a=b")),
                in(
                        "DL4001",
                        List.of("RUN wget -q x\nRUN curl x", "RUN curl a | b; wget -q c"),
                        List.of("RUN curl x\nRUN curl y", "RUN curl x\nFROM b\nRUN wget -q y")),
                in("DL4003", List.of("CMD [\"a\"]\nCMD [\"b\"]"), List.of("CMD [\"a\"]")),
                in("DL4004", List.of("ENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]"), List.of("ENTRYPOINT [\"a\"]")),
                run("DL4005", List.of("ln -sfv /bin/bash /bin/sh"), List.of("ln -s /a /b")),
                row(
                        "DL4006",
                        List.of(
                                F + "RUN a | b",
                                F + "SHELL [\"/bin/bash\", \"-c\"]\nRUN a | b",
                                F + "ONBUILD RUN a | b"),
                        List.of(
                                F + "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b",
                                F + "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]\nRUN a | b",
                                F + "RUN a || b",
                                F + "RUN case $(uname -m) in \\\n x86_64|amd64) a;; \\\n *) exit 1;; \\\n esac",
                                F + "RUN set -o pipefail && a | b",
                                F + "RUN [\"a\", \"|\", \"b\"]",
                                """
                                FROM a:1 AS x
                                SHELL ["/bin/bash", "-o", "pipefail", "-c"]
                                FROM x
                                RUN a | b""")));
    }

    private static String labels(String more) {
        return "LABEL a=b url=https://x.example/ time=2026-01-01T00:00:00Z spdx=MIT hash=0123abc semver=1.0.0"
                + " email=a@b.example" + more;
    }

    private static final LintSettings SETTINGS = new LintSettings(
            Set.of(),
            RuleSet.ALL.stream().map(LintRule::id).collect(Collectors.toSet()),
            List.of("docker.io", "good.example", "*.corp.example"),
            Map.of(
                    "a", LabelSort.TEXT,
                    "url", LabelSort.URL,
                    "time", LabelSort.TIME,
                    "spdx", LabelSort.SPDX,
                    "hash", LabelSort.HASH,
                    "semver", LabelSort.SEMVER,
                    "email", LabelSort.EMAIL),
            true);

    private static final LintSurroundings SURROUNDINGS = new LintSurroundings(
            path -> path.equals("ignored"),
            image -> Optional.empty(),
            image -> Optional.of(image.startsWith("arm") ? "linux/arm64" : "linux/amd64"),
            Optional.of("linux/amd64"));

    private static List<LintFinding> findings(String file, LintSettings settings) {
        return switch (DockerfileParser.parse("Dockerfile", file)) {
            case Parsed.Valid valid -> DockerfileLint.check(valid, settings, SURROUNDINGS);
            case Parsed.Invalid invalid -> DockerfileLint.unreadable(invalid);
        };
    }

    private static List<String> ids(String file) {
        return findings(file, SETTINGS).stream().map(f -> f.rule().id()).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void a_rule_finds_what_is_bad_and_leaves_alone_what_is_good(Row row) {
        assertThat(row.bad()).isNotEmpty();
        assertThat(row.good()).isNotEmpty();
        for (var file : row.bad()) {
            assertThat(ids(file)).as("bad:\n%s", file).contains(row.rule());
        }
        for (var file : row.good()) {
            assertThat(DockerfileParser.parse("Dockerfile", file)).isInstanceOf(Parsed.Valid.class);
            assertThat(ids(file)).as("good:\n%s", file).doesNotContain(row.rule());
        }
    }

    @Test
    void every_rule_has_examples() {
        assertThat(rows().map(Row::rule).toList())
                .containsExactlyElementsOf(
                        RuleSet.ALL.stream().map(LintRule::id).toList());
    }

    private static List<String> byDefault(String file) {
        return findings(file, LintSettings.DEFAULT).stream()
                .map(f -> f.at().line() + " " + f.rule().id() + " " + f.severity())
                .toList();
    }

    @Test
    void comments_ignore_rules_for_the_instruction_below_or_everywhere() {
        assertThat(byDefault(F + "# why\n# hadolint ignore=DL3003,DL3004\nRUN cd a && \\\n sudo b\nRUN cd c"))
                .containsExactly("6 DL3003 WARNING", "6 DL3059 INFO");
        assertThat(byDefault("# hadolint global ignore=dl3003, DL3059\n" + F + "RUN cd a\nRUN cd b"))
                .isEmpty();
        assertThat(byDefault("""
                        # hadolint ignore=DL3006,JSONArgsRecommended
                        FROM a
                        # lockstep ignore=DL3025,JSONArgsRecommended
                        CMD x""")).isEmpty();
        assertThat(byDefault(F + "# hadolint ignore=DL3003\n\nRUN cd a")).containsExactly("4 DL3003 WARNING");
    }

    @Test
    void the_check_directive_skips_build_checks_and_makes_errors_of_the_others() {
        var file = F + "MAINTAINER x\nCMD y\n";
        assertThat(byDefault("# check=skip=JSONArgsRecommended;error=true\n" + file))
                .containsExactly("3 DL4000 ERROR", "3 MaintainerDeprecated ERROR", "4 DL3025 WARNING");
        assertThat(byDefault("# check=skip=all\n" + file)).containsExactly("3 DL4000 ERROR", "4 DL3025 WARNING");
    }

    @ParameterizedTest
    @ValueSource(strings = {"all", "InvalidDefinitionDescription"})
    void the_check_directive_asks_for_experimental_build_checks(String which) {
        var file = "# the version\nARG V=1\n" + F;
        assertThat(byDefault("# check=experimental=" + which + "\n\n" + file))
                .containsExactly("4 InvalidDefinitionDescription WARNING");
        assertThat(byDefault("# check=experimental=Other\n\n" + file)).isEmpty();
    }

    @Test
    void of_relative_working_directories_the_first_is_what_depends_on_the_base_image() {
        assertThat(byDefault("FROM a:1 AS b\nWORKDIR x\nWORKDIR y\nFROM b\nWORKDIR z"))
                .containsExactly("2 DL3000 ERROR", "2 WorkdirRelativePath WARNING", "3 DL3000 ERROR", "5 DL3000 ERROR");
    }

    @Test
    void settings_leave_rules_out() {
        var settings = new LintSettings(Set.of("dl3003"), Set.of("DL3057"), List.of(), Map.of(), false);
        assertThat(findings(F + "RUN cd a", settings).stream().map(f -> f.rule().id()))
                .containsExactly("DL3057");
    }

    @Test
    void with_the_environment_of_the_base_known_every_unset_variable_is_found() {
        var known = new LintSurroundings(
                path -> false, image -> Optional.of(Set.of("JAVA_HOME")), image -> Optional.empty(), Optional.empty());
        var valid = (Parsed.Valid) DockerfileParser.parse("Dockerfile", F + "ENV a=$JAVA_HOME b=$OTHER");
        assertThat(DockerfileLint.check(valid, LintSettings.DEFAULT, known))
                .extracting(LintFinding::message)
                .containsExactly("Usage of undefined variable '$OTHER'");
    }

    @Test
    void a_file_that_is_well_made_has_no_findings() {
        assertThat(byDefault("""
            # syntax=docker/dockerfile:1
            ARG GO=1.24
            FROM --platform=$BUILDPLATFORM golang:${GO} AS build
            ARG TARGETARCH
            WORKDIR /src
            COPY go.mod go.sum ./
            RUN --mount=type=cache,target=/go/pkg go mod download
            COPY . .
            RUN GOARCH=$TARGETARCH go build -o /out/app ./cmd/app

            FROM debian:12.5-slim
            SHELL ["/bin/bash", "-o", "pipefail", "-c"]
            RUN apt-get update \\
                && apt-get install -y --no-install-recommends ca-certificates=2023* \\
                && rm -rf /var/lib/apt/lists/*
            COPY --from=build /out/app /usr/local/bin/app
            USER 10001:10001
            EXPOSE 8080
            HEALTHCHECK --interval=10s CMD ["/usr/local/bin/app", "health"]
            ENTRYPOINT ["/usr/local/bin/app"]
            """)).isEmpty();
    }
}
