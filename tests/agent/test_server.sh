#!/usr/bin/env bash
# The agent over HTTP, asked with curl: probes, metrics, status, orders; and what strangers may do to it, which is
# little: idle and slow connections, large headers and bodies, nonsense.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/git_server.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
need git python3 curl kubectl

git init -q -b main repo
cat >repo/web.yaml <<-'EOT'
	apiVersion: v1
	kind: Service
	metadata: {name: web}
	spec: {clusterIP: None, selector: {app: web}}
	---
	apiVersion: apps/v1
	kind: StatefulSet
	metadata: {name: web}
	spec:
	  replicas: 2
	  serviceName: web
	  selector: {matchLabels: {app: web}}
	  template:
	    metadata: {labels: {app: web}}
	    spec: {containers: [{name: c, image: 'nginx:1'}]}
EOT
git -C repo add .
git -C repo commit -qm 'Two of "web"'
commit=$(git -C repo rev-parse HEAD)

# --- helpers ----------------------------------------------------------------------------------------

# start OPTION...: the agent; its address in $url.
start() {
	rm -f agent.log # the last one's lines are none of this one's
	start_agent --repo "$work/repo" --app shop --interval 1h "$@"
	wait_until "it listens" grep -q 'listening on' agent.log
	url=$(sed -n 's/.*listening on \(http[^ ]*\)$/\1/p' agent.log | head -1)
}

# ask METHOD PATH [CURL-OPTION]...: the status in $code, the headers in $headers, the body in $body.
ask() {
	local method=$1 path=$2

	shift 2
	code=$(curl -sg -m 30 -o body -D headers -w '%{http_code}' -X "$method" "$@" "$url$path")
	body=$(tr -d '\0' <body) headers=$(tr -d '\r' <headers)
}

# check_answer WHAT CODE BODY-PATTERN
check_answer() {
	check_like "$1" "$2 $3" "$code $body"
}

header() {
	sed -n "s/^$1: //p" <<<"$headers"
}

answers() {
	ask GET "$1"
	[ "$code" = "$2" ]
}

# --- before the first sync -----------------------------------------------------------------------------

run "$tranche" run --repo repo --listen nowhere
check_exact "an address that is none" 2 "" \
	'tranche: "nowhere" is no address to listen on; "127.0.0.1:8080", "[::1]:8080" and ":8080" are'

start_kubesim --ready-after 10ms --verbose
kill -STOP "$kubesim" # it is there and does not answer
echo 'the-token' >token
start --listen 127.0.0.1:0 --api-token-file token
ask GET /readyz
check_answer "not ready before the first sync" 503 "shop: not looked at yet"
ask GET /healthz
check_answer "but healthy" 200 ok
kill -CONT "$kubesim"
wait_until "ready" answers /readyz 200
check_answer "ready after it" 200 ready

end_agent "the agent ends"
sed 's|server: .*|server: https://127.0.0.1:1|' kubeconfig >elsewhere
KUBECONFIG=$work/elsewhere start --listen 127.0.0.1:0
has_tried() {
	ask GET /readyz
	[ "$body" != "shop: not looked at yet" ]
}
wait_until "it has tried" has_tried
check_answer "not ready where no cluster answers" 503 "no cluster has answered: *cannot reach https://127.0.0.1:1*"
ask GET /healthz
check_answer "which is not its fault" 200 ok
end_agent "it ends"

# --- what it tells -----------------------------------------------------------------------------------------

start --listen 127.0.0.1:0 --api-token-file token
field() {
	python3 -c 'import json,sys; print(eval(sys.argv[1], {"s": json.load(open("body"))}))' "$1"
}
is_complete() {
	ask GET /api/v1/status
	[[ $body == *'"Complete"'* && $body == *'"state": "idle"'* && $body == *'"inSync": 2'* ]]
}
wait_until "the rollout arrives" is_complete
check_equal "status: what it is" "application/json" "$(header Content-Type)"
check_equal "status: the app" "shop idle synced $commit 2" \
	"$(field '" ".join([s["apps"][0]["name"], s["apps"][0]["state"], s["apps"][0]["lastSync"]["result"], s["apps"][0]["appliedCommit"], str(s["apps"][0]["objects"]["inSync"])])')"
