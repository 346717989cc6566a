#!/usr/bin/env bash
# The launcher of the built distribution: which JDK it takes, with which options, and what it says where it cannot.
# JDKs are scripts here that print what they are asked to run; two cases at the end use the real one.
# usage: .ci/tests/launcher.sh [DISTRIBUTION]
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
built=${1:-$top/reconciler/target/lockstep}
[ -x "$built/bin/lockstep" ] || { echo "$built/bin/lockstep is missing: run 'mvn package' first" >&2; exit 1; }
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# A distribution with nothing in it but what the launcher looks at.
home="$scratch/with blank/lockstep"
mkdir -p "$home/bin" "$home/lib" "$scratch/jvm" "$scratch/empty"
cp "$built/bin/lockstep" "$home/bin/"
: >"$home/lib/lockstep.jar"
echo 1234abcd5678 >"$home/lib/jars"

# jdk DIRECTORY VERSION BUILD: a JDK that prints its own home and one argument per line.
jdk() {
    mkdir -p "$1/bin"
    printf 'IMPLEMENTOR="Test"\nJAVA_RUNTIME_VERSION="%s"\nJAVA_VERSION="%s"\nMODULES="java.base"\n' "$3" "$2" >"$1/release"
    printf '#!/bin/sh\necho "home=${0%%/bin/java}"\nprintf "%%s\\n" "$@"\n' >"$1/bin/java"
    chmod +x "$1/bin/java"
}

# run [NAME=VALUE...] PROGRAM ARGUMENTS...: sees no JDK but those of $scratch.
run() {
    out=$(env -i PATH="$scratch/empty:/usr/bin:/bin" LOCKSTEP_JVM_DIRECTORY="$scratch/jvm" "$@" 2>"$scratch/err")
    code=$?
    err=$(cat "$scratch/err")
}

# check NAME CONDITION...: counts and prints; what was seen is shown where it is not as it should be.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1)) && echo "ok   $name"
    else
        failed=$((failed + 1))
        printf 'FAIL %s\n  exit code %s\n  stdout: %s\n  stderr: %s\n' "$name" "$code" "$out" "$err"
    fi
}
line() { grep -qxF -e "$1" <<<"$out"; }
no_line() { ! grep -qF -e "$1" <<<"$out"; }
says() { [ "$code" -eq 1 ] && [ -z "$out" ] && [ "$(wc -l <<<"$err")" -eq 1 ] && [[ $err == *"$1"* ]]; }

lockstep="$home/bin/lockstep"

run PATH="$scratch/empty" /bin/sh "$lockstep" ps
check "no JDK at all is one sentence that says what to install" says "openjdk-25-jdk-headless"

jdk "$scratch/jvm/a-old" 21.0.4 21.0.4+7-LTS
run PATH="$scratch/empty" /bin/sh "$lockstep" ps
check "a JDK 21 does not count" says "no JDK 25 or newer"

jdk "$scratch/onpath" 25.0.1 25.0.1+8
mkdir -p "$scratch/bin" && ln -s "$scratch/onpath/bin/java" "$scratch/bin/java"
run PATH="$scratch/bin:/usr/bin:/bin" "$lockstep" ps
check "java in PATH is the last resort, links followed" line "home=$scratch/onpath"

jdk "$scratch/jvm/b-new" 25.0.5.1 25.0.5.1+2-1-deb13u1-Debian
jdk "$scratch/jvm/c-newer" 26 26+35
run PATH="$scratch/bin:/usr/bin:/bin" "$lockstep" ps
check "an installed JDK comes before java in PATH" line "home=$scratch/jvm/b-new"
check "no cache, no option for one" no_line "-XX:AOT"

: >"$home/lib/lockstep-26+35-1234abcd5678.aot"
run "$lockstep" ps
check "of the installed ones, the JDK that has a cache comes first" line "home=$scratch/jvm/c-newer"
check "its cache is used" line "-XX:AOTCache=$home/lib/lockstep-26+35-1234abcd5678.aot"

: >"$home/lib/lockstep-26+35-1234abcd5678-files.aot"
for words in config "validate -q" "--log-level debug config" --version help; do
    run "$lockstep" $words
    check "$words has the cache for commands that only read files" line "-XX:AOTCache=$home/lib/lockstep-26+35-1234abcd5678-files.aot"
