"""The rows of docs/performance.md: each measures one thing and yields results.

A result is (what, value, unit, target); a target is ("<=" or ">=", number), or None where the value
only explains another.
"""
import calendar
import glob
import itertools
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time

from lab import BUILD, TOP, TRANCHE, Agent, Repo, Run, cpu, mixed_object, mixed_objects, percentile, quick, repeat, wall, write

ROWS = {}


def row(function):
    ROWS[function.__name__.replace("_", "-")] = function
    return function


def median(values):
    return statistics.median(values)


# --- against kubectl and the server's own limit ---------------------------------------------------------


def dry_run_rate(lab, namespace, requests, streams):
    """Dry-run PUTs a second that h2load gets answered on one connection, of one StatefulSet that would change."""
    live = json.loads(lab.kubectl("-n", namespace, "get", "statefulset", "web-00000", "-o", "json"))
    live.pop("status", None)
    live["metadata"].pop("managedFields", None)
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.27"
    body = lab.work + "/put.json"
    write(body, json.dumps(live))
    url = "%s/apis/apps/v1/namespaces/%s/statefulsets/web-00000?fieldManager=bench&dryRun=All" % (lab.server, namespace)
    out = Run(["h2load", "-n", str(requests), "-c", "1", "-m", str(streams), "-d", body, "-H", ":method: PUT",
               "-H", "authorization: Bearer " + lab.token, "-H", "content-type: application/json", url]).out
    done = re.search(r"status codes: (\d+) 2xx", out)
    if not done or int(done.group(1)) != requests:
        raise RuntimeError("h2load: " + out)
    return float(re.search(r"finished in .*?, ([\d.]+) req/s", out).group(1))


@row
def diff(lab):
    count, rounds = quick(500, 50), quick(5, 2)
    namespace, _, changed = lab.sets(count)
    ours, rates, theirs = [], {10: [], 100: []}, []
    for i in range(rounds):
        ours += repeat(1, [TRANCHE, "diff", "-f", changed], ok=(1,), env=lab.env)
        for streams in rates:
            rates[streams].append(dry_run_rate(lab, namespace, count, streams))
        if i % 2 == 0:
            theirs += repeat(1, ["kubectl", "diff", "-f", changed], ok=(1,), env=lab.env)
    rate = max(median(of) for of in rates.values())
    yield "tranche diff, %d changed objects" % count, wall(ours), "s", None
    yield "its CPU time", cpu(ours), "s", None
    yield "its peak memory", max(run.peak_kib for run in ours) / 1024, "MiB", None
    yield "kubectl diff", wall(theirs), "s", None
    yield "its CPU time", cpu(theirs), "s", None
    for streams, of in rates.items():
        yield "the same dry-run PUTs by h2load, %d at once" % streams, count / median(of), "s", None
    yield "faster than kubectl diff", wall(theirs) / wall(ours), "x", (">=", 25)
    yield "of the best rate that h2load reaches", 100 * count / wall(ours) / rate, "%", (">=", 75)


def bare_writes(lab, namespace, image):
    """Has curl write every StatefulSet with another image, many at once on one connection, and nothing else."""
    items = json.loads(lab.kubectl("-n", namespace, "get", "statefulsets", "-o", "json"))["items"]
    options = ["silent", "show-error", "fail", "http2", 'request = "PUT"', 'output = "/dev/null"',
               'cacert = "%s/ca.crt"' % lab.plane, 'header = "Authorization: Bearer %s"' % lab.token,
               'header = "Content-Type: application/json"']
    transfers = []
    for i, live in enumerate(items):
        del live["status"]
        live["spec"]["template"]["spec"]["containers"][0]["image"] = image
        body = "%s/writes/%d.json" % (lab.work, i)
        write(body, json.dumps(live))
        url = "%s/apis/apps/v1/namespaces/%s/statefulsets/%s" % (lab.server, namespace, live["metadata"]["name"])
        transfers.append("\n".join(options + ['url = "%s?fieldManager=bench"' % url, 'data-binary = "@%s"' % body]))
    write(lab.work + "/writes.curl", "\nnext\n".join(transfers) + "\n")
    return Run(["curl", "--parallel", "--parallel-max", "16", "--config", lab.work + "/writes.curl"])


