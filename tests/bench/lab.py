"""What the rows of the bench share: the control plane, manifests, programs that are run and measured."""
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
TRANCHE = os.path.join(BUILD, "tranche")
QUICK = bool(os.environ.get("BENCH_QUICK"))


def quick(whole, small):
    """A count: the whole one, or with BENCH_QUICK the small one."""
    return small if QUICK else whole


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


# --- programs that are run --------------------------------------------------------------------------


class Run:
    """One run of a program: its exit code, output, seconds of wall clock and CPU, peak memory."""

    def __init__(self, argv, ok=(0,), env=None, cwd=None):
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            child = subprocess.Popen(argv, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=env, cwd=cwd)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(errors="replace"), err.read().decode(errors="replace")
        self.code = child.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_kib = usage.ru_maxrss
        if self.code not in ok:
            raise RuntimeError("%s ended with %d: %s" % (" ".join(argv), self.code, (self.err or self.out)[-600:]))


def repeat(times, argv, prepare=None, **options):
    """Runs it several times; `prepare` comes before each."""
    runs = []
    for _ in range(times):
        if prepare:
            prepare()
        runs.append(Run(argv, **options))
    return runs


def wall(runs):
    return statistics.median(run.wall for run in runs)


def cpu(runs):
    return statistics.median(run.cpu for run in runs)


class Agent:
    """`tranche run` on a repository, with each line of its log and when it came (Unix seconds)."""

    def __init__(self, lab, repo, *arguments):
        self.lines, self.condition = [], threading.Condition()
        self.child = subprocess.Popen([TRANCHE, "run", "--repo", repo, "--interval", "1h", *arguments],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=lab.env)
        lab.at_end(self.stop)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            with self.condition:
                self.lines.append((time.time(), line.rstrip("\n")))
                self.condition.notify_all()

    def wait_for(self, pattern, since=0, seconds=120):
        """The time of the first line from number `since` on that matches."""
        deadline = time.monotonic() + seconds
        at = since
        with self.condition:
            while True:
                for when, line in self.lines[at:]:
                    if re.search(pattern, line):
                        return when
                at = len(self.lines)
                if self.child.poll() is not None or not self.condition.wait(deadline - time.monotonic()):
                    raise RuntimeError("the agent never said %r; it said: %s" %
                                       (pattern, "\n".join(line for _, line in self.lines[-5:])))

    def cpu(self):
        """Seconds of CPU that its threads have had until now."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.child.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.child.pid, task)) as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def switches(self):
        """How often its threads have gone to sleep until now."""
        total = 0
        for task in os.listdir("/proc/%d/task" % self.child.pid):
            with open("/proc/%d/task/%s/status" % (self.child.pid, task)) as file:
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M).group(1))
        return total

    def settle(self, still=1.0, seconds=600):
        """Waits until it has not used the CPU for a while; returns its CPU time then."""
        deadline = time.monotonic() + seconds
        before, since = self.cpu(), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = self.cpu()
            if now - before > 0.0005:
                before, since = now, time.monotonic()
            elif time.monotonic() - since >= still:
                return now
        raise RuntimeError("the agent does not come to rest")

    def memory(self):
        """
        Resident KiB, and private ones: written to, by this process alone. Pages of libraries that nobody
        else happens to use at the moment do not count as such.
        """
        with open("/proc/%d/smaps_rollup" % self.child.pid) as file:
            rows = dict(re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.M))
        return int(rows["Rss"]), int(rows["Private_Dirty"])

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()


# --- manifests ----------------------------------------------------------------------------------------

SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: {name}
  labels: {{app: {name}, tier: front}}
spec:
  clusterIP: None
  selector: {{app: {name}}}
  ports:
    - {{name: http, port: 8080}}
"""

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  labels: {{app: {name}, tier: front}}
data:
  server.conf: |
    listen = 8080
    region = "eu-central-1"
    log_level = "info"
    upstream = "{name}.example.com"
    timeout_seconds = 30
  version: "{version}"
"""

STATEFUL_SET = """apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {name}
  labels: {{app: {name}, tier: front}}
  annotations:
    example.com/owner: team-blue
