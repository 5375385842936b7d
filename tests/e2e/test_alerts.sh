#!/usr/bin/env bash
# What people are told, and where: every kind of sink is told once when a condition begins and once when it
# ends, also over a restart; several objects of one sync are one message. With a real Alertmanager, where
# there is one.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
sts=statefulset/nginx-statefulset
service=service/nginx-stateful-service
got=$work/got.jsonl
: >"$got"

# --- receivers ------------------------------------------------------------------------------------

background() {
	setpriv --pdeathsig KILL "$@" </dev/null &
}

background python3 "$here/../support/receiver.py" "$work/port" "$got" >"$work/receiver.log" 2>&1
wait_for 30 test -s "$work/port" || exit 1
receiver=http://127.0.0.1:$(<"$work/port")

alertmanager=$("$here/alertmanager")
if [ -n "$alertmanager" ]; then
	port=$(free_port)
	cat >"$work/alertmanager.yml" <<-EOT
		route: {receiver: nobody}
		receivers: [{name: nobody}]
	EOT
	background "$alertmanager" --config.file="$work/alertmanager.yml" --storage.path="$work/alertmanager" \
		--web.listen-address="127.0.0.1:$port" --cluster.listen-address= >"$work/alertmanager.log" 2>&1
	am=http://127.0.0.1:$port
	is_up() { python3 -c "import urllib.request as r; r.urlopen('$am/-/ready')" 2>/dev/null; }
	wait_for 30 is_up || exit 1
else
	echo "    no Alertmanager here: its sink is told to a recorder"
	am=$receiver/am
fi

# active ALERTNAME: the labels and the summary of what Alertmanager says is on.
active() {
	python3 - "$am" "$1" <<-'EOT'
		import json, sys, urllib.request
		alerts = json.load(urllib.request.urlopen(sys.argv[1] + "/api/v2/alerts?active=true"))
		for alert in alerts:
		    if alert["labels"]["alertname"] == sys.argv[2]:
		        print(*sorted(v for k, v in alert["labels"].items() if k != "namespace"), sep=" ")
	EOT
}

# wait_active WHAT ALERTNAME EXPECTED
wait_active() {
	[ -z "$alertmanager" ] || wait_equal "$1" 30 "$3" active "$2"
}

# told TYPE: how many CloudEvents of the type came.
told() {
	python3 - "$got" "dev.tranche.$1" <<-'EOT'
		import json, sys
		events = [json.loads(json.loads(line)["body"]) for line in open(sys.argv[1])
		          if json.loads(line)["path"] == "/hook"]
		print(sum(event["type"] == sys.argv[2] for event in events))
	EOT
}

# slack TITLE COUNT [OBJECT]: how many messages to the chat have so many attachments with that title, about that object;
# what else there was to tell in that moment may be in them, too.
slack() {
	python3 - "$got" "$@" <<-'EOT'
		import json, sys
		title, count, objects = sys.argv[2], int(sys.argv[3]), sys.argv[4:]
		messages = [json.loads(json.loads(line)["body"]) for line in open(sys.argv[1])
		            if json.loads(line)["path"].startswith("/services/")]
		print(sum(count == sum(a["title"] == title and (not objects or {"title": "Object", "value": objects[0], "short": True} in a["fields"])
		                       for a in message["attachments"]) for message in messages))
	EOT
}

# events REASON: the Events of ours with that reason on the StatefulSet, as "TYPE NOTE".
events() {
	kube get events.events.k8s.io -o json | python3 -c '
import json, sys
for event in json.load(sys.stdin)["items"]:
    if event["reason"] == sys.argv[1] and event["regarding"]["kind"] == "StatefulSet":
        print(event["type"], event["note"].split(" by ")[0].split(";")[0])' "$1"
}

# --- the agent --------------------------------------------------------------------------------------

echo "$receiver/services/T000/SECRET-PATH" >"$work/chat-url"
echo "SECRET-KEY" >"$work/key"
echo "SECRET-TOKEN" >"$work/token"
cat >"$work/notify" <<-EOT
	#!/bin/sh
	[ ! -e '$work/down' ] || exit 75
	cat >>'$work/commands'; echo >>'$work/commands'
