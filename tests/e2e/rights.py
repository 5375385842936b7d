"""Which rights a service account used, and which it has.

	rights.py used USER NAMESPACE [AUDIT-LOG-LINE]...  of the audit log on standard input: "VERB RESOURCE.GROUP",
	                                                   one a line; "denied: ..." of what was refused, and where
	rights.py granted                                  the same of Roles, as kubectl get -o json prints them
"""
import json
import sys


def right(verb, group, resource):
    name, slash, part = resource.partition("/")
    return "%s %s%s%s" % (verb, name, "." + group if group else "", slash + part)


def used(user, namespace):
    for line in sys.stdin:
        event = json.loads(line)
        if event["user"]["username"] != user or "responseStatus" not in event:
            continue
        about = event.get("objectRef")
        code = event["responseStatus"]["code"]
        if not about or "resource" not in about:  # discovery
            if code == 403:
                yield "denied: %s" % event["requestURI"]
            continue
        resource = about["resource"] + ("/" + about["subresource"] if "subresource" in about else "")
        name = right(event["verb"], about.get("apiGroup", ""), resource)
        where = about.get("namespace", "")
        if code == 403 or where != namespace:
            yield "%s: %s in %s" % ("denied" if code == 403 else "elsewhere", name,
                                    where or "all namespaces")
        else:
            yield name


def granted():
    for role in json.load(sys.stdin)["items"]:
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        yield right(verb, group, resource)


print("\n".join(sorted(set(granted() if sys.argv[1] == "granted" else used(*sys.argv[2:4])))))
