"""What the benches share: the build, a daemon of their own, an API client, and the report."""
import argparse
import http.client
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build-release")
SETS = "/subscriptions/{}/resourceGroups/bench/providers/Microsoft.Compute/virtualMachineScaleSets/"
VERSION = "api-version=2024-07-01"


def arguments(description, repeat):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write the table as a JSON array, too")
    parser.add_argument("--repeat", metavar="N", type=int, default=repeat, help="runs of each case (%(default)s)")
    parser.add_argument("--real-time", action="store_true",
                        help="both sides at real-time priority, for a machine that has other work to do (root)")
    return parser


def priority_take(args):
    """Whatever is started from here on inherits it."""
    if not args.real_time:
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        raise Failed("--real-time needs root.") from None


def prepare(*purposes):
    """Installs what is missing."""
    subprocess.run([os.path.join(ROOT, "tools", "install-packages"), "build", "run", "bench", *purposes], check=True)


def build(*targets):
    """An optimised build in build-release/, made or brought up to date."""
    if not os.path.isdir(os.path.join(BUILD, "meson-info")):
        print("building an optimised testudod in build-release/", flush=True)
        setup = ["meson", "setup", BUILD, ROOT, "-Dbuildtype=release", "-Dimages=disabled"]
        subprocess.run(setup, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, *targets], check=True, stdout=subprocess.DEVNULL)
    return [os.path.join(BUILD, target) for target in targets]


def image_make(folder, guest_agent=True):
    """An image that has everything but an operating system: nothing here waits for a guest."""
    path = os.path.join(folder, "bench.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "64M"], check=True)
    definition = {"publisher": "Testudo", "offer": "bench", "sku": "gen2", "version": "1.0.0",
                  "hyperVGeneration": "V2", "architecture": "x64", "osType": "Linux",
                  "securityType": "TrustedLaunchSupported", "guestAgent": guest_agent, "format": "qcow2", "file": "bench.qcow2"}
    with open(os.path.join(folder, "bench.json"), "w") as out:
        json.dump(definition, out)
    return path


def set_body(capacity):
    image = {"publisher": "Testudo", "offer": "bench", "sku": "gen2", "version": "1.0.0"}
    security = {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}}
    profile = {"storageProfile": {"imageReference": image}, "osProfile": {"computerNamePrefix": "bench"},
               "securityProfile": security}
    return {"location": "local", "sku": {"name": "Standard_B1ms", "capacity": capacity},
            "properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile}}


class Failed(Exception):
    pass


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Client:
    """One keep-alive connection over the daemon's Unix socket."""

    def __init__(self, path):
        self.connection = UnixConnection(path)
        self.connection.connect()

    def ask(self, method, target, body=None, version=VERSION):
        text = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.connection.request(method, target + "?" + version, text, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise Failed(f"{method} {target}: {answer.status} {content.decode()}")
        return answer, json.loads(content) if content else None

    def subscription(self):
        return self.ask("GET", "/subscriptions")[1]["value"][0]["subscriptionId"]

    def group_make(self, subscription):
        self.ask("PUT", f"/subscriptions/{subscription}/resourcegroups/bench", {"location": "local"})

    def settle(self, answer, timeout=120, every=0.002):
        """Waits for the end of the long-running operation that an answer names: clients have nothing but asking again."""
        address = answer.getheader("Azure-AsyncOperation")
        if not address:
            return  # there was nothing to do
        target = "/subscriptions/" + address.split("/subscriptions/", 1)[1].split("?")[0]
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            status = self.ask("GET", target)[1]
            if status["status"] == "Succeeded":
                return
            if status["status"] != "InProgress":
                raise Failed(json.dumps(status))
            time.sleep(every)
        raise Failed(f"{target} did not end within {timeout} s")


class Daemon:
    """testudod on a private state folder; ready when it says so."""

    def __init__(self, state, *options):
        self.state = state
        self.log = os.path.join(state, "bench.log")
        self.options = options
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = os.path.join(self.state, "notify.sock")
        if os.path.exists(address):
            os.unlink(address)
        listener.bind(address)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "testudod"), "--state-dir", self.state, *self.options],
                                            stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": address})
        ended = os.pidfd_open(self.process.pid)
        readable, _, _ = select.select([listener, ended], [], [], 60)
        os.close(ended)
        ready = listener in readable and b"READY=1" in listener.recv(4096)
        listener.close()
        if not ready:
            self.process.kill()
            self.process.wait()
            with open(self.log) as log:
                raise Failed(f"testudod did not become ready: {log.read()}")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def client(self):
        return Client(os.path.join(self.state, "testudod.sock"))

    def port(self):
        with open(self.log) as log:
            return log.read().rsplit("https://127.0.0.1:", 1)[1].split()[0]

    def memory_mb(self, field="VmHWM"):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith(field + ":"))
        return int(line.split()[1]) * 1024 / 1e6


class Workplace:
    """A temporary folder with a short name (socket addresses are short) that the VMs' users can reach."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="tb-", dir="/tmp")
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def figures(samples):
    return {"min": round(min(samples), 3), "median": round(statistics.median(samples), 3), "max": round(max(samples), 3)}


class Report:
    """The table, and the same as JSON."""

    def __init__(self):
        self.rows = []

    def add(self, case, metric, unit, ours, peer=None):
        row = {"case": case, "metric": metric, "unit": unit, "ours": figures(ours), "peer": figures(peer) if peer else None}
        row["ratio"] = round(row["ours"]["median"] / row["peer"]["median"], 3) if peer else None
        self.rows.append(row)

    @staticmethod
    def _text(values):
        return "{min:.4g} {median:.4g} {max:.4g}".format(**values) if values else "-"

    def print(self, peer_name):
        head = ("case", "metric", "ours: min median max", f"{peer_name}: min median max", "ratio")
        lines = [head] + [(row["case"], f'{row["metric"]} ({row["unit"]})', self._text(row["ours"]), self._text(row["peer"]),
                           "-" if row["ratio"] is None else f'{row["ratio"]:.3f}') for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())

    def write(self, path):
        if path:
            with open(path, "w") as out:
                json.dump(self.rows, out, indent=1)
                out.write("\n")


def main(run):
    try:
        run()
    except (Failed, subprocess.CalledProcessError) as problem:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {problem}")