# compare_sets: the agent may hear of something a moment later than who asks the cluster.
compare_sets() {
	ask GET /api/v1/status
	run "$tranche" status --repo repo -o json
	echo "$out" >own
	compared=$(python3 - <<-'EOT'
		import json
		a = json.load(open("body"))["statefulSets"]
		b = json.load(open("own"))["statefulSets"]
		print("same" if a == b else f"{a}\n{b}")
	EOT
	)
	[ "$compared" = same ]
}
wait_until "they agree" compare_sets
check_equal "its StatefulSets are those of status -o json" same "$compared"
ask GET /api/v1/apps
check_equal "apps" "['apps', 'time', 'version'] 1" "$(field 'str(sorted(s)) + " " + str(len(s["apps"]))')"
ask GET /api/v1/apps/shop
check_equal "one app" "shop ['web']" "$(field 's["name"] + " " + str([x["name"] for x in s["statefulSets"]])')"
ask GET /api/v1/apps/none
check_answer "an app that is none" 404 '{"error":{"class":"not-found","message":"there is no app ?"none?""}}'
ask GET /nothing
check_answer "a path that is none" 404 '{"error":{"class":"not-found","message":"there is nothing at this path"}}'
check_equal "its type" application/json "$(header Content-Type)"
ask DELETE /api/v1/status
check_answer "a method that it does not take" 405 '{"error":{"class":"unsupported","message":"/api/v1/status takes GET and HEAD only"}}'
check_equal "the ones that it does" "GET, HEAD" "$(header Allow)"
ask GET /api/v1/apps/shop/sync
check_equal "an order is no question" "405 POST" "$code $(header Allow)"
check_equal "HEAD has no body" "200 0" "$(curl -s -I -o /dev/null -w '%{http_code} %{size_download}' "$url/metrics")"
check_equal "one connection serves several requests" "1 0 0 0" \
	"$(curl -s -o /dev/null -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' \
		"$url/healthz" "$url/metrics" "$url/nothing" "$url/readyz" | sed 's/ $//')"

ask GET /metrics
check_equal "metrics: text, unless they are asked for otherwise" "text/plain; version=0.0.4; charset=utf-8" "$(header Content-Type)"
cp body metrics.txt
ask GET /metrics -H 'Accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1'
check_equal "metrics: as Prometheus asks" "application/openmetrics-text; version=1.0.0; charset=utf-8" "$(header Content-Type)"
cp body metrics.open
check_equal "metrics: the end" "# EOF" "$(tail -n 1 metrics.open)"
for line in 'tranche_build_info{version="*"} 1' 'tranche_leader 1' 'tranche_syncs_total{app="shop",result="synced"} *' \
	'tranche_objects{app="shop",state="inSync"} 2' 'tranche_drifted_objects{app="shop"} 0' \
	'tranche_rollout_phase{app="shop",namespace="default",statefulset="web",phase="Complete"} 1' \
	'tranche_rollout_phase{app="shop",namespace="default",statefulset="web",phase="Stuck"} 0' \
	'tranche_rollout_pods{app="shop",namespace="default",statefulset="web",revision="update"} 2' \
	'tranche_kubernetes_requests_total{verb="GET",code="200"} *' 'tranche_http_requests_total{path="/metrics",code="200"} *' \
	'process_resident_memory_bytes *' 'process_open_fds *'; do
	while read -r seen; do
		# shellcheck disable=SC2053
		[[ $seen == $line ]] && break
	done <metrics.open
	check_like "metrics: ${line%%[ {]*}" "$line" "$seen"
done
# The one that Debian's packages belong to.
python=$(PATH=/usr/bin:$PATH command -v python3)
"$python" -c 'import prometheus_client' || need python3-prometheus-client
check_equal "metrics: another's parsers read both" "the same" "$("$python" - <<-'EOT'
	from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
	from prometheus_client.parser import text_string_to_metric_families as text
	a = {s.name for f in openmetrics(open("metrics.open").read()) for s in f.samples}
	b = {s.name for f in text(open("metrics.txt").read()) for s in f.samples}
	print("the same" if a == b else a ^ b)
