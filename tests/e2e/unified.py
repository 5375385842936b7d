"""What test_unified.sh makes of objects: changed manifests, and the differences as kubectl shows them.

unified.py change JSON-LINES FOLDER
    Reads manifests, one a line, changes each in all ways that a server permits for its kind, and
    writes a file each: FOLDER/kubectl/NAME.json, or FOLDER/tranche/NAME.json where a replace by kubectl
    would not do the same ("What is carried over" in docs/semantics.md).
unified.py normalise LIST FOLDER
    Reads what `kubectl get -o json` prints and writes FOLDER/NAME.json of each, without what the
    server owns and with the values of Secrets as digests.
unified.py compare BEFORE AFTER UNIFIED
    Holds `diff -u` of the objects in two files, as kubectl prints them in YAML, against ours, and
    prints what is not the same; then "OBJECTS CHANGED-LINES".
"""

import hashlib
import json
import os
import re
import subprocess
import sys

# A PUT of the manifest alone would be refused, or take something away.
CARRIED = {"Service", "ServiceAccount", "PersistentVolumeClaim", "PersistentVolume", "Job", "Pod", "ClusterRole",
           "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}

SCRIPT = "#!/bin/sh\n# changed: by 'hand'\n\tif true; then\n\t  echo \"$1\"\n\tfi\n"
LONG = "a line that is longer than eighty columns, so that a printer of YAML has to fold it somewhere: here"


def change_pod(spec):
    first = spec["containers"][0]
    first["image"] = "changed:2"
    first["args"] = ["-c", SCRIPT, "yes", "0644", "1e3", LONG]
    first["env"] = (first.get("env") or [])[1:] + [{"name": "CHANGED", "value": "no"}, {"name": "EMPTY2"}]
    first["resources"] = {"requests": {"cpu": "0.1", "memory": "0.0625Gi"}}
    first.pop("readinessProbe", None)
    spec["containers"].insert(0, {"name": "new", "image": "new", "ports": [{"containerPort": 65000}]})
    spec["volumes"] = list(reversed(spec.get("volumes") or [])) + [{"name": "new", "emptyDir": {}}]
    spec["terminationGracePeriodSeconds"] = 7


def change_template(template):
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = dict(metadata.get("labels") or {}, changed="true")
    metadata["annotations"] = {"changed": "1.0", "script": SCRIPT}
    change_pod(template["spec"])


def change_stateful_set(spec):
    change_template(spec["template"])
    spec["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    if "replicas" in spec:
        spec["replicas"] = (spec["replicas"] or 0) + 1


def change_deployment(spec):
    change_template(spec["template"])
    spec["paused"] = True


def change_daemon_set(spec):
    change_template(spec["template"])
    spec["updateStrategy"] = {"type": "OnDelete"}


def change_job(spec):
    spec["backoffLimit"] = 9


def change_cron_job(spec):
    spec["schedule"] = "*/5 * * * *"
    spec["suspend"] = True
    change_template(spec["jobTemplate"]["spec"]["template"])


def change_service(spec):
    if spec.get("type") == "ExternalName":
        spec["externalName"] = "changed.example.org"
        return
    ports = spec["ports"]
    ports[0]["targetPort"] = "changed" if isinstance(ports[0].get("targetPort"), int) else 7777
    for index, port in enumerate(ports):
        port.setdefault("name", "port-%d" % index)
    ports.append({"name": "changed", "port": 65001})
    spec["selector"] = dict(spec.get("selector") or {}, changed="yes")


def change_data(item):
    if item.get("immutable"):
        return
    data = item.get("data") or {}
    item["data"] = dict(list(data.items())[1:], changed=SCRIPT, number="1e3", long=LONG, tabs="a\tb\n", empty="")
    item["binaryData"] = {"changed.bin": "AAECAw=="}


def change_secret(item):
    if item.get("type", "Opaque") == "Opaque":
        item["stringData"] = dict(item.get("stringData") or {}, changed="hunter2-changed")


def change_role(item):
    # What another role gathers would change that too.
    gathered = item["kind"] == "ClusterRole" and "labels" in item["metadata"]
    if "aggregationRule" not in item and not gathered:
        item["rules"] = (item.get("rules") or [])[1:] + [
            {"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get", "list"]}]


def change_binding(item):
    item["subjects"] = [{"kind": "Group", "name": "changed:yes", "apiGroup": "rbac.authorization.k8s.io"}] + \
        (item.get("subjects") or [])


def change_network_policy(spec):
    spec["policyTypes"] = ["Ingress", "Egress"]
    spec["egress"] = [{"ports": [{"port": 53, "protocol": "UDP"}], "to": [{"namespaceSelector": {}}]}]


def change_ingress(spec):
    spec["tls"] = [{"hosts": ["changed.example.org"], "secretName": "changed"}]


def change_disruption_budget(spec):
    spec.pop("minAvailable", None)
    spec["maxUnavailable"] = "33%"


def change_quota(spec):
    spec["hard"] = dict(spec["hard"], **{"requests.cpu": "100000m", "count/secrets": 5000})


def change_limits(spec):
    spec["limits"].append({"type": "Pod", "max": {"cpu": "16000m", "memory": "1e11"}})


def change_autoscaler(spec):
    spec["maxReplicas"] += 3  # not the least number: its controller would scale what it targets meanwhile


def change_custom(item):
    item["spec"] = dict(item.get("spec") or {}, legs=9)


def change_definition(spec):
    spec["names"]["shortNames"] = ["chg"]


def change_storage_class(item):
    item["allowVolumeExpansion"] = True


def change_webhooks(item):
    item["webhooks"][0]["timeoutSeconds"] = 7


def of_spec(change):
    return lambda item: change(item["spec"])


CHANGES = {
    "StatefulSet": of_spec(change_stateful_set), "Deployment": of_spec(change_deployment),
    "DaemonSet": of_spec(change_daemon_set), "Job": of_spec(change_job), "CronJob": of_spec(change_cron_job),
    "Service": of_spec(change_service), "ConfigMap": change_data, "Secret": change_secret,
    "Role": change_role, "ClusterRole": change_role, "RoleBinding": change_binding, "ClusterRoleBinding": change_binding,
    "NetworkPolicy": of_spec(change_network_policy), "Ingress": of_spec(change_ingress),
    "PodDisruptionBudget": of_spec(change_disruption_budget), "ResourceQuota": of_spec(change_quota),
    "LimitRange": of_spec(change_limits), "HorizontalPodAutoscaler": of_spec(change_autoscaler),
    "Animal": change_custom, "CustomResourceDefinition": of_spec(change_definition),
    "StorageClass": change_storage_class, "ValidatingWebhookConfiguration": change_webhooks,
}


def change(item):
    CHANGES.get(item["kind"], lambda _: None)(item)
    metadata = item["metadata"]
    metadata["labels"] = dict(metadata.get("labels") or {}, **{"example.org/changed": "yes", "a": "1"})
    kept = {key: value for key, value in (metadata.get("annotations") or {}).items() if "kubernetes.io/" in key}
    metadata["annotations"] = dict(kept, **{"changed": "true", "text": LONG + "\n\n  indented\n", "empty": "", "quoted": "it's: \"#1\""})


def is_carried(item):
    return item["kind"] in CARRIED or (item["kind"] == "StatefulSet" and "replicas" not in item["spec"])


def file_name(item):
    return re.sub("[/:]", "_", "%s-%s-%s" % (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]))


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)


