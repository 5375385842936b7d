#!/usr/bin/env bash
# `tranche status` on an embedded cluster: of a namespace, of a source, wide, followed as lines. What it
# draws on a terminal is tested by status_screen.py.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
. "$(dirname "$0")/../support/web.sh"
begin_test
unset KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT

start_kubesim --ready-after 10ms --fail-image '*:broken=ImagePullBackOff'

# soon COMMAND...: until it succeeds; the checks that follow tell if it never did.
soon() {
	wait_for 30 "$@" >/dev/null 2>&1
}

status() {
	run "$build/tranche" status "$@"
}

commit() {
	git -C shop add .
	git -C shop commit -qm "$1"
	id=$(git -C shop rev-parse --short=7 HEAD)
}

git init -q -b main shop
manifests 3 nginx:1.25.4 2 >shop/web.yaml
commit "Three Pods"

# --- nothing there --------------------------------------------------------------------------------

status
check_exact "an empty namespace" 0 "no StatefulSets" "no StatefulSets found in namespace default"
status --repo shop
check_exact "a source of which nothing is there" 0 "\
no StatefulSets

not in the cluster:
  service/web           web.yaml:1
  statefulset.apps/web  web.yaml:6

main@$id is not applied yet" "no StatefulSets found in what the source names"

# --- a canary -------------------------------------------------------------------------------------

run "$build/tranche" sync --repo shop --wait
check_equal "the sync" 0 "$status"
first=$id
status --repo shop
check_exact "complete" 0 "\
NAME  PHASE     READY  UPDATED  PARTITION
web   Complete  3/3    3/3      2
  all 3 Pods run nginx:1.25.4
  pods      0 1 | 2

main@$id is applied" ""

manifests 5 nginx:1.26.1 2 >shop/web.yaml
printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n' >>shop/web.yaml
commit "Canary"
status --repo shop
check_like "a commit that is not applied" "\
*
not in the cluster:
  configmap/more  web.yaml:18