EOT
)"
if command -v promtool >/dev/null; then
	check_equal "metrics: promtool has nothing to say" "" "$(promtool check metrics <metrics.txt 2>&1)"
fi

# --- orders ------------------------------------------------------------------------------------------------

bearer='Authorization: Bearer the-token'
ask POST /api/v1/apps/shop/sync
check_answer "an order without a token" 401 '*"a token is wanted, as*'
check_equal "how it is asked for" 'Bearer realm="tranche"' "$(header WWW-Authenticate)"
ask POST /api/v1/apps/shop/sync -H 'Authorization: Bearer the-toker'
check_answer "with a wrong one" 401 '*"that is not the token"*'
wait_until "which is logged" grep -q '127.0.0.1 asks for /api/v1/apps/shop/sync with a wrong token' agent.log
ask POST /api/v1/apps/shop/sync -H 'Authorization: Bearer the-toke'
check_equal "but not each time" "401 1" "$code $(grep -c 'with a wrong token' agent.log)"
ask POST /api/v1/apps/shop/sync -H "$bearer" -H 'X-Tranche-User: ada@laptop'
check_equal "with the right one" "202 shop sync" "$code $(field 's["app"] + " " + s["order"]')"
wait_until "who asks is logged" grep -q 'shop.* syncing now, as ada@laptop (127.0.0.1) asks' agent.log
ask POST /api/v1/apps/shop/sync -H 'X-Tranche-Token: the-token'
check_equal "in the header that a proxy leaves alone" 202 "$code"
ask POST /api/v1/apps/none/sync -H "$bearer"
check_answer "for an app that is none" 404 '*"there is no app ?"none?""*'
ask POST /api/v1/apps/shop/sync -H "$bearer" -d '{"image": "evil"}'
check_answer "nothing may come with it" 413 '*"the body is larger than what may come to this path"*'
echo 'another-token' >token.new && mv token.new token
ask POST /api/v1/apps/shop/sync -H "$bearer"
check_equal "the old token after it was changed" 401 "$code"
ask POST /api/v1/apps/shop/sync -H 'Authorization: Bearer another-token'
check_equal "the new one" 202 "$code"
ask POST /hooks/git -d '{}'
check_answer "webhooks are off without a secret" 404 '*"webhooks are off: *'

bearer='Authorization: Bearer another-token'
is_in() {
	ask GET /api/v1/apps/shop
	[[ $(field 's["state"]') == "$1" ]]
}
ask POST /api/v1/apps/shop/suspend -H "$bearer" -H 'X-Tranche-User: ada'
check_equal "suspended" 202 "$code"
wait_until "it is" is_in suspended
check_like "by whom" "ada (127.0.0.1)*" "$(field 's["suspendedBy"]')"
ask POST /api/v1/apps/shop/sync -H "$bearer"
check_answer "a suspended app is not synced" 409 '*"app ?"shop?" was suspended by ada (127.0.0.1); resume it first"*'
ask GET /metrics
check_like "which metrics tell" '*tranche_app_suspended{app="shop"} 1*' "$body"
ask POST /api/v1/apps/shop/resume -H "$bearer"
check_equal "resumed" 202 "$code"
wait_until "it is" is_in idle

# --- strangers -----------------------------------------------------------------------------------------------

cat >stranger.py <<'EOT'
import socket, sys, time

host, port = sys.argv[1].removeprefix("http://").rsplit(":", 1)

def connect():
    return socket.create_connection((host, int(port)), timeout=120)

def read_all(c):
    out = b""
    try:
        while piece := c.recv(65536):
            out += piece
    except OSError:
        pass
    return out

def say(data, then=b""):
    c = connect()
    try:
        c.sendall(data)
        if then:
            c.sendall(then)
        c.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return read_all(c).split(b"\r\n")[0].decode()

if sys.argv[2] == "idle":  # so many connections that say nothing, then half a request each, until they are closed
    held = [connect() for _ in range(int(sys.argv[3]))]
    for c in held[::2]:
        try:
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        except OSError:
            pass
    open("held", "w").write(str(len(held)))
    sys.stdin.read()