done
: >"$home/lib/lockstep-26+35-1234abcd5678-images.aot"
run "$lockstep" --root /r image pull x
check "image has one of its own" line "-XX:AOTCache=$home/lib/lockstep-26+35-1234abcd5678-images.aot"
: >"$home/lib/lockstep-26+35-1234abcd5678-builds.aot"
run "$lockstep" --root /r build -t x:1 .
check "so has build" line "-XX:AOTCache=$home/lib/lockstep-26+35-1234abcd5678-builds.aot"
check "and both compilers: it may hash gigabytes" no_line "-XX:TieredStopAtLevel"
run "$lockstep" -p config plan
check "plan has not" line "-XX:AOTCache=$home/lib/lockstep-26+35-1234abcd5678.aot"
echo 000000000000 >"$home/lib/jars"
run "$lockstep" ps
check "a cache of other jars is not used, and its JDK does not come first" test "$code" -eq 0 -a "${out#*-XX:AOT}" = "$out" -a "${out#*c-newer}" = "$out"
rm "$home/lib/jars"
run "$lockstep" ps
check "nor is any where nobody says what the jars are" no_line "-XX:AOT"
echo 1234abcd5678 >"$home/lib/jars"

jdk "$scratch/java home" 25 25+36
run JAVA_HOME="$scratch/java home" "$lockstep" ps
check "JAVA_HOME comes before the installed ones" line "home=$scratch/java home"
check "the cache of another JDK build is not used" no_line "-XX:AOTCache"
run JAVA_HOME="$scratch/jvm/a-old" "$lockstep" ps
check "a JAVA_HOME that is too old is passed over" line "home=$scratch/jvm/c-newer"

run JAVA_HOME="$scratch/java home" LOCKSTEP_JAVA_HOME="$scratch/jvm/b-new" "$lockstep" ps
check "LOCKSTEP_JAVA_HOME comes first" line "home=$scratch/jvm/b-new"
run LOCKSTEP_JAVA_HOME="$scratch/jvm/a-old" "$lockstep" ps
check "a LOCKSTEP_JAVA_HOME that does not fit is an error that names it" says "LOCKSTEP_JAVA_HOME=$scratch/jvm/a-old"

run "$lockstep" --root "/a b" agent-like "two words" ''
check "arguments arrive as they are" test "$(tail -n 4 <<<"$out")" = $'--root\n/a b\nagent-like\ntwo words'
check "a command gets the first compiler only" line "-XX:TieredStopAtLevel=1"
check "the launcher passes its own path" line "-Dlockstep.launcher=$lockstep"
for words in "apply -y" "--root /r up -d"; do
    run "$lockstep" $words
    check "$words may pull, and gets both compilers" no_line "-XX:TieredStopAtLevel"
    check "$words compiles late: it has mostly ended before that pays" line "-XX:CompileThresholdScaling=4"
done
run "$lockstep" image pull x
check "image pull compiles as soon as ever" no_line "-XX:CompileThresholdScaling"
run "$lockstep" --root /r --run-root agent --log-level debug agent --host a
check "the agent gets both compilers" no_line "TieredStopAtLevel"
check "and a bounded heap that begins small" line "-Xmx192m"
check "with a small part for what is new" line "-Xmn8m"
for once in --once --print-unit --help; do
    run "$lockstep" agent --repository /r $once
    check "agent $once is a command like others" line "-XX:TieredStopAtLevel=1"
done
run "$lockstep" --root agent ps
check "a global option's value is not the command" line "-XX:TieredStopAtLevel=1"
for words in "--ansi never" "--progress plain" "--parallel 2"; do
    run "$lockstep" $words agent
    check "the agent is found behind $words" line "-Xmx192m"
done
run LOCKSTEP_JAVA_OPTS='-Xmx1g -Da=b' "$lockstep" ps
check "LOCKSTEP_JAVA_OPTS is split at blanks" test "$(grep -cxF -e -Xmx1g -e -Da=b <<<"$out")" = 2

mkdir -p "$scratch/links/deep"
ln -s "$home/bin/lockstep" "$scratch/links/lockstep"
ln -s ../lockstep "$scratch/links/deep/ls"
run "$scratch/links/deep/ls" ps
check "a link to a link to the launcher works" line "-Dlockstep.launcher=$home/bin/lockstep"
run PATH="$scratch/links:/usr/bin:/bin" lockstep ps
check "found through PATH" line "-Dlockstep.launcher=$home/bin/lockstep"
cd "$home" && run bin/lockstep ps
check "called by a relative path" line "-Dlockstep.launcher=$home/bin/lockstep"
cd bin && run ./lockstep ps
check "called in its own directory" line "-Dlockstep.launcher=$home/bin/lockstep"
run sh lockstep ps
check "called through sh in its own directory" line "$home/lib/lockstep.jar"
cd ../lib && run ../bin/lockstep ps
check "called from a directory beside it" line "$home/lib/../lib/lockstep.jar"
cd "$scratch" || exit

cp "$lockstep" "$scratch/astray"
run "$scratch/astray" ps
check "a copy outside its distribution says so" says "must stay in the bin directory"