spec:
  serviceName: {service}
  replicas: 0
  selector:
    matchLabels: {{app: {name}}}
  template:
    metadata:
      labels: {{app: {name}, tier: front}}
    spec:
      terminationGracePeriodSeconds: 20
      containers:
        - name: web
          image: nginx:1.25.{version}
          args: ["--listen", ":8080", "--log-level", "info"]
          env:
            - {{name: REGION, value: eu-central-1}}
            - name: POD
              valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}
          ports:
            - {{containerPort: 8080, name: http}}
            - {{containerPort: 9090, name: metrics}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
            periodSeconds: 5
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits: {{memory: 256Mi}}
          volumeMounts:
            - {{name: data, mountPath: /data}}
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {{requests: {{storage: 1Gi}}}}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate: {{partition: 0}}
"""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def stateful_sets(folder, count, version):
    """`count` StatefulSets without Pods, a file each, and the Service that they name."""
    for i in range(count):
        name = "web-%05d" % i
        write("%s/%s.yaml" % (folder, name), STATEFUL_SET.format(name=name, service="web", version=version))
    write(folder + "/service.yaml", SERVICE.format(name="web"))
    return folder


def mixed_object(folder, i, version):
    """The i-th of many: of four objects one StatefulSet, one Service and two ConfigMaps."""
    name = "app-%05d" % (i - i % 4)
    kind = ("service", "statefulset", "config", "limits")[i % 4]
    text = (SERVICE, STATEFUL_SET, CONFIG_MAP, CONFIG_MAP)[i % 4]
    if i % 4 == 3:
        name += "-limits"
    write("%s/%s/%s-%s.yaml" % (folder, name[:6], name, kind),
          text.format(name=name, service=name, version=version))


def mixed_objects(folder, count, version=1):
    for i in range(count):
        mixed_object(folder, i, version)
    return folder


class Repo:
    """A Git repository of manifests."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments):
        return Run(["git", "-C", self.folder, "-c", "user.name=Bench", "-c", "user.email=bench@example.com",
                    "-c", "gc.auto=0", "-c", "core.fsync=none", *arguments]).out.strip()

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def prepare_commit(self, message="change"):
        """Makes the commit without moving the branch; `publish` does that."""
        self.git("add", "-A")
        return self.git("commit-tree", "-p", "HEAD", "-m", message, self.git("write-tree"))

    def publish(self, commit):
        """Moves the branch as git does, by a rename; returns when (Unix seconds)."""
        ref = self.folder + "/.git/refs/heads/main"
        write(ref + ".lock", commit + "\n")
        now = time.time()
        os.rename(ref + ".lock", ref)
        return now


# --- the control plane --------------------------------------------------------------------------------


class Lab:
    """A real control plane, a folder to work in, and what has to be undone at the end."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="tranche-bench.")
        self.env = dict(os.environ, HOME=self.work, XDG_CACHE_HOME=self.work + "/cache",
                        TRANCHE_CACHE=os.environ.get("TRANCHE_CACHE", os.path.expanduser("~/.cache/tranche")))
        self.plane, self._undo = None, []
        self._sets, self.repos = {}, {}

    def at_end(self, action):
        self._undo.append(action)

    def close(self):
        for action in reversed(self._undo):
            action()
        shutil.rmtree(self.work, ignore_errors=True)

    def need_plane(self):
        if self.plane:
            return
        plane, script = self.work + "/plane", TOP + "/tests/e2e/control-plane"
        # h2load gives up at the first GOAWAY.
        Run([script, "start", plane, "--owner", str(os.getpid())], env={**self.env, "TRANCHE_GOAWAY_CHANCE": "0"})
        self.at_end(lambda: Run([script, "stop", plane]))
        self.plane = plane
        self.env["KUBECONFIG"] = plane + "/kubeconfig"
        with open(plane + "/kubeconfig") as file:
            text = file.read()
        self.server = re.search(r"server: (\S+)", text).group(1)
        self.token = re.search(r"token: (\S+)", text).group(1)

    def kubectl(self, *arguments, ok=(0,)):
        return Run(["kubectl", *arguments], env=self.env, ok=ok).out

    def new_namespace(self, name):
        """Makes it, and has kubectl and tranche use it."""
        self.need_plane()
        self.kubectl("create", "namespace", name)
        self.kubectl("config", "set-context", "--current", "--namespace=" + name)

    def use_namespace(self, name):
        self.kubectl("config", "set-context", "--current", "--namespace=" + name)

    def settle(self, namespace):
        """Waits until the controllers have seen every StatefulSet of the namespace."""
        paths = "{range .items[*]}{.metadata.generation} {.status.observedGeneration}{'\\n'}{end}"
        for _ in range(600):
            lines = self.kubectl("-n", namespace, "get", "statefulsets", "-o", "jsonpath=" + paths).splitlines()
            if all(len(set(line.split())) == 1 and len(line.split()) == 2 for line in lines):
                return
            time.sleep(0.5)
        raise RuntimeError("the StatefulSet controller does not come to rest")

    def sets(self, count):
        """A namespace with `count` StatefulSets as in folder .a; those of .b differ in the image."""
        if count not in self._sets:
            name = "sets-%d" % count
            self.new_namespace(name)
            a = stateful_sets("%s/%s-a" % (self.work, name), count, 1)
            b = stateful_sets("%s/%s-b" % (self.work, name), count, 2)
            Run([TRANCHE, "sync", "-f", a], env=self.env)
            self._sets[count] = (name, a, b)
        name, a, b = self._sets[count]
        self.use_namespace(name)
        self.settle(name)
        return name, a, b

    def requests(self):
        """What the server has been asked until now: {(verb, resource, dry run): count}."""
        counts = {}
        for line in self.kubectl("get", "--raw", "/metrics").splitlines():
            if line.startswith("apiserver_request_total{"):
                labels, _, value = line.rpartition(" ")
                label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
                key = (label["verb"], label["resource"], bool(label.get("dry_run")))
                counts[key] = counts.get(key, 0) + int(float(value))
        return counts

    def audit(self, offset=0):
        """The audit log from that byte on, as events; and where it ends now."""
        with open(self.plane + "/audit.log", "rb") as file:
            file.seek(offset)
            lines = file.read()
        end = lines.rfind(b"\n") + 1
        return [json.loads(line) for line in lines[:end].splitlines()], offset + end
