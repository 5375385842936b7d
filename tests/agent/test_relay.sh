#!/usr/bin/env bash
# Two agents behind one Service, so that who asks may come to the one that stands by: it passes on what only the leader can
# answer, with what proves who asks, and says so clearly where it cannot.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test

start_kubesim
git init -q -b main repo
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n' >repo/one.yaml
git -C repo add -A
git -C repo commit -qm one
printf 'let-me-in\n' >token
printf 'signed\n' >secret

# start NAME [VARIABLE=VALUE...]: its address is in $address then
start() {
	start_server "$1.log" env POD_NAME="$1" POD_IP=127.0.0.1 "${@:2}" "$build/tranche" run --app shop --repo repo \
		--interval 1h --leader-elect --lease-duration 15s --listen 127.0.0.1:0 --api-token-file token \
		--webhook-secret-file secret --log-level debug
	wait_for 30 grep -qs 'listening on' "$1.log"
	# shellcheck disable=SC2034 # read by who starts it
	address=$(grep -o 'http://[0-9.:]*' "$1.log" | tail -n 1)
}

# ask METHOD URL [HEADER|@BODY]...: the status and the body of the answer
ask() {
	python3 - "$@" <<-'EOT'
		import sys, urllib.error, urllib.request
		method, url, *rest = sys.argv[1:]
		body = next((text[1:].encode() for text in rest if text.startswith("@")), b"" if method == "POST" else None)
		headers = dict(text.split(": ", 1) for text in rest if not text.startswith("@"))
		request = urllib.request.Request(url, data=body, method=method, headers=headers)
		opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
		try:
		    with opener.open(request, timeout=120) as answer:
		        print(answer.status, answer.read().decode())
		except urllib.error.HTTPError as refusal:
		    print(refusal.code, refusal.read().decode())
	EOT
}

sign() {
	printf 'X-Hub-Signature-256: sha256=%s' "$(printf '%s' "$1" | openssl dgst -sha256 -hmac signed -r | cut -d' ' -f1)"
}

start a
first=$address
first_pid=$server
wait_for 30 grep -q 'leading: ' a.log
start b
second=$address
second_pid=$server
wait_for 30 grep -q 'standing by: ' b.log
wait_for 30 kubectl get configmap one >/dev/null 2>&1
tells_where() {
	[ "$(kubectl get lease tranche -o jsonpath='{.metadata.annotations.tranche\.dev/address}')" = "${first#http://}" ]
}
wait_for 30 tells_where
check_equal "the lease tells where the leader listens" 0 $?

# --- what is passed on ------------------------------------------------------------------------------------

knows() {
	[[ $(ask GET "$second/api/v1/status") == *'"state": "idle"'* ]]
}
wait_for 30 knows
check_equal "the status is the leader's" 0 $? || ask GET "$second/api/v1/status"
check_like "an app of it" '200 {*"name": "shop"*' "$(ask GET "$second/api/v1/apps/shop")"
check_equal "an app that is none" '404 {"error":{"class":"not-found","message":"there is no app \"no such\""}}' \
	"$(ask GET "$second/api/v1/apps/no%20such")"
check_like "an order" '202 {*"order": "sync"*' \
	"$(ask POST "$second/api/v1/apps/shop/sync" 'Authorization: Bearer let-me-in' 'X-Tranche-User: ada@laptop')"
wait_for 30 grep -q 'syncing now, as ada@laptop (127.0.0.1) asks' a.log
check_equal "which the leader carries out" "1 0" "$(grep -c 'syncing now, as ada@laptop' a.log) $(grep -c 'syncing now' b.log)"
check_like "an order without a token goes nowhere" '401 *a token is wanted*' "$(ask POST "$second/api/v1/apps/shop/sync")"

push='{"ref": "refs/heads/main", "repository": {"clone_url": "https://git.example.org/team/shop.git"}}'
check_like "a webhook" '202 {*"result": "unfollowed"*' \
	"$(ask POST "$second/hooks/git" 'X-GitHub-Event: push' "$(sign "$push")" "@$push")"
check_equal "which the leader has read" 1 "$(grep -c 'github webhook: .*main of https://git.example.org/team/shop.git was pushed' a.log)"
check_like "a webhook with another signature" '401 *' \
	"$(ask POST "$second/hooks/git" 'X-GitHub-Event: push' "$(sign other)" "@$push")"

# --- what is not --------------------------------------------------------------------------------------------

check_equal "probes are its own" "200 ok" "$(ask GET "$second/healthz")"
check_like "and so is being ready" "200 ready*" "$(ask GET "$second/readyz")"
leads() {
	ask GET "$1/metrics" | grep '^tranche_leader '
}
check_equal "and metrics" "tranche_leader 0 tranche_leader 1" "$(leads "$second") $(leads "$first")"
check_like "nothing is passed on twice" \
	'503 {"error":{"class":"conflict","message":"this agent stands by: the request was passed on before"}}*' \
	"$(ask GET "$second/api/v1/status" 'X-Tranche-Relayed: 10.1.2.3')"

# --- when there is no leader ------------------------------------------------------------------------------------

kill -STOP "$first_pid"
check_like "the leader does not answer" \
	'503 {"error":{"class":"transient","message":"this agent stands by, and the one that leads does not answer: no answer from '"$first"' within 10 s"}}*' \
	"$(ask GET "$second/api/v1/status")"
wait_for 60 grep -q 'leading: ' b.log
kill -CONT "$first_pid"
wait_for 30 grep -q 'standing by: ' a.log
check_equal "the other way round" "200" "$(ask GET "$first/api/v1/status" | head -n 1 | cut -d' ' -f1)"

# The next leader is no Pod, and does not tell where it listens.
kill -TERM "$second_pid"
wait "$second_pid" 2>/dev/null
kill -TERM "$first_pid" # it lets go of the Lease if it has taken it by now
wait "$first_pid" 2>/dev/null
start c POD_IP=
wait_for 60 grep -q 'leading: ' c.log
start d
wait_for 30 grep -q 'standing by: ' d.log
check_like "a leader that cannot be reached" \
	'503 {"error":{"class":"transient","message":"this agent stands by: c_* leads, which cannot be reached from here"}}*' \
	"$(ask GET "$address/api/v1/status")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