EOT
chmod +x "$work/notify"
cat >"$work/config.yaml" <<-EOT
	apiVersion: tranche.dev/v1
	kind: Config
	apps:
	  - name: shop
	    namespace: $namespace
	    interval: 1h
	    source: {repo: $repo}
	alerts:
	  sinks:
	    - {name: chat, type: slack, urlFile: chat-url}
	    - {name: hook, type: cloudevents, url: "$receiver/hook", secretFile: key, tokenFile: token}
	    - {name: pager, type: alertmanager, url: "$am", severity: warning}
	    - {name: events, type: events}
	    - {name: command, type: command, command: [$work/notify], kinds: [drift]}
EOT

run_agent() {
	setpriv --pdeathsig KILL "$build/tranche" run --config "$work/config.yaml" --log-level debug >>"$work/agent.log" 2>&1 </dev/null &
	agent_pid=$!
}

sync_now() {
	kill -HUP "$agent_pid"
}

# killed_meanwhile COMMAND...: kills the agent, runs the command, and starts it again.
killed_meanwhile() {
	stop_agent KILL
	"$@"
	run_agent
}

new_repo "$repo"
walkthrough_manifest 3 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "three Pods"
run_agent
wait_equal "first sync" 60 "0=nginx:1.25.4 1=nginx:1.25.4 2=nginx:1.25.4" pods_images nginx-statefulset
wait_equal "both objects are one message" 30 1 slack Synced 2
wait_equal "and one event" 30 1 told synced.once
wait_equal "the rollout is complete" 30 1 told rollout-complete.once
check_equal "both objects were one message" "0 1 1" "$(slack Synced 1) $(slack Synced 2) $(told synced.once)"

# --- drift begins and ends ---------------------------------------------------------------------------

kube scale $sts --replicas=4 >/dev/null
sync_now
object=$namespace/statefulset.apps/nginx-statefulset
wait_equal "drift: Slack" 30 1 slack Drift 1 "$object"
wait_equal "drift: CloudEvents" 30 1 told drift.begins
wait_active "drift: Alertmanager" TrancheDrift "TrancheDrift shop statefulset.apps/nginx-statefulset warning"
wait_equal "drift: an Event on the StatefulSet" 30 "Warning spec.replicas 3 -> 4" events Drift
wait_equal "drift: a command" 30 1 grep -c drift.begins "$work/commands"
check_like "kubectl describe shows it" "*Drift*tranche.dev/agent*spec.replicas 3 -> 4*" "$(kube describe $sts | sed -n '/^Events/,$p' | tr '\n' ' ')"
sync_now
sync_now
kube scale $sts --replicas=3 >/dev/null
sync_now
wait_equal "its end: Slack" 30 1 slack "Resolved: Drift" 1 "$object"
wait_equal "its end: CloudEvents" 30 1 told drift.ends
wait_active "its end: Alertmanager" TrancheDrift ""
wait_equal "its end: an Event" 30 "Normal over: spec.replicas 3 -> 4" events DriftEnded
wait_equal "its end: a command" 30 1 grep -c drift.ends "$work/commands"
check_equal "told once" "1 1" "$(told drift.begins) $(told drift.ends)"

# --- over restarts ------------------------------------------------------------------------------------

# in_inventory TEXT: how often the text is in what the next process will know.
in_inventory() {
	kube get configmap tranche-shop -o jsonpath='{.data.inventory\.json}' | grep -oF "$1" | wc -l
}

meddle() {
	kube scale "$sts" --replicas=4 >/dev/null
	kube label "$service" meddled=yes >/dev/null
}

wait_equal "what is over is forgotten" 30 0 in_inventory '"since"'
killed_meanwhile meddle
wait_equal "two objects that drifted are one message" 60 1 slack Drift 2
wait_equal "and one event" 30 2 told drift.begins
wait_equal "what was told is kept" 30 2 in_inventory '"since"'
wait_equal "and that everybody was" 30 0 in_inventory '"untold"'
killed_meanwhile true
wait_equal "the restarted agent has looked" 60 3 count_log "spec.replicas 3 -> 4"
mend() { kube scale "$sts" --replicas=3 >/dev/null; }
killed_meanwhile mend
wait_equal "what ended while it was away is told" 60 2 told drift.ends
check_equal "what holds is not told again" 2 "$(told drift.begins)"
kube label $service meddled- >/dev/null
sync_now
wait_equal "the other ends" 30 3 told drift.ends

