#!/usr/bin/env python3
"""The fault matrix of the API server, for one running agent.

usage: api_faults.py --build DIR --namespace NAME --work DIR [--show] [--only PATTERN]

Each row of api_faults.txt is an app with a connection of its own, through a door that has the row's fault; one agent
has them all, so that they are in nobody's way but their own. First all are in sync. Then the faults begin and a commit
comes, and it is seen what the agent tells and what becomes of the commit; then they end. What has to hold:

 - what the row says is told, once: a line in the log and an alert when it begins, one of each when it ends (that
   of what may pass by itself begins after 30 s; for "-" there is none);
 - an app whose row says `quiet` has the commit in spite of the fault, and nobody is told;
 - in the end all are in sync, and each commit was written exactly once;
 - the agent is the same process, and has not needed much memory.

--show prints what was seen instead of checking it, --only takes a pattern of rows.
"""
import argparse
import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from api_pki import Pki  # noqa: E402
from api_proxy import Door, H2Door, Upstream  # noqa: E402

MANIFEST = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: {name}, annotations: {{{annotation}}}}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}, annotations: {{number: "{number}"}}}}
    spec: {{containers: [{{name: c, image: nginx}}]}}
"""
POLICY = 'tranche.dev/max-promotion: "9"'  # there is a dry run before each write of it
PATIENCE_S = 35     # an alert of what may pass comes after 30 s
MEMORY_MIB = 256    # of the agent, with many endless answers on their way; four times that with AddressSanitizer


class Row:
    def __init__(self, number, place, fault, expected):
        self.place, self.fault, self.expected = place, fault, expected
        self.name = f"cell-{number}"
        self.door = None
        self.lines, self.alerts = [], []

    @property
    def title(self):
        return f"{self.fault} at {self.place}"

    async def open(self, upstream, pki, folder):
        """Makes the door, and a kubeconfig for it."""
        cluster, user = {"server": "http://127.0.0.1:1"}, {"token": "t"}
        self.folder, self.pki = folder, pki
        if self.place == "tls":
            self.door = Door(upstream, pki.server("good", "ca"))
        elif self.place.startswith("h2 "):
            self.door = H2Door(upstream, pki.server("good", h2=True))
        else:
            self.door = Door(upstream)
        if self.door.tls:
            self.mount("ca", "client")
            cluster["certificate-authority"] = str(folder / "ca.crt")
            user |= {"client-certificate": str(folder / "client.crt"), "client-key": str(folder / "client.key")}
        folder.mkdir(exist_ok=True)
        (folder / "kubeconfig").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}]}))
        await self.door.open()

    def mount(self, authority, client):
        """Files as Kubernetes mounts a Secret: links to links to another folder, in one step."""
        data = self.folder / f"..{time.monotonic_ns()}"
        data.mkdir(parents=True)
        for source, name in ((f"{authority}.crt", "ca.crt"), (f"{client}.crt", "client.crt"),
                             (f"{client}.key", "client.key")):
            (data / name).write_bytes(self.pki.path(source).read_bytes())
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        (self.folder / "..new").symlink_to(data.name)
        (self.folder / "..new").rename(self.folder / "..data")

    async def begin(self):
        if self.place != "tls":
            await self.door.set(self.fault, self.place.removeprefix("h2 "))
        elif self.fault.startswith("client"):
            await self.door.present(self.pki.server("good", "other"))
        else:
            await self.door.present(self.pki.server(self.fault.removesuffix("-mounted"), "ca"))

    async def end(self):
        if self.place != "tls":
            await self.door.set(None)
        elif self.fault == "foreign":  # the CA's file becomes another one, in its place
            (self.folder / "new.crt").write_bytes(self.pki.path("other.crt").read_bytes())
            (self.folder / "new.crt").rename(self.folder / "ca.crt")
        elif self.fault == "foreign-mounted":
            self.mount("other", "client")
        elif self.fault == "client":
            for suffix in ("crt", "key"):
                (self.folder / f"client.{suffix}").write_bytes(self.pki.path(f"client2.{suffix}").read_bytes())
        elif self.fault == "client-mounted":
            self.mount("ca", "client2")
        else:  # without a cut, of which something else would be told
            self.door.tls.load_cert_chain(self.pki.path("good.crt"), self.pki.path("good.key"))

    def told(self):
        """Messages about troubles, as LEVEL MESSAGE."""
        seen = []
        for line in self.lines:
            if line["level"] in ("warning", "error") or "works again" in line["msg"]:
                message = line["msg"].replace(self.door.url, "URL").replace(self.name, "NAME")
                message = re.sub(r"/namespaces/[^/]*/", "/namespaces/NAMESPACE/", message)
                subject = line.get("object", "").replace(self.name, "NAME")
                seen.append(f"{line['level']} {subject} {message}")
        return seen


def read_rows(only):
    rows = []
    for line in (HERE / "api_faults.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            place, fault, expected = (part.strip() for part in line.split(" | "))
            row = Row(len(rows) + 1, place, fault, expected)
            if re.search(only, line):
                rows.append(row)
    return rows


class Run:
    def __init__(self, options):
        self.options = options
        self.work = Path(options.work)
        self.rows = read_rows(options.only)
        self.passed = self.failed = 0
        self.agent, self.address = None, ""
        self.by_name = {row.name: row for row in self.rows}

    def check(self, what, expected, seen):
        if expected == seen:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED: {what}\n    expected: {expected}\n    seen:     {seen}")

    # --- the cluster, Git

    def kubectl(self, *arguments):
        return subprocess.run(["kubectl", "-n", self.options.namespace, *arguments], check=True,
                              capture_output=True, text=True).stdout

    def commit(self, number):
        for row in self.rows:
            folder = self.work / "repo" / row.name
            folder.mkdir(parents=True, exist_ok=True)
            annotation = "" if row.place == "direct" else POLICY
            (folder / "set.yaml").write_text(MANIFEST.format(name=row.name, annotation=annotation, number=number))
        subprocess.run(["git", "-C", self.work / "repo", "add", "-A"], check=True)
        subprocess.run(["git", "-C", self.work / "repo", "commit", "-qm", str(number)], check=True)

    def standing(self):
        """By app: the StatefulSet's number and generation, and the revision of the inventory."""
        sets = json.loads(self.kubectl("get", "statefulsets", "-o", "json"))["items"]
        seen = {item["metadata"]["name"]: [item["spec"]["template"]["metadata"]["annotations"]["number"],
                                           item["metadata"]["generation"]] for item in sets}
        for app, data in self.inventories().items():
            if app in seen:
                seen[app].append(json.loads(data["inventory.json"])["revision"])
        return seen

    def inventories(self):
        maps = json.loads(self.kubectl("get", "configmaps", "-o", "json"))["items"]
        return {item["metadata"]["name"].removeprefix("tranche-"): item["data"] for item in maps
                if "inventory.json" in item.get("data", {})}

    def is_kept(self):
        """How the rollout ended is what an app saves last."""
        ends = [json.loads(data["history.json"])["entries"][0]["statefulSets"][0]["phase"]
                for data in self.inventories().values() if "history.json" in data]
        return ends == ["Complete"] * len(self.rows)

    def head(self):
        return subprocess.run(["git", "-C", self.work / "repo", "rev-parse", "HEAD"], check=True,
                              capture_output=True, text=True).stdout.strip()

    async def until(self, seconds, holds):
        """Waits until it holds, which is asked in a thread, as the doors are served here; the last answer."""
        deadline = time.monotonic() + seconds
        while not (answer := await asyncio.to_thread(holds)) and time.monotonic() < deadline:
            self.read_log()
            await asyncio.sleep(0.25)
        return answer

    # --- the agent

    def write_config(self, receiver_port, interval):
        config = {"apiVersion": "tranche.dev/v1", "kind": "Config",
                  "clusters": [{"name": row.name, "kubeconfig": str(row.folder / "kubeconfig"),
                                "namespace": self.options.namespace, "server": row.door.url} for row in self.rows],
                  "defaults": {"interval": interval}, "server": {"listen": "127.0.0.1:0"},
                  "alerts": {"sinks": [{"name": "all", "type": "cloudevents",
                                        "url": f"http://127.0.0.1:{receiver_port}/"}]},
                  "apps": [{"name": row.name, "cluster": row.name,
                            "source": {"repo": str(self.work / "repo"), "path": row.name}} for row in self.rows]}
        (self.work / "new.yaml").write_text(json.dumps(config))
        (self.work / "new.yaml").rename(self.work / "config.yaml")

    def start_agent(self):
        log = open(self.work / "agent.log", "wb")
        self.agent = subprocess.Popen(
            [f"{self.options.build}/tranche", "run", "--log-format", "json", "--config", self.work / "config.yaml"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.log = open(self.work / "agent.log", "rb")

    def read_log(self):
        while line := self.log.readline():
            if not line.endswith(b"\n"):
                self.log.seek(-len(line), os.SEEK_CUR)
                return
            entry = json.loads(line)
            if entry.get("app") in self.by_name:
                self.by_name[entry["app"]].lines.append(entry)
            elif found := re.fullmatch(r"listening on (\S+)", entry["msg"]):
                self.address = found[1]

    def idle_since(self):
        """When each app was looked at last; nothing while one of them is."""
        with urllib.request.urlopen(f"{self.address}/api/v1/apps", timeout=60) as answer:
            apps = json.load(answer)["apps"]
        is_idle = all(app["state"] == "idle" for app in apps)
        return {app["name"]: app["lastSync"]["time"] for app in apps} if is_idle else {}

    def peak_mib(self):
        text = Path(f"/proc/{self.agent.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+)", text)[1]) // 1024

    async def receive(self, reader, writer):
        """The sink of alerts."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = int(re.search(r"(?i)content-length: *(\d+)", head)[1])
                event = json.loads(await reader.readexactly(length))
                _, _, kind, state = event["type"].split(".") if event["type"].count(".") == 3 else (0, 0, "", "")
                app = event["source"].rsplit("/", 1)[1]
                if app in self.by_name and state in ("begins", "ends"):
                    self.by_name[app].alerts.append(f"{kind} {state}")
                writer.write(b"HTTP/1.1 204 Fine\r\n\r\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    # --- the story

    def behind(self, number, rows):
        """Which apps have not got the commit, or remember another one."""
        seen, head = self.standing(), self.head()
        return [row.name for row in rows if seen.get(row.name) != [str(number), number, head]]

    async def story(self):
        upstream = Upstream(os.environ["KUBECONFIG"])
        pki = Pki(self.work / "pki")
        pki.issue("good")
        pki.issue("expired", end="20210101000000Z")
        pki.issue("early", begin="20480101000000Z")
        pki.issue("elsewhere", address="DNS:elsewhere.example")
        pki.issue("foreign", "other")
        pki.issue("client")
        pki.issue("client2", "other")
        for row in self.rows:
            await row.open(upstream, pki, self.work / row.name)
        receiver = await asyncio.start_server(self.receive, "127.0.0.1", 0)
        subprocess.run(["git", "init", "-q", "-b", "main", self.work / "repo"], check=True)
        port = receiver.sockets[0].getsockname()[1]
        self.write_config(port, "1h")
        self.commit(1)
        self.start_agent()
        self.check("all begin well", [], await self.settle(240, 1, self.rows))

        await self.rest()
        for row in self.rows:
            await row.begin()
        self.write_config(port, "5s")
        self.commit(2)
        quiet = [row for row in self.rows if row.expected == "quiet"]
        self.check("who is quiet has the commit while the others fail", [], await self.settle(480, 2, quiet))
        await self.until(PATIENCE_S, lambda: False) if self.options.show else None
        told = [row for row in self.rows if row not in quiet]
        alerted = [row for row in told if not row.expected.startswith("-")]
        await self.until(480, lambda: all(row.alerts for row in alerted) and all(row.told() for row in told))
        for row in self.rows:
            await row.end()
        self.check("all have the commit in the end", [], await self.settle(480, 2, self.rows))
        await self.until(240, lambda: all(len(row.alerts) > 1 for row in alerted) and
                         all(len(row.told()) > 1 for row in told))
        await self.until(1, lambda: False)  # for what would be one too many
        self.check("the agent lives", None, self.agent.poll())
        if not self.options.show:
            for row in self.rows:
                self.judge(row)
            most = MEMORY_MIB * (4 if "address" in self.options.build else 1)
            self.check("its memory at most", True, self.peak_mib() <= most or self.peak_mib())
        else:
            for row in self.rows:
                print(row.place, "|", row.fault, "|", *row.told(), "|", *row.alerts, "|", row.door.hit)
            print("peak", self.peak_mib(), Path(f"/proc/{self.agent.pid}/stat").read_text().split()[13:15])
        self.agent.terminate()
        self.check("the agent ends well", 0, await asyncio.to_thread(self.agent.wait, 120))

    async def rest(self):
        """Nothing of the beginning is to meet the faults: all is kept, and a look at each app has found nothing."""
        before = await self.until(240, lambda: self.is_kept() and self.idle_since())
        self.check("all is kept", True, bool(before))

        def are_looked_at():
            since = self.idle_since()
            return bool(since) and all(since[name] != before[name] for name in before or {})

        self.agent.send_signal(signal.SIGHUP)
        self.check("all are looked at again", True, await self.until(240, are_looked_at))

    async def settle(self, seconds, number, rows):
        deadline = time.monotonic() + seconds
        while behind := await asyncio.to_thread(self.behind, number, rows):
            self.read_log()
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.5)
        return [f"{name} ({self.by_name[name].title})" for name in behind]

    def judge(self, row):
        if row.place != "tls" and row.fault != "refuse":
            self.check(f"{row.title}: the fault was met", True, row.door.hit > 0)
        if row.expected == "quiet":
            self.check(f"{row.title}: nobody is told", ([], []), (row.told(), row.alerts))
            return
        kind, message, end = row.expected.split(" / ")
        self.check(f"{row.title}: told once, and its end", [message, end], row.told())
        alerts = [] if kind == "-" else [f"{kind} begins", f"{kind} ends"]
        if row.fault.endswith("*1"):  # it may be over before anybody could be told
            alerts = row.alerts and ["sync-failed begins", "sync-failed ends"]
        self.check(f"{row.title}: one alert, and its end", alerts, row.alerts)


def main():
    parser = argparse.ArgumentParser()
    for name in ("build", "namespace", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", default="", help="rows that match this")
    run = Run(parser.parse_args())
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # connections end in all ways here
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        asyncio.run(run.story())
    finally:
        if run.agent and run.agent.poll() is None:
            run.agent.kill()
    print(f"{run.passed} passed, {run.failed} failed")
    sys.exit(run.failed > 0)


main()
