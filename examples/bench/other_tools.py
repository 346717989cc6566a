"""Other tools to compare with: a registry on the loopback, and a Docker daemon of our own."""
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from bench_host import needed

PACKAGES = {"docker": "docker.io docker-cli", "podman": "podman", "skopeo": "skopeo", "docker-registry": "docker-registry",
            "docker-compose": "docker-compose",
            "docker-buildx": "docker-buildx", "buildah": "buildah"}

PLUGINS = pathlib.Path("/usr/libexec/docker/cli-plugins")


@dataclasses.dataclass(frozen=True)
class Taken:
    """One pull: seconds, seconds, bytes."""
    wall: float
    cpu: float
    rss: int


def install(*tools: str) -> None:
    """The Debian packages of those that are missing; starts no service."""
    missing = [package for tool in tools if not (shutil.which(tool) or (PLUGINS / tool).exists())
               for package in PACKAGES[tool].split()]
    if missing:
        print(f"installing: {' '.join(missing)}", file=sys.stderr)
        policy = pathlib.Path("/usr/sbin/policy-rc.d")
        ours = not policy.exists()
        if ours:  # programs are wanted, not services
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            for arguments in (["update"], ["install", "--no-install-recommends", *missing]):
                subprocess.run(["apt-get", "-q", "-y", *arguments], check=True, env=environment,
                               stdout=subprocess.DEVNULL)
        finally:
            if ours:
                policy.unlink()


def until(what: str, condition, process: subprocess.Popen, log: pathlib.Path) -> None:
    for _ in range(600):
        if condition():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{what} does not start:\n{log.read_text()[-2000:]}")


class Registry:
    """With TLS, its certificate is where every tool looks for it: it is trusted there as long as this runs."""

    def __init__(self, scratch: pathlib.Path, tls: bool = False):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host = f"127.0.0.1:{free.getsockname()[1]}"
        self.trusted = pathlib.Path("/etc/docker/certs.d", self.host) if tls else None
        if tls:
            subprocess.run([needed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                            "-nodes", "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-keyout", scratch / "key.pem", "-out", scratch / "certificate.pem"], check=True,
                           stderr=subprocess.DEVNULL)
            self.made = [d for d in (self.trusted, *self.trusted.parents) if not d.exists()]
            self.trusted.mkdir(parents=True)
            shutil.copy(scratch / "certificate.pem", self.trusted / "ca.crt")
        part = f", tls: {{certificate: '{scratch}/certificate.pem', key: '{scratch}/key.pem'}}" if tls else ""
        config, self.log = scratch / "registry.yml", scratch / "registry.log"
        config.write_text(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                          f"storage: {{filesystem: {{rootdirectory: '{scratch}/registry'}}}}\n"
                          f"http: {{addr: '{self.host}', secret: bench{part}}}\n")
        self.process = subprocess.Popen([needed("docker-registry"), "serve", config],
                                        stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        until("docker-registry", self.answers, self.process, self.log)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        if self.trusted:
            (self.trusted / "ca.crt").unlink()
            for directory in self.made:
                directory.rmdir()

    def answers(self) -> bool:
        host, port = self.host.split(":")
        with socket.socket() as connection:
            return connection.connect_ex((host, int(port))) == 0


class Docker:
    """A daemon of our own. It keeps nothing between two pulls."""

    def __init__(self, where: pathlib.Path, scratch: pathlib.Path):
        self.socket, self.log, self.exec_root = scratch / "docker.sock", scratch / "dockerd.log", scratch / "docker-exec"
        (scratch / "daemon.json").write_text("{}")  # and not the host's
        self.process = subprocess.Popen(
            [needed("dockerd"), "--data-root", where / "docker", "--exec-root", self.exec_root, "--pidfile",
             scratch / "docker.pid", "-H", f"unix://{self.socket}", "--iptables=false", "--ip6tables=false",
             "--bridge=none", "--storage-driver=overlay2", "--config-file", scratch / "daemon.json"],
            stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        until("dockerd", lambda: not self.run("version", check=False).returncode, self.process, self.log)

    def run(self, *arguments, check=True) -> subprocess.CompletedProcess:
        return subprocess.run([needed("docker"), "-H", f"unix://{self.socket}", *arguments], check=check,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def family(self) -> list[int]:
        """The daemon and what it started, containerd above all."""
        found, parents = [self.process.pid], {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self) -> float:
        """With children that have ended: docker uncompresses in processes of their own."""
        ticks = 0
        for pid in self.family():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15 if pid == self.process.pid else 13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10

    def shims(self) -> list[int]:
        """One process a container, which is there as long as it."""
        return processes(lambda words: "containerd-shim" in words and str(self.exec_root) in words)

    def pull(self, reference: str) -> Taken:
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # proc(5): the peak begins anew
        before = self.cpu()
        client = command([needed("docker"), "-H", f"unix://{self.socket}", "pull", "-q", reference])
        taken = Taken(client.wall, client.cpu + self.cpu() - before, self.peak())
        self.run("rmi", reference)
        return taken

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def processes(whose) -> list[int]:
    """Pids of those whose command line is accepted."""
    found = []
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if whose(line.read_text(errors="replace").replace("\0", " ")):
                found.append(int(line.parent.name))
        except OSError:
            pass
    return found


def memory(pids: list[int]) -> int:
    """Bytes, with each one's part of what it shares (PSS, proc_pid_smaps(5))."""
    return sum(int(pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]) << 10
               for pid in pids)


def command(arguments: list) -> Taken:
    """Runs it to its end. wait4 gives what it and its children used."""
    with tempfile.TemporaryFile() as said:
        begin = time.monotonic()
        process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(map(str, arguments))} ended with {process.returncode}:\n{said.read().decode()}")
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)