# --- killed before a receiver could be told -------------------------------------------------------------

wait_equal "nothing holds, and nothing is owed" 30 0 in_inventory '"since"'
: >"$work/commands"
touch "$work/down"
kube scale $sts --replicas=4 >/dev/null
wait_equal "the others are told" 30 3 told drift.begins
wait_equal "to whom it is owed is kept" 30 1 in_inventory '"untold":["command"]'
recover() { mend; rm "$work/down"; }
killed_meanwhile recover
wait_equal "its begin is told by the next process" 60 1 grep -c drift.begins "$work/commands"
wait_equal "and its end" 60 1 grep -c drift.ends "$work/commands"
wait_equal "nothing is owed any more" 30 0 in_inventory '"untold"'
check_equal "who was told is not told again" "3 4" "$(told drift.begins) $(told drift.ends)"

# --- commits and rollouts -----------------------------------------------------------------------------

sed -i 's/replicas: 3/replicas: three/' "$repo/web.yaml"
commit "$repo" "a typo"
wait_equal "a refused commit" 30 1 told commit-refused.begins
wait_active "a refused commit: Alertmanager" TrancheCommitRefused "TrancheCommitRefused critical shop"
walkthrough_manifest 3 nginx:broken 0 >"$repo/web.yaml"
commit "$repo" "another typo"
wait_equal "a good commit ends that" 30 1 told commit-refused.ends
wait_equal "the rollout is stuck" 60 1 told rollout-stuck.begins
wait_active "the rollout is stuck: Alertmanager" TrancheRolloutStuck "TrancheRolloutStuck critical shop statefulset.apps/nginx-statefulset"
walkthrough_manifest 3 nginx:1.26.1 0 >"$repo/web.yaml"
commit "$repo" "mended"
wait_equal "the next image ends that" 60 1 told rollout-stuck.ends

# --- signatures: another app, which joins the agent that runs ---------------------------------------------

mkdir "$work/keys"
ssh-keygen -q -t ed25519 -N '' -f "$work/ann"
cp "$work/ann.pub" "$work/keys/"
new_repo "$work/signed"
kubectl create configmap signed --from-literal=v=1 --dry-run=client -o yaml >"$work/signed/a.yaml"
commit "$work/signed" "by nobody"
sed -i "/^alerts:/i\\  - {name: signed, namespace: $namespace, interval: 1h, source: {repo: $work/signed, verify: keys}}" "$work/config.yaml"
wait_equal "a commit that nobody signed" 60 1 told signature-refused.begins
wait_active "a commit that nobody signed: Alertmanager" TrancheSignatureRefused "TrancheSignatureRefused critical signed"
check_equal "is no other failure" 0 "$(told source-failed.begins)"
git -C "$work/signed" -c gpg.format=ssh -c user.signingKey="$work/ann.pub" commit -q --amend --no-edit -S
wait_equal "a signed one ends that" 60 1 told signature-refused.ends

# --- the configuration ----------------------------------------------------------------------------------

cp "$work/config.yaml" "$work/good.yaml"
sed -i 's/interval: 1h/interval: soon/' "$work/config.yaml"
wait_equal "a bad configuration" 30 1 told config-refused.begins
cp "$work/good.yaml" "$work/config.yaml"
wait_equal "a good one again" 30 1 told config-refused.ends

# --- a test, by hand, which meets nobody else's messages ----------------------------------------------------

stop_agent TERM
check_equal "TERM ends the agent cleanly" 0 $?
echo 404 >"$got.answers"
"$build/tranche" alerts test --config "$work/config.yaml" --sink chat >"$work/test" 2>&1
check_equal "a sink that does not take the test" "1 chat (slack): NOT sent: $receiver answers with HTTP 404" "$? $(<"$work/test")"
"$build/tranche" alerts test --config "$work/config.yaml" >"$work/test" 2>&1
check_equal "all take the test" "0 chat (slack): sent hook (cloudevents): sent pager (alertmanager): sent events (events): sent command (command): sent" "$? $(paste -sd' ' "$work/test")"
check_equal "no secret is in the log" 0 "$(grep -c SECRET "$work/agent.log")"
check_equal "the token is sent" "$(grep -c '"path": "/hook"' "$got")" "$(grep -c 'Bearer SECRET-TOKEN' "$got")"

finish
