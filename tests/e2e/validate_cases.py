"""validate_cases.py CASES FOLDER: an object for each case, FOLDER/objects/LINE.json, and of each StatefulSet
the Deployment with the same template, FOLDER/twins/LINE.json. The objects' names hold the line's number."""

import copy
import json
import os
import re
import sys

TEMPLATE = {
    "metadata": {"labels": {"app": "a"}},
    "spec": {
        "containers": [{"name": "main", "image": "nginx"}],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    },
}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
BASES = {
    "sts": ("apps/v1", "StatefulSet", {"spec": {
        "serviceName": "web", "selector": {"matchLabels": {"app": "a"}}, "template": TEMPLATE,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": CLAIM}]}}),
    "service": ("v1", "Service", {"spec": {"selector": {"app": "a"}, "ports": [{"port": 80}]}}),
    "config": ("v1", "ConfigMap", {"data": {"key": "value"}}),
    "secret": ("v1", "Secret", {"data": {"key": "dmFsdWU="}}),
    "claim": ("v1", "PersistentVolumeClaim", {"spec": CLAIM}),
    "job": ("batch/v1", "Job", {"spec": {"template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "main", "image": "work"}]}}}}),
    "budget": ("policy/v1beta1", "PodDisruptionBudget", {"spec": {"minAvailable": 1}}),
    "scaler": ("autoscaling/v1", "HorizontalPodAutoscaler", {"spec": {
        "maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web"}}}),
    "policy": ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}}}),
    "class": ("storage.k8s.io/v1", "StorageClass", {"provisioner": "example.org/disk"}),
    "role": ("rbac.authorization.k8s.io/v1", "Role", {"rules": []}),
    "namespace": ("v1", "Namespace", {}),
}


def put(item, path, value):
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
    for step in steps[:-1]:
        item = item.setdefault(step, {}) if isinstance(step, str) else item[step]
    if value is None:
        item.pop(steps[-1], None)
    elif isinstance(item, list) and steps[-1] == len(item):
        item.append(json.loads(value))
    else:
        item[steps[-1]] = json.loads(value)


def made(line, base, path, value):
    version, kind, rest = BASES[base]
    item = {"apiVersion": version, "kind": kind, "metadata": {"name": "case-%d" % line}}
    item.update(copy.deepcopy(rest))
    put(item, path, value)
    return item


def twin_of(item):
    """None where what is wrong is not the template's."""
    template = copy.deepcopy(item["spec"].get("template"))
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return None
    for claim in item["spec"]["volumeClaimTemplates"]:
        template["spec"]["volumes"].append({"name": claim["metadata"]["name"], "emptyDir": {}})
    template.setdefault("metadata", {}).setdefault("labels", {})["app"] = "a"
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": item["metadata"]["name"]},
            "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template}}


def write(folder, line, item):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "%03d.json" % line), "w", encoding="utf-8") as file:
        json.dump(item, file)


def main(cases, folder):
    with open(cases, encoding="utf-8") as file:
        for line, text in enumerate(file, 1):
            text = re.sub(r"\s+# differs: .*", "", text.rstrip("\n"))
            if not text or text.startswith("#"):
                continue
            base, path, value = text.split(" ", 2)
            item = made(line, base, path, None if value == "-" else value)
            write(os.path.join(folder, "objects"), line, item)
            twin = twin_of(item) if base == "sts" and path.startswith("spec.template") else None
            if twin:
                write(os.path.join(folder, "twins"), line, twin)


main(*sys.argv[1:])
