#!/usr/bin/env bash
# drift: revert. What somebody changes is put back at once, and told with who did it; one who keeps at it is put
# back less and less often, which is called a fight and told once.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset

# put_back COUNT OBJECT: how often the agent's lines say so.
put_back() {
	grep -c "$1: drift: .*; put back\$" "$work/agent.log"
}

# colour_is COLOUR
colour_is() {
	[ "$(field configmap/settings .data.colour)" = "$1" ]
}

new_repo "$repo"
walkthrough_manifest 2 nginx:1.25.4 0 >"$repo/web.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: green}\n' >"$repo/settings.yaml"
commit "$repo" "two Pods"
start_agent --repo "$repo" --self-heal --log-level debug
wait_equal "first sync" 60 "0=nginx:1.25.4 1=nginx:1.25.4" pods_images nginx-statefulset
wait_equal "it is complete" 30 1 count_log "2 of 2 Pods on nginx:1.25.4"

kube scale $sts --replicas=4 >/dev/null
wait_equal "a scale is undone" 30 2 field $sts .spec.replicas
wait_equal "and told" 30 1 count_drift "spec.replicas 2 -> 4; put back"
wait_equal "with what was written" 30 1 count_log "replaced: spec.replicas 4 -> 2"
kube delete service nginx-stateful-service >/dev/null
wait_for 30 has_field service/nginx-stateful-service .spec.clusterIP
wait_equal "a deletion is undone" 30 1 count_log "service/nginx-stateful-service: drift: deleted; put back"
check_equal "nothing of it is a lasting drift" 0 "$(count_log "drift ended")"

# Somebody paints it red whenever it is green: a program that is faster than kubectl, so that it comes before
# the time is over for which the agent waits then.
setpriv --pdeathsig KILL kubectl proxy --port=0 >"$work/proxy" 2>&1 </dev/null &
wait_for 30 grep -q ':[0-9]' "$work/proxy"
setpriv --pdeathsig KILL python3 - "$(grep -o '127.0.0.1:[0-9]*' "$work/proxy")" "$namespace" 4 >"$work/painter.log" 2>&1 <<'EOT' &
import http.client, json, sys, time
server, namespace, times = sys.argv[1:]
connection = http.client.HTTPConnection(server, timeout=60)
path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
painted = 0
while painted < int(times):
    connection.request("GET", path)
    if json.load(connection.getresponse())["data"]["colour"] == "green":
        connection.request("PATCH", path + "?fieldManager=kubectl-patch", json.dumps({"data": {"colour": "red"}}),
                           {"Content-Type": "application/merge-patch+json"})
        answer = connection.getresponse()
        answer.read()
        painted += answer.status == 200
    time.sleep(0.01)
EOT
painter=$!
wait_equal "each change is undone" 120 4 put_back configmap/settings
wait "$painter"
check_equal "there were so many" 0 $?
wait_for 30 colour_is green

# What the log says of it. A wait is counted from the write before: what is left of it when the change is seen may be less,
# or, where the painter was slow, nothing.
told() {
	python3 - "$work/agent.log" <<-'EOT'
		import re, sys
		from datetime import datetime
		last, change, waits = None, 1, None
		for line in open(sys.argv[1]):
		    drift = re.search(r"configmap/settings: drift: data.colour green -> red by kubectl \(patch\) at [0-9:]+; put back(?: in (.*))?$", line)
		    if not drift:
		        continue
		    least = 0 if change == 1 else 1 << (change - 1)
		    if drift[1]:
		        left = sum(float(n) * {"ms": 0.001, "s": 1}[unit] for n, unit in re.findall(r"([0-9.]+)(ms|s)", drift[1]))
		        waits = "waits, " if waits is None and 0 < left <= least else f"{waits} and {left} s of {least} s, "
		        continue
		    time = datetime.fromisoformat(line.split()[0].rstrip("Z"))
		    waited = (time - last).total_seconds() if last else 0
		    if waits is None:
		        waits = "" if change == 1 else "waits, " if waited >= least else "does not wait, "
		    print(f"change {change} {waits}is undone:", "in its time" if waited >= least - 0.5 else f"after {waited} s")
		    last, change, waits = time, change + 1, None
	EOT
}
check_equal "it is undone less and less often, and while it waits it is drift" \
"change 1 is undone: in its time
change 2 waits, is undone: in its time
change 3 waits, is undone: in its time
change 4 waits, is undone: in its time" "$(told)"
wait_equal "which ends each time" 30 "$(grep -c 'configmap/settings: drift: .*; put back in ' "$work/agent.log")" \
	count_log "configmap/settings: drift ended"
check_equal "a fight is told once, at the third change" "1 1" \
	"$(count_log "configmap/settings: kubectl (patch) has changed it 3 times; it is put back less and less often") $(count_log "less and less often")"
kube scale $sts --replicas=3 >/dev/null
wait_equal "another object does not wait for it" 30 2 field $sts .spec.replicas

# One look a change, and one when its time has come; nothing is tried in between.
looks=$(count_log "that somebody changed")
check_equal "looks are few: $looks" yes "$([ "$looks" -le 20 ] && echo yes)"
finish