@row
def replace(lab):
    """A commit that changes all of them, the same as files (of which no inventory knows what was applied), and others."""
    count, rounds = quick(500, 50), quick(3, 1)
    namespace, before, after = lab.sets(count)
    repo = Repo(lab.work + "/replace")
    sync = [TRANCHE, "sync", "--repo", repo.folder]

    def commit_of(files):
        shutil.copytree(files, repo.folder + "/deploy", dirs_exist_ok=True)
        repo.commit()

    ours, of_files, theirs, bare = [], [], [], []
    for _ in range(rounds):
        commit_of(before)
        Run(sync, env=lab.env)
        lab.settle(namespace)
        commit_of(after)
        ours += repeat(1, sync, env=lab.env)
        lab.settle(namespace)
        bare.append(bare_writes(lab, namespace, "nginx:1.24"))
        lab.settle(namespace)
        of_files += repeat(1, [TRANCHE, "sync", "-f", after], env=lab.env)
        lab.settle(namespace)
        theirs += repeat(1, ["kubectl", "replace", "-f", before], env=lab.env)
        lab.settle(namespace)
    yield "tranche sync, a commit with %d changed objects" % count, wall(ours), "s", None
    yield "its CPU time", cpu(ours), "s", None
    yield "tranche sync, files with %d changed objects" % count, wall(of_files), "s", None
    yield "kubectl replace", wall(theirs), "s", None
    yield "the same writes by curl, nothing but those", wall(bare), "s", None
    yield "faster than kubectl replace", wall(theirs) / wall(ours), "x", (">=", 15)
    yield "kubectl replace: times the bare writes", wall(theirs) / wall(bare), "x", None
    yield "of the rate that curl reaches", 100 * wall(bare) / wall(ours), "%", None


@row
def nothing(lab):
    """Cold start: a new process, with the inventory of an earlier one."""
    count, rounds = quick(500, 50), quick(7, 3)
    namespace, files, _ = lab.sets(count)
    repo = Repo(lab.work + "/nothing")
    shutil.copytree(files, repo.folder + "/deploy")
    repo.commit()
    sync = [TRANCHE, "sync", "--repo", repo.folder]
    Run(sync, env=lab.env)
    lab.settle(namespace)
    Run(sync, env=lab.env)
    before = lab.requests()
    Run(sync, env=lab.env)
    after = lab.requests()
    asked = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}
    headers = ["-H", "Authorization: Bearer " + lab.token, "--cacert", lab.plane + "/ca.crt"]
    url = "%s/apis/apps/v1/namespaces/%s/statefulsets?limit=500" % (lab.server, namespace)
    ours, bare = [], []
    for _ in range(rounds):
        ours += repeat(1, sync, env=lab.env)
        bare += repeat(1, ["curl", "-sS", "--fail", "-o", "/dev/null", *headers, url], env=lab.env)
    yield "tranche sync, %d objects in sync, cold start" % count, wall(ours), "s", None
    yield "its CPU time", cpu(ours), "s", None
    yield "the bare list, by curl", wall(bare), "s", None
    yield "times the bare list", wall(ours) / wall(bare), "x", ("<=", 3)
    yield "lists asked for", sum(n for (verb, what, _), n in asked.items() if verb == "LIST"), "", None
    yield "dry runs asked for", sum(n for (_, _, dry), n in asked.items() if dry), "", ("<=", 0)


# --- the agent --------------------------------------------------------------------------------------------


def start_agent(lab, repo, name, *arguments):
    agent = Agent(lab, repo.folder, "-n", name, *arguments)
    agent.wait_for("fetched ", seconds=600)
    agent.settle(still=quick(3.0, 1.5))
    return agent


