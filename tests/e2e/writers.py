"""Who wrote, by the audit log of a control plane or by kubesim's --verbose: writers.py LOG NAMESPACE LEASE

Each write that was done (no dry runs) has to be of the one who wrote the Lease last, but for one that may have been on its
way from the look at the clock to the network when its process was stopped. Prints who wrote anything else, in turns, and
fails with the writes that are not so.
"""

import json
import re
import sys
from urllib.parse import urlsplit

ON_ITS_WAY = 1  # a process that is stopped sends one write at a time
WRITES = {"create": "POST", "update": "PUT", "delete": "DELETE"}


def audited(line):
    """(user, method, URI, status) of an audit event; None: it was no write."""
    event = json.loads(line)
    user = event.get("impersonatedUser", event["user"])["username"]
    if event["verb"] not in WRITES or "responseStatus" not in event:
        return None
    return user, WRITES[event["verb"]], event["requestURI"], event["responseStatus"]["code"]


def logged(line):
    """The same of a line of kubesim: "PUT /path?query 200 as USER"."""
    match = re.fullmatch(r"(POST|PUT|DELETE) (\S+) (\d+) as (\S+)", line.strip())
    return match and (match[4], match[1], match[2], int(match[3]))


def main():
    path, namespace, lease = sys.argv[1:]
    holder, turns, strays = None, [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            write = audited(line) if line.startswith("{") else logged(line)
            if not write or f"/namespaces/{namespace}/" not in write[2] or write[3] >= 300:
                continue
            user, method, uri, _ = write
            if "dryRun=All" in uri or not user.startswith("agent-"):
                continue
            resource = urlsplit(uri).path.split(f"/namespaces/{namespace}/")[1]
            if resource in ("leases", f"leases/{lease}"):
                holder = user
                continue
            if user != holder:
                strays.append(f"{method} {resource} by {user}, while {holder} held the lease")
                continue
            if not turns or turns[-1] != user:
                turns.append(user)
    print(" ".join(turns))
    if len(strays) > ON_ITS_WAY:
        print("\n".join(strays[:20]), end="")
    sys.exit(len(strays) > ON_ITS_WAY)


main()