def change_all(source, folder):
    with open(source, encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("{")]
    for line in lines:
        item = json.loads(line)
        change(item)
        write(os.path.join(folder, "tranche" if is_carried(item) else "kubectl", file_name(item) + ".json"), item)


# --- as the server has them -----------------------------------------------------------------------

OWNED = ("uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields")
# Annotations, and a label, that a controller or kubectl's apply writes back.
WRITTEN_BACK = re.compile(r"^(kubectl\.kubernetes\.io/last-applied-configuration|deployment\.kubernetes\.io/revision|deprecated\.daemonset\.template\.generation|"
                          r"autoscaling\.alpha\.kubernetes\.io/.*|kubernetes\.io/metadata\.name|"
                          r"batch\.kubernetes\.io/job-tracking|pv\.kubernetes\.io/bound-by-controller|"
                          r"pv\.kubernetes\.io/bind-completed|volume(\.beta)?\.kubernetes\.io/storage-provisioner)$")


def normalise(item):
    item.pop("status", None)
    metadata = item["metadata"]
    for key in OWNED:
        metadata.pop(key, None)
    for name in ("labels", "annotations"):
        kept = {key: value for key, value in metadata.pop(name, {}).items() if not WRITTEN_BACK.match(key)}
        if kept:
            metadata[name] = kept
    for claim in item.get("spec", {}).get("volumeClaimTemplates", []) if item["kind"] == "StatefulSet" else []:
        for key in ("apiVersion", "kind", "status"):
            claim.pop(key, None)
        claim["metadata"].pop("creationTimestamp", None)
    if item["kind"] == "Secret":
        for key, value in item.get("data", {}).items():
            item["data"][key] = "*** " + hashlib.sha256(value.encode()).hexdigest()