elif sys.argv[2] == "drip":  # a byte now and then, which never becomes a request line
    c, began = connect(), time.monotonic()
    c.settimeout(0.5)
    while time.monotonic() - began < 90:
        try:
            c.sendall(b"G")
            if not c.recv(1):
                break
        except socket.timeout:
            continue
        except OSError:
            break
    print("closed" if time.monotonic() - began < 60 else "open")
elif sys.argv[2] == "say":
    print(say(sys.argv[3].encode().decode("unicode_escape").encode("latin-1")))
elif sys.argv[2] == "header":  # one that is so large
    print(say(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: " + b"a" * int(sys.argv[3]) + b"\r\n\r\n"))
EOT

python3 stranger.py "$url" drip >drip.out &
drip=$!
mkfifo hold
python3 stranger.py "$url" idle 100 <hold &
exec 9>hold
wait_until "a hundred strangers are there" test -s held
for i in 1 2 3; do
	ask GET /healthz
	check_answer "a probe among a hundred idle connections, $i" 200 ok
done
ask GET /metrics
open=$(sed -n 's/^tranche_http_connections //p' <<<"$body")
check_equal "of one address so many stay" "within 65" "$([ "$open" -le 65 ] && echo within 65 || echo "$open")"
exec 9>&-

check_like "a large header" "HTTP/1.1 431 *" "$(python3 stranger.py "$url" header 100000)"
check_like "one that is not" "HTTP/1.1 200 *" "$(python3 stranger.py "$url" header 8000)"
check_like "no HTTP" "*([^2])" "$(python3 stranger.py "$url" say 'nonsense\r\n\r\n')"
check_like "no host" "HTTP/1.1 400 *" "$(python3 stranger.py "$url" say 'GET /healthz HTTP/1.1\r\n\r\n')"
check_like "an old client" "HTTP/1.? 200 *" "$(python3 stranger.py "$url" say 'GET /healthz HTTP/1.0\r\n\r\n')"
check_like "a length that is none" "HTTP/1.1 400 *" \
	"$(python3 stranger.py "$url" say 'POST /hooks/git HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n')"
check_like "a path with a NUL" "HTTP/1.1 404 *" "$(python3 stranger.py "$url" say 'GET /api/v1/apps/a%00b/sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')"
check_like "a path that goes up" "HTTP/1.1 404 *" "$(python3 stranger.py "$url" say 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')"
ask GET /healthz
check_answer "and it is well" 200 ok
wait "$drip"
check_equal "who drips is closed" closed "$(<drip.out)"

python3 stranger.py "$url" idle 10 <hold &
rm -f held
exec 9>hold
wait_until "ten strangers are there" test -s held
began=$(date +%s%3N)
end_agent "TERM with open connections ends it well"
took=$(($(date +%s%3N) - began))
check_equal "and soon" soon "$([ $took -le 9000 ] && echo soon || echo "$took ms")"
exec 9>&-

# --- two addresses -----------------------------------------------------------------------------------------------

start --listen '[::1]:0' --api-listen 127.0.0.1:0 --api-token-file missing
check_like "a token file that is not there is warned of" "*cannot read missing: no such file; orders are refused until it can be read" "$(grep warning agent.log)"
ask GET /api/v1/status
check_answer "the API is not where the probes are" 404 '*"the API is served at another address"*'
wait_until "probes are" answers /readyz 200
url=$(sed -n 's/.*listening on \(http[^ ]*\) for the API$/\1/p' agent.log)
ask GET /api/v1/apps
check_equal "the API has its own" 200 "$code"
ask POST /api/v1/apps/shop/sync -H "$bearer"
check_answer "nobody gives orders while there is no token" 403 '*the agent*s token file cannot be read*'
echo 'another-token' >missing
ask POST /api/v1/apps/shop/sync -H "$bearer"
check_equal "until there is one" 202 "$code"
run timeout 120 "$tranche" run --repo repo --app other --listen "${url#http://}"
check_exact "an address that is taken" 2 "" "tranche: cannot listen on ${url#http://}: Address already in use"
end_agent "the end"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