run "$lockstep" train
check "a training run that writes no cache is an error" test "$code" -eq 1 -a "${err#*wrote no cache}" != "$err"
printf '#!/bin/sh\nexit 7\n' >"$scratch/jvm/c-newer/bin/java"
run "$lockstep" train
check "a training run that fails is an error with its exit code" says "exit code 7"
check "and the cache of before stays" test -e "$home/lib/lockstep-26+35-1234abcd5678.aot"

# The real JDK and the real jars.
if real=$("$top/.ci/jdk"); then
    run LOCKSTEP_JAVA_HOME="$real" "$built/bin/lockstep" --version
    check "the built distribution answers, on standard output only" test "$code" -eq 0 -a -n "$out" -a -z "$err"
    with=$out
    # What is not in the cache is read, verified and linked at every start: a signed jar, a class of an old format, a
    # part of the program that the training run does not reach. What is made at run time costs most: a switch over
    # types, equality of records, Comparator.comparing.
    printf 'name: x\nservices:\n  web: {image: "nginx:1", ports: ["80:80"]}\n' >"$scratch/compose.yaml"
    for words in --version "-f $scratch/compose.yaml validate" "-f $scratch/compose.yaml config"; do
        run LOCKSTEP_JAVA_HOME="$real" LOCKSTEP_JAVA_OPTS="-Xlog:class+load:file=$scratch/classes" "$built/bin/lockstep" $words
        outside=$(grep -vc 'shared objects file' "$scratch/classes")
        check "${words##* } loads its classes from the cache ($outside from elsewhere)" test "$code" -eq 0 -a "$outside" -le 5
        made=$(grep -cE '[$][$](TypeSwitch|Lambda)/.* source: [a-z.]+[.]|LookupDefineClass' "$scratch/classes")
        check "${words##* } makes no class at run time ($made)" test "$made" -eq 0
    done
    for words in --version "plan --help"; do
        LOCKSTEP_JAVA_HOME=$real LOCKSTEP_JAVA_OPTS="-Xlog:aot+codecache*=debug:file=$scratch/code" "$built/bin/lockstep" $words >/dev/null 2>&1
        check "the cache of $words has no code of this machine's processor" test "$(grep -c 'Code Cache is empty' "$scratch/code")" -eq 1
    done
    # As on the host where it is installed: where the caches were made is nothing any more.
    mkdir "$scratch/moved" && cp -a "$built/." "$scratch/moved"
    for words in --version "image --help" "build --help" "plan --help"; do
        run LOCKSTEP_JAVA_HOME="$real" LOCKSTEP_JAVA_OPTS="-Xlog:class+load:file=$scratch/classes" \
            unshare -m sh -c 'mount -t tmpfs nothing "$1" && shift && exec "$@"' sh "$built" "$scratch/moved/bin/lockstep" $words
        inside=$(grep -c ' dev[.]lockstep.*shared objects file' "$scratch/classes")
        check "$words works from its cache where the build's directory is gone ($inside)" test "$code" -eq 0 -a "$inside" -gt 20
    done
    # A JVM that has no room for the cache's objects in the old generation does not start. Of what the launcher gives,
    # which is 8 MiB to an agent and 12 to what moves images, two thirds must do: so caches that grow are noticed in time.
    for words in "8m --version" "8m plan --help" "20m image --help" "20m build --help"; do
        run LOCKSTEP_JAVA_HOME="$real" LOCKSTEP_JAVA_OPTS="-Xms${words%% *}" "$built/bin/lockstep" ${words#* }
        check "the cache of ${words#* } has room in two thirds of its heap" test "$code" -eq 0
    done
    run LOCKSTEP_JAVA_HOME="$real" LOCKSTEP_JAVA_OPTS=-Xms4m "$built/bin/lockstep" image --help
    check "which a heap that is too small for it has not" test "$code" -ne 0
    mkdir -p "$scratch/no cache" && cp -a "$built/." "$scratch/no cache" && rm -f "$scratch/no cache"/lib/*.aot
    run LOCKSTEP_JAVA_HOME="$real" "$scratch/no cache/bin/lockstep" --version
    check "the same without a cache, from a moved directory with a blank" test "$code" -eq 0 -a "$out" = "$with" -a -z "$err"
    for cache in "$built"/lib/*.aot; do
        head -c 4096 /dev/zero >"$scratch/no cache/lib/${cache##*/}"
    done
    run LOCKSTEP_JAVA_HOME="$real" "$scratch/no cache/bin/lockstep" --version
    check "a spoilt cache changes nothing, on neither stream" test "$code" -eq 0 -a "$out" = "$with" -a -z "$err"
    cp "$built"/lib/*.aot "$scratch/no cache/lib/" && echo 000000000000 >"$scratch/no cache/lib/jars"
    run LOCKSTEP_JAVA_HOME="$real" "$scratch/no cache/bin/lockstep" --version
    check "so does one that was made for other jars" test "$code" -eq 0 -a "$out" = "$with" -a -z "$err"
fi

echo "launcher: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