def normalise_all(source, folder):
    with open(source, encoding="utf-8") as file:
        items = json.load(file)["items"]
    for item in items:
        normalise(item)
        write(os.path.join(folder, file_name(item) + ".json"), item)


# --- differences ------------------------------------------------------------------------------------


def documents(path):
    """The objects of a file in YAML, by the name that tranche has for them."""
    with open(path, encoding="utf-8") as file:
        texts = re.split("^---\n", file.read(), flags=re.M)
    found = {}
    for text in texts:
        if not text.strip():
            continue
        text = re.sub("^  creationTimestamp: null\n", "", text, flags=re.M)
        group = re.search(r"^apiVersion: (?:(\S+)/)?\S+$", text, re.M).group(1)
        kind = re.search(r"^kind: (\S+)$", text, re.M).group(1).lower()
        metadata = re.search(r"^metadata:\n((?:  .*\n|\n)+)", text, re.M).group(1)
        name = re.search(r"^  name: (\S+)$", metadata, re.M).group(1).strip("'\"")
        namespace = re.search(r"^  namespace: (\S+)$", metadata, re.M)
        found["%s%s%s/%s" % (namespace.group(1) + "/" if namespace else "", kind, "." + group if group else "", name)] = text
    return found


def mask(before, after):
    """As `kubectl diff` shows the values of a Secret."""
    values = [dict(re.findall(r"^  (\S+): ('\*\*\* \S+'|\"\*\*\* \S+\"|\*\*\* \S+)$", text, re.M)) for text in (before, after)]

    def shown(text, own, other, note):
        for key, value in own.items():
            differs = key in other and other[key] != value
            text = text.replace("  %s: %s\n" % (key, value), "  %s: '***%s'\n" % (key, note if differs else ""))
        return text

    return shown(before, values[0], values[1], " (before)"), shown(after, values[1], values[0], " (after)")


def unified(before, after):
    """The hunks that diff -u shows."""
    for name, text in (("before", before), ("after", after)):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    done = subprocess.run(["diff", "-u", "before", "after"], capture_output=True, check=False)
    return "".join(done.stdout.decode().splitlines(keepends=True)[2:])


def ours(path):
    with open(path, encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    parts = re.split(r"^--- live/(\S+)\n\+\+\+ git/\S+\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


# A node port that nobody named: the next one is another, also for two servers' answers.
CHOSEN_PORT = re.compile(r"^\+(    |  - )nodePort: \d+$", re.M)


def compare(before_path, after_path, unified_path):
    before, after, seen = documents(before_path), documents(after_path), ours(unified_path)
    lines = 0
    for name in sorted(before):
        old, new = before[name], after.get(name, "")
        if "/secret/" in "/" + name:
            old, new = mask(old, new)
        expected = unified(old, new)
        lines += sum(1 for line in expected.splitlines() if line[0] in "+-")
        if not expected:
            print("%s is not changed" % name)
        if CHOSEN_PORT.sub("", expected) != CHOSEN_PORT.sub("", seen.get(name, "")):
            print("== %s: kubectl:\n%s== tranche:\n%s" % (name, expected, seen.get(name, "")))
    for name in sorted(set(seen) - set(before)):
        print("== %s is shown, but kubectl has none" % name)
    print(len(before), lines)


{"change": change_all, "normalise": normalise_all, "compare": compare}[sys.argv[1]](*sys.argv[2:])