def many(lab, count):
    """A namespace, a repository and an agent with that many objects, all synced and at rest."""
    name = "many-%d" % count
    repo = lab.repos.get(name)
    if not repo:
        lab.new_namespace(name)
        repo = lab.repos[name] = Repo("%s/%s" % (lab.work, name))
        mixed_objects(repo.folder + "/deploy", count)
        repo.commit()
        Run([TRANCHE, "sync", "-n", name, "--repo", repo.folder], ok=(0, 7), env=lab.env)
    lab.settle(name)
    return name, repo, start_agent(lab, repo, name)


versions = itertools.count(1000)  # no two commits change an object to the same


def change(repo, objects, version):
    for i in objects:
        mixed_object(repo.folder + "/deploy", i, version)
    repo.publish(repo.prepare_commit())


def cost_of_change(lab, agent, repo, objects, rounds):
    """Seconds of the agent's CPU for a commit that changes those objects: the median of some."""
    costs = []
    for i in range(rounds):
        before = agent.settle()
        line = len(agent.lines)
        change(repo, objects, next(versions))
        agent.wait_for("fetched ", line)
        agent.wait_for("replaced", line)
        costs.append(agent.settle() - before)
    return median(costs)


@row
def one_file(lab):
    count = quick(10000, 400)
    _, repo, agent = many(lab, count)
    cost = cost_of_change(lab, agent, repo, [2], quick(5, 3))
    walk = median([run.cpu for run in repeat(5, ["git", "-C", repo.folder, "ls-tree", "-r", "HEAD"])])
    yield "the agent's CPU, one file of %d changed" % count, 1000 * cost, "ms", None
    yield "git ls-tree -r of that commit", 1000 * walk, "ms", None
    yield "CPU beyond the fetch", 1000 * max(0, cost - walk), "ms", ("<=", 20)
    agent.stop()


@row
def commit(lab):
    """From the branch's new value to the write as the server's audit log has it."""
    rounds = quick(200, 20)
    name = "commit"
    lab.new_namespace(name)
    repo = Repo(lab.work + "/commit")
    mixed_objects(repo.folder + "/deploy", 12)
    repo.commit()
    agent = start_agent(lab, repo, name)
    _, offset = lab.audit()
    first, written = [], []
    for i in range(rounds):
        line = len(agent.lines)
        mixed_object(repo.folder + "/deploy", 2, 100 + i)
        began = repo.publish(repo.prepare_commit())
        agent.wait_for("replaced", line)
        time.sleep(0.02)
        events, offset = lab.audit(offset)
        puts = [event for event in events if event["verb"] == "update" and event["objectRef"]["resource"] == "configmaps"
                and event["objectRef"]["name"].startswith("app-")]
        times = sorted((unix(event["requestReceivedTimestamp"]), "dryRun" in event["requestURI"]) for event in puts)
        first.append(1000 * (times[0][0] - began))
        written.append(1000 * (min(when for when, dry in times if not dry) - began))
    agent.stop()
    yield "commit -> first PUT received, p50 of %d" % rounds, percentile(first, 0.5), "ms", ("<=", 30)
    yield "commit -> first PUT received, p99", percentile(first, 0.99), "ms", ("<=", 100)
    yield "commit -> write received, p50", percentile(written, 0.5), "ms", None
    yield "commit -> write received, p99", percentile(written, 0.99), "ms", None