main@$id is not applied yet: $first is" "$out"
run "$build/tranche" sync --repo shop --wait
status -f shop/web.yaml
check_like "plain files: no revision" "\
NAME  PHASE   READY  UPDATED  PARTITION
web   Canary  5/5    3/5      2
*
+ updated" "$out"
canary="\
NAME  PHASE   READY  UPDATED  PARTITION
web   Canary  5/5    3/5      2
  2..4 run nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition 1 would take web-1
  pods               0 1 | 2+ 3+ 4+
  images    nginx:1.25.4 | nginx:1.26.1
  progress  \[###############----------\]  3/5 promoted
  step      *s ago"
status -n default
check_like "of a namespace: which app applied what" "\
0 $canary
  git       $id, applied by shop

+ updated" "$status $out"
run "$build/tranche" suspend shop -n default --reason 'a backup'
status -n default
check_like "who suspended its app, and why" "*
  git       $id, applied by shop
  app       shop is suspended by * for *s: a backup
*" "$out"
status -n default -o json
check_like "the same as JSON" '*"suspended": {*"by": "*"reason": "a backup",*"since": "*' "$out"
run "$build/tranche" resume shop -n default
check_equal "it goes on" "0 shop resumed" "$status $out"
status -o wide
check_like "wide: the first line" "\
NAME  PHASE   READY  UPDATED  PARTITION  CURRENT         UPDATE
web   Canary  5/5    3/5      2          web-*  web-*" "$(head -n 2 <<<"$out")"
check_like "wide: a line a Pod" "\
  POD    REVISION    IMAGE         AGE  RESTARTS  NODE     STATE
  web-0  *  nginx:1.25.4  *s *0         kubesim  ready, held
  web-1  *  nginx:1.25.4  *s *0         kubesim  ready, held
  -- partition 2 --
  web-2  *  nginx:1.26.1  *s *0         kubesim  ready
  web-3  *  nginx:1.26.1  *s *0         kubesim  ready
  web-4  *  nginx:1.26.1  *s *0         kubesim  ready" "$(sed -n '/^  POD/,/^$/p' <<<"$out" | sed '/^$/d')"
status -o json --repo shop
check_equal "JSON" "Canary main@$id True 0 shop web-4 kubesim" "$(python3 -c '
import json, sys
status = json.load(sys.stdin)
web = status["statefulSets"][0]
pod = web["pods"][4]
print(web["phase"], status["revision"], status["appliedCommit"] == web["appliedCommit"],
      len(status["missing"]), web["app"], pod["name"], pod["node"])' <<<"$out")"

# A stuck Pod, and an inventory that may not be read.
manifests 5 nginx:broken 4 >shop/web.yaml
commit "Broken"
run "$build/tranche" sync --repo shop
soon sh -c "'$build/tranche' status | grep Stuck"
status --repo shop
check_like "stuck" "\
NAME  PHASE  READY  UPDATED  PARTITION
web   Stuck  4/5    1/5      4
  web-4 on nginx:broken: ImagePullBackOff: *
  pods                         0 1 2 3 | 4!
  images    nginx:1.25.4, nginx:1.26.1 | nginx:broken
  progress  \[=====--------------------\]  0/5 promoted
  step      *s ago; stuck for *s

! in trouble

main@$id is applied" "$out"

# --- followed, but not on a terminal --------------------------------------------------------------

# What was printed, without the times.
followed() {
	sed 's/^[0-9T:.-]*Z //' lines
}

# count_followed N: whether that many lines are there.
count_followed() {
	[ "$(wc -l <lines)" -ge "$1" ]
}

manifests 2 nginx:1.26.1 0 >shop/web.yaml
commit "Back"
run "$build/tranche" sync --repo shop
soon sh -c "'$build/tranche' status | grep Complete"
kubectl delete configmap more >/dev/null
"$build/tranche" status --repo shop --watch >lines 2>lines.err </dev/null &
watcher=$!
soon count_followed 1
kubectl scale statefulset web --replicas=1 >/dev/null
soon grep -q "Complete, 1/1 ready" lines
kubectl delete statefulset web >/dev/null
soon grep -q gone lines
kill -INT "$watcher"
wait "$watcher"
check_equal "interrupted: exit status" 0 $?
check_equal "the first line" \
	"default/web Complete, 2/2 ready, 2/2 updated, partition 0: all 2 Pods run nginx:1.26.1" \
	"$(followed | head -n 1)"
check_equal "a change" \
	"default/web Complete, 1/1 ready, 1/1 updated, partition 0: the Pod runs nginx:1.26.1" \
	"$(followed | grep "Complete, 1/1")"
check_equal "the last" "default/web is gone" "$(followed | tail -n 1)"
check_equal "a line a change" "" "$(followed | uniq -d)"
check_equal "nothing else is said" "" "$(<lines.err)"
check_equal "no control sequence" 0 "$(grep -c $'\e' lines)"
check_like "each with its time" "20??-??-??T??:??:??.???Z default/web *" "$(head -n 1 lines)"
rm lines # what is waited for is of this one
"$build/tranche" status --repo shop --watch >lines 2>lines.err </dev/null &
watcher=$!
soon count_followed 1
kill -TERM "$watcher"
wait "$watcher"
check_equal "terminated: exit status" 0 $?
check_equal "what is missing" "default/statefulset.apps/web is not in the cluster (web.yaml:6)" "$(followed)"

# --- followed on a terminal -----------------------------------------------------------------------

out=$(timeout 900 python3 "$top/tests/agent/status_screen.py" "$build" 2>&1)
check_equal "on a terminal: exit status" 0 $? || echo "$out"
read -r more _ <<<"$(tail -n 1 <<<"$out")"
passed=$((passed + more))

# --- what goes wrong ------------------------------------------------------------------------------

status --repo nowhere
check_exact "no such repository" 5 "" "tranche: nowhere: not a Git repository"
kill "$kubesim"
wait "$kubesim" 2>/dev/null
status
check_like "no cluster" "6  tranche: *" "$status $out $err"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
