#!/usr/bin/env python3
"""The agent under what happens to one: commits, drift, rollouts, and the ends of agent and server.

    soak.py --build build --plane DIR [--seconds 1200] [--kills N] [--seed N]

Works in the namespace "soak" of the control plane in DIR (tests/e2e/control-plane), whose audit log has the
bodies of what is written there. Two parts, each as random as its seed:

  steady  --seconds long, one life of the agent: commits, changes by others, restarts of the API server.
          Its memory, descriptors and threads must stay as they were after the first quarter.
  kills   the agent is killed (-9) at N random moments, and started again.

In the end the cluster must be as Git says, the inventory must have every object, and each write of a
StatefulSet must be one that some commit asked for: its image, its replicas (or a number that somebody scaled
to meanwhile), and its partition, or one on the way down to it.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NAMESPACE = "soak"
SETS = {"straight": "", "walking": "1", "wide": "50%"}  # and their tranche.dev/step
IMAGES = ["nginx:1.25.4", "nginx:1.26.1", "nginx:1.26.2", "nginx:1.27.0"]
REPLICAS = [2, 3, 4, 5]

MANIFEST = """apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {name}
  annotations: {{{annotations}}}
spec:
  replicas: {replicas}
  serviceName: {name}
  podManagementPolicy: Parallel
  selector: {{matchLabels: {{app: {name}}}}}
  updateStrategy: {{rollingUpdate: {{partition: {partition}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {{name: nginx, image: "{image}"}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec: {{clusterIP: None, selector: {{app: {name}}}, ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{serial: "{serial}"}}
"""


class Soak:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.work = tempfile.mkdtemp(prefix="tranche-soak-")
        self.repo = os.path.join(self.work, "repo")
        self.log = open(os.path.join(self.work, "agent.log"), "ab")
        self.environment = {
            **os.environ,
            "KUBECONFIG": os.path.join(options.plane, "kubeconfig"),
            "HOME": self.work,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }
        self.agent = self.kubelet = None
        self.wanted = {}  # name: what Git says now
        self.asked = {name: [] for name in SETS}  # what commits ever said
        self.scaled = set()  # replicas that others set
        self.counts = {}
        self.passed = self.failed = 0

    # --- checks and tools --------------------------------------------------------------------

    def check(self, what, holds, seen=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}: {seen}", flush=True)

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def run(self, *command, check=True):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}")
        return done

    def kubectl(self, *arguments, check=False):
        return self.run("kubectl", "-n", NAMESPACE, *arguments, check=check)

    def tranche(self, *arguments):
        return self.run(os.path.join(self.options.build, "tranche"), *arguments, check=False)

    # --- who takes part ----------------------------------------------------------------------

    def start_agent(self):
        self.agent = subprocess.Popen(
            [os.path.join(self.options.build, "tranche"), "run", "--repo", self.repo, "-n", NAMESPACE,
             "--app", "soak", "--interval", "2s", "--self-heal", "--prune"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def stop_agent(self, number):
        if self.agent:
            self.agent.send_signal(number)
            self.agent.wait()
            self.agent = None

    def start_kubelet(self):
        self.kubelet = subprocess.Popen(
            [os.path.join(self.options.build, "fake_kubelet"), "-n", NAMESPACE], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def restart_server(self):
        plane = os.path.join(os.path.dirname(__file__), "..", "e2e", "control-plane")
        # Not through a pipe, which what they start would keep open.
        tell = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log}
        subprocess.run([plane, "stop", self.options.plane], check=True, **tell)
        time.sleep(self.random.random() * 3)
        subprocess.run([plane, "start", self.options.plane, "--owner", str(os.getpid())], check=True, **tell)

    # --- what happens ------------------------------------------------------------------------

    def write_manifests(self, name):
        wanted = self.wanted[name]
        annotations = [f'tranche.dev/step: "{SETS[name]}"'] if SETS[name] else []
        with open(os.path.join(self.repo, f"{name}.yaml"), "w", encoding="utf-8") as file:
            file.write(MANIFEST.format(name=name, annotations=", ".join(annotations), **wanted))

    def commit(self):
        name = self.random.choice(list(SETS))
        wanted = dict(self.wanted[name])
        for field in self.random.sample(["image", "replicas", "partition", "serial"],
                                        self.random.randint(1, 2)):
            if field == "image":
                wanted["image"] = self.random.choice(IMAGES)
            elif field == "replicas":
                wanted["replicas"] = self.random.choice(REPLICAS)
            elif field == "partition":
                wanted["partition"] = self.random.randint(0, 4)
            else:
                wanted["serial"] += 1
        self.put(name, wanted)

    def put(self, name, wanted):
        self.wanted[name] = wanted
        self.asked[name].append(wanted)  # before it can be applied
        self.write_manifests(name)
        self.run("git", "-C", self.repo, "add", "-A")
        self.run("git", "-C", self.repo, "commit", "-q", "--allow-empty", "-m", f"{name}: {wanted}")
        self.count("commits")

    def meddle(self):
        name = self.random.choice(list(SETS))
        what = self.random.choice(["scale", "annotate", "image", "service", "configmap"])
        if what == "scale":
            replicas = self.random.choice(REPLICAS)
            self.scaled.add(replicas)
            self.kubectl("scale", f"statefulset/{name}", f"--replicas={replicas}")
        elif what == "annotate":
            self.kubectl("annotate", "--overwrite", f"statefulset/{name}", f"who=me-{time.time()}")
        elif what == "image":
            self.kubectl("set", "image", f"statefulset/{name}", "nginx=nginx:somebody")
        elif what == "service":
            self.kubectl("delete", "service", name, "--wait=false")
        else:
            self.kubectl("patch", "configmap", name, "-p", '{"data": {"serial": "mine"}}')
        self.count("changes by others")

    def begin(self):
        os.mkdir(self.repo)
        self.run("git", "init", "-q", "-b", "main", self.repo)
        for name in SETS:
            self.put(name, {"image": IMAGES[0], "replicas": 3, "partition": 0, "serial": 0})
        self.run("kubectl", "create", "namespace", NAMESPACE)
        self.start_kubelet()
        self.start_agent()
        self.settle("the first sync")

    # --- where it must end -------------------------------------------------------------------

    def settle(self, what):
        """Until the cluster is as Git says and its rollouts have arrived."""
        deadline = time.monotonic() + 180
        while True:
            diff = self.tranche("diff", "--repo", self.repo, "-n", NAMESPACE, "--app", "soak")
            if diff.returncode == 0 and self.is_rolled_out():
                break
            if time.monotonic() > deadline:
                break
            if self.agent and self.agent.poll() is not None:
                break
            time.sleep(0.5)
        self.check(f"{what}: the cluster is as Git says", diff.returncode == 0, diff.stdout)
        self.check(f"{what}: the Pods are, too", self.is_rolled_out(), self.kubectl("get", "pods").stdout)
        self.check(f"{what}: the agent runs", self.agent.poll() is None, self.agent.returncode)

    def is_rolled_out(self):
        got = self.kubectl("get", "pods", "-o", "json")
        if got.returncode != 0:
            return False
        pods = {pod["metadata"]["name"]: pod for pod in json.loads(got.stdout)["items"]}
        if len(pods) != sum(wanted["replicas"] for wanted in self.wanted.values()):
            return False
        for name, wanted in self.wanted.items():
            for ordinal in range(min(wanted["partition"], wanted["replicas"]), wanted["replicas"]):
                pod = pods.get(f"{name}-{ordinal}")
                if not pod or pod["spec"]["containers"][0]["image"] != wanted["image"]:
                    return False
        return True

    def is_asked_for(self, name, body):
        spec = body["spec"]
        image = spec["template"]["spec"]["containers"][0]["image"]
        partition = spec.get("updateStrategy", {}).get("rollingUpdate", {}).get("partition", 0)
        for wanted in self.asked[name]:
            if wanted["image"] != image or spec["replicas"] not in {wanted["replicas"], *self.scaled}:
                continue
            if partition == wanted["partition"] or (SETS[name] and partition > wanted["partition"]):
                return True
        return False

    def check_writes(self):
        """By the server's audit log, across its restarts."""
        writes = odd = 0
        example = ""
        with open(os.path.join(self.options.plane, "audit.log"), encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                ref = event.get("objectRef", {})
                if (not re.match(r"tranche\b", event.get("userAgent", "")) or "dryRun" in event["requestURI"]
                        or ref.get("namespace") != NAMESPACE or ref.get("resource") != "statefulsets"
                        or event["verb"] not in ("create", "update") or "requestObject" not in event):
                    continue
                body = event["requestObject"]
                if ref.get("subresource") or "fieldManager=tranche" not in event["requestURI"]:
                    continue
                writes += 1
                if not self.is_asked_for(body["metadata"]["name"], body):
                    odd += 1
                    example = example or json.dumps(body["spec"])
        self.counts["writes of StatefulSets"] = writes
        self.check("StatefulSets were written", writes >= len(SETS), writes)
        self.check("each write is one that a commit asked for", odd == 0, f"{odd} of {writes}: {example}")

    def check_inventory(self):
        got = self.kubectl("get", "configmap", "tranche-soak", "-o", "json")
        try:
            inventory = json.loads(json.loads(got.stdout)["data"]["inventory.json"])
            owned = {f"{entry['kind']}/{entry['name']}" for entry in inventory["objects"]}
        except (ValueError, KeyError):
            owned = {got.stdout}
        expected = {f"{kind}/{name}" for name in SETS for kind in ("StatefulSet", "Service", "ConfigMap")}
        self.check("the inventory has every object", owned == expected, owned)

    # --- the two parts -----------------------------------------------------------------------

    def measure(self):
        """Resident KiB, descriptors, threads."""
        folder = f"/proc/{self.agent.pid}"
        with open(f"{folder}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file)
        return (int(fields["VmRSS"].split()[0]), len(os.listdir(f"{folder}/fd")),
                int(fields["Threads"]))

    def steady(self):
        seconds = self.options.seconds
        began = time.monotonic()
        next_restart = began + seconds / 6
        samples = []
        while time.monotonic() - began < seconds and self.agent.poll() is None:
            if time.monotonic() > next_restart:
                next_restart += seconds / 6
                self.count("restarts of the server")
                self.restart_server()
                if self.kubelet.poll() is not None:
                    self.start_kubelet()
            self.random.choices([self.commit, self.meddle], [3, 2])[0]()
            time.sleep(self.random.random() * 2)
            samples.append((time.monotonic() - began, *self.measure()))
        self.settle("after the steady part")
        early = [sample for sample in samples if sample[0] < seconds / 4]
        late = [sample for sample in samples if sample[0] >= seconds * 3 / 4]
        for index, what, slack in ((1, "resident KiB", 2048), (2, "descriptors", 4), (3, "threads", 0)):
            before = max(sample[index] for sample in early)
            after = max(sample[index] for sample in late)
            print(f"  {what}: at most {before} in the first quarter, {after} in the last")
            self.check(f"{what} stay flat", after <= before + slack, f"{before} -> {after}")

    def kills(self):
        for number in range(self.options.kills):
            if number % 3 == 0:
                self.commit()
            elif number % 7 == 0:
                self.meddle()
            time.sleep(self.random.random() ** 2 * 0.6)
            self.stop_agent(signal.SIGKILL)
            self.start_agent()
            self.count("kills")
        self.settle("after the kills")

    def main(self):
        try:
            self.begin()
            if self.options.seconds:
                self.steady()
            if self.options.kills:
                self.kills()
            self.check_inventory()
            self.stop_agent(signal.SIGTERM)
            self.check_writes()
        finally:
            for process in (self.agent, self.kubelet):
                if process:
                    process.kill()
        print("counted: " + ", ".join(f"{count} {what}" for what, count in self.counts.items()))
        print(f"counted: with the seed {self.options.seed}")
        if self.failed:
            subprocess.run(["tail", "-n", "100", self.log.name], check=False)
        else:
            shutil.rmtree(self.work)
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--plane", required=True)
    parser.add_argument("--seconds", type=int, default=1200)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.plane = os.path.abspath(options.plane)
    sys.exit(Soak(options).main())


main()