def unix(timestamp):
    """Of "2026-01-02T03:04:05.678901Z"."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (fraction or "0"))


class Watch:
    """curl watches an object: when each event came (Unix seconds)."""

    def __init__(self, lab, path):
        self.times = []
        self.child = subprocess.Popen(
            ["curl", "-sSN", "--cacert", lab.plane + "/ca.crt", "-H", "Authorization: Bearer " + lab.token,
             lab.server + path], stdout=subprocess.PIPE, env=lab.env)
        lab.at_end(self.child.kill)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for _ in self.child.stdout:
            self.times.append(time.time())

    def wait_for(self, count, seconds=20):
        deadline = time.monotonic() + seconds
        while len(self.times) < count:
            if time.monotonic() > deadline:
                raise RuntimeError("curl has not seen the event")
            time.sleep(0.001)
        return self.times[count - 1]


@row
def drift(lab):
    """From the watch event, as curl sees it, to the agent's line."""
    rounds = quick(50, 8)
    name = "drift"
    lab.new_namespace(name)
    repo = Repo(lab.work + "/drift")
    mixed_objects(repo.folder + "/deploy", 12)
    repo.commit()
    agent = start_agent(lab, repo, name)
    path = "/apis/apps/v1/namespaces/%s/statefulsets?watch=1&fieldSelector=metadata.name=app-00000" % name
    watch = Watch(lab, path)
    watch.wait_for(1)
    delays = []
    for i in range(rounds):
        line, seen = len(agent.lines), len(watch.times)
        lab.kubectl("-n", name, "patch", "statefulset", "app-00000", "--type=json", "-p",
                    '[{"op":"replace","path":"/spec/template/spec/terminationGracePeriodSeconds","value":%d}]' % (21 + i))
        began = watch.wait_for(seen + 1)
        delays.append(1000 * (agent.wait_for("drift", line, seconds=20) - began))
        lab.settle(name)
        agent.settle(still=0.3)
    watch.child.kill()
    agent.stop()
    yield "watch event -> drift reported, p50 of %d" % rounds, percentile(delays, 0.5), "ms", ("<=", 20)
    yield "watch event -> drift reported, p99", percentile(delays, 0.99), "ms", None


# Resident and private MiB.
MEMORY_TARGETS = {10: (17, 4), 500: (20, 6), 5000: (45, 30), 20000: (130, 110)}


@row
def memory(lab):
    for count in quick((10, 500, 5000, 20000), (10, 500)):
        _, repo, agent = many(lab, count)
        resident, private = agent.memory()
        yield "%d objects, resident" % count, resident / 1024, "MiB", ("<=", MEMORY_TARGETS[count][0])
        yield "%d objects, private" % count, private / 1024, "MiB", ("<=", MEMORY_TARGETS[count][1])
        if count == 500:
            for i in range(quick(100, 10)):
                line = len(agent.lines)
                change(repo, [2], next(versions))
                agent.wait_for("replaced", line)
            agent.settle(still=3.0)
            again = agent.memory()[1]
            yield "and after %d more commits, private" % quick(100, 10), again / 1024, "MiB", ("<=", 1.1 * private / 1024)
        agent.stop()


@row
def idle(lab):
    seconds = quick(30, 5)
    _, _, agent = many(lab, 12)
    before, cpu_before = agent.switches(), agent.cpu()
    time.sleep(seconds)
    yield "wake-ups of the idle agent in %d s" % seconds, agent.switches() - before, "", None
    yield "its CPU time meanwhile", 1000 * (agent.cpu() - cpu_before), "ms", ("<=", 1)
    agent.stop()


# --- without a cluster ------------------------------------------------------------------------------------


def sections(path):
    sizes = {}
    for line in Run(["size", "-A", path]).out.splitlines():
        words = line.split()
        if len(words) == 3 and words[0].startswith("."):
            sizes[words[0]] = int(words[1])
    return sizes


@row
def binary(lab):
    stripped = lab.work + "/tranche"
    Run(["strip", "-o", stripped, TRANCHE])
    sizes = sections(stripped)
    yield "tranche, stripped", os.path.getsize(stripped) / 1024, "KiB", ("<=", 400)
    for section in (".text", ".rodata", ".data.rel.ro"):
        yield "of which " + section, sizes.get(section, 0) / 1024, "KiB", None
    for floor in ("diff", "apply", "agent"):
        objects = glob.glob("%s/obj/%s/*.o" % (BUILD, floor))
        total = Run(["size", "-t", *objects]).out.splitlines()[-1].split()
        yield "code and data of %s/" % floor, int(total[3]) / 1024, "KiB", None


def empty_program(lab):
    """One that does nothing, linked with the libraries that tranche is."""
    libraries = re.findall(r"=> (\S+)", Run(["ldd", TRANCHE]).out)
    needed = re.findall(r"NEEDED.*\[(\S+)\]", Run(["readelf", "-d", TRANCHE]).out)
    paths = [path for path in libraries if os.path.basename(path) in needed]
    write(lab.work + "/empty.c", "int main(void) { return 0; }\n")
    Run(["cc", "-O2", "-pie", "-fPIE", "-Wl,-z,relro,-z,now,--no-as-needed", "-o", lab.work + "/empty",
         lab.work + "/empty.c", *paths])
    return lab.work + "/empty"


class Listener:
    """An address where nobody answers: says when the first byte came, and hangs up."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]

    def first_byte(self):
        connection, _ = self.socket.accept()
        connection.recv(1)
        return connection


@row
def start(lab):
    rounds = quick(60, 15)
    empty = empty_program(lab)
    env = dict(os.environ, HOME=lab.work, KUBECONFIG=lab.work + "/none")
    manifest = lab.work + "/start.yaml"
    mixed = mixed_objects(lab.work + "/start", 3)
    shutil.copy(glob.glob(mixed + "/*/*config.yaml")[0], manifest)
    listener = Listener()
    nothing_at_all, version, request = [], [], []
    for _ in range(rounds):
        nothing_at_all.append(Run([empty]).wall)
        version.append(Run([TRANCHE, "version"]).wall)
        began = time.monotonic()
        child = subprocess.Popen([TRANCHE, "diff", "--server", listener.url, "-f", manifest], env=env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        connection = listener.first_byte()
        request.append(time.monotonic() - began)
        child.kill(), child.wait(), connection.close()
    yield "an empty program with the same libraries", 1000 * median(nothing_at_all), "ms", None
    yield "tranche version", 1000 * median(version), "ms", None
    yield "tranche diff to its first request", 1000 * median(request), "ms", None
    yield "version: times the empty program", median(version) / median(nothing_at_all), "x", ("<=", 1.5)
    yield "first request: times the empty program", median(request) / median(nothing_at_all), "x", ("<=", 4)


@row
def yaml(lab):
    folder = mixed_objects(lab.work + "/yaml", quick(8000, 1000))
    text = "---\n".join(open(path).read() for path in sorted(glob.glob(folder + "/*/*.yaml")))
    big, small = lab.work + "/big.yaml", lab.work + "/small.yaml"
    write(big, text)
    write(small, CONFIG_MAP_OF_NOTHING)
    rounds = quick(7, 3)
    megabytes = os.path.getsize(big) / 1e6

    def seconds(program, times, **options):
        beyond = [run.cpu for run in repeat(times, [*program, big], **options)]
        at_all = [run.cpu for run in repeat(times, [*program, small], **options)]
        return min(beyond) - min(at_all)

    ours = seconds([BUILD + "/yaml2json", "--quiet"], rounds)
    checked = seconds([TRANCHE, "validate", "-f"], rounds, ok=(0, 1))
    theirs = seconds(["kubectl", "label", "--local", "-o", "name", "k=v", "-f"], quick(3, 2), env=lab.env)
    yield "YAML to objects", megabytes / ours, "MB/s", (">=", 50)
    yield "with all offline checks (validate)", megabytes / checked, "MB/s", None
    yield "kubectl's decoding of the same files", megabytes / theirs, "MB/s", None
    yield "faster than kubectl's", theirs / ours, "x", (">=", 3)


CONFIG_MAP_OF_NOTHING = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nothing}\n"


# --- growth -------------------------------------------------------------------------------------------------


@row
def growth(lab):
    """The agent's CPU for a commit: all of n objects changed, and one of n."""
    for count in quick((10, 100, 1000, 10000), (10, 100)):
        _, repo, agent = many(lab, count)
        one = cost_of_change(lab, agent, repo, [2], 3)
        agent.settle(still=3.0)
        private = agent.memory()[1]
        every = cost_of_change(lab, agent, repo, range(count), 1)
        agent.stop()
        yield "all of %d changed, CPU" % count, 1000 * every, "ms", None
        yield "one of %d changed, CPU" % count, 1000 * one, "ms", None
        yield "memory with %d, private" % count, private / 1024, "MiB", None
