#!/usr/bin/env bash
# What becomes of a rollout decides, not whether the agent's watch saw each of its moves: one that is over before it is
# followed, a Pod that stopped being ready and is ready again before the watch told of either, one that is first seen while it may
# still come up, and one whose trouble turns from what may pass into what does not.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
start_kubesim --ready-after 50ms --fail-image '*:never-ready=NotReady' --verbose

# pods IMAGE IMAGE: whether these are ready.
pods() {
	[ "$(kubectl get pods -o 'jsonpath={range .items[*]}{.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status} {end}' 2>/dev/null)" = "$1 True $2 True " ]
}

# web_1 IMAGE: whether the Pod runs it, ready or not: nobody but us changes its status any more.
web_1() {
	[ "$(kubectl get pod web-1 -o 'jsonpath={.spec.containers[0].image} {.status.phase}' 2>/dev/null)" = "$1 Running" ]
}

# becomes STATUS: of web-1, as its kubelet would tell.
becomes() {
	kubectl patch pod web-1 --subresource=status -p "{\"status\":{$1}}" >/dev/null
}

is_ready() {
	becomes "\"conditions\":[{\"type\":\"Ready\",\"status\":\"$1\"}]"
}

# fails REASON: its container waits because of that.
fails() {
	becomes "\"containerStatuses\":[{\"name\":\"nginx\",\"image\":\"nginx\",\"imageID\":\"\",\"ready\":false,\"restartCount\":0,
		\"state\":{\"waiting\":{\"reason\":\"$1\",\"message\":\"no such image\"}}}]"
}

is_held() {
	grep -q 'pods?.*watch=.* waits$' kubesim.log
}

# look: has the agent look at all, and waits for the end of that.
look() {
	local looks

	looks=$(count "-> done")
	kill -HUP "$agent"
	wait_until "it has looked" logged "-> done" $((looks + 1))
}

git init -q repo

# --- over before it is followed --------------------------------------------------------------------------------

faults 'hold@list:statefulsets'
commit_web nginx:1 0
"$tranche" sync --repo repo --app shop --wait >out 2>err &
wait_until "sync: it is over before it is followed" pods nginx:1 nginx:1
faults ''
wait $!
check_equal "sync: it is told" "0 statefulset.apps/web: 2 of 2 Pods on nginx:1" "$? $(tail -n 1 out)"
commit_web nginx:2 1
faults 'hold@list:statefulsets'
start_agent --repo repo --app shop --interval 1h
wait_until "run: it is over before it is followed" pods nginx:1 nginx:2
faults ''
tells "web: 1 of 2 Pods on nginx:2, partition 1 holds 0"
end_agent "it ends"

# --- ready, not ready, ready: of which the watch tells at once ------------------------------------------------

faults 'hold@watch:pods'
start_agent --repo repo --app shop --interval 1h --log-level debug
wait_until "it asks to be told of Pods" is_held
is_ready False
commit_web nginx:2 0
tells "blocked: web-1 is not ready yet on nginx:2; partition 0 waits for it"
is_ready True
faults ''
tells "no longer blocked"
wait_until "the last Pod is promoted" pods nginx:2 nginx:2

# --- blocked by what may still come up, then by what does not -------------------------------------------------

commit_web nginx:never-ready 1
wait_until "the next Pod is there" web_1 nginx:never-ready
commit_web nginx:never-ready 0
tells "blocked: web-1 is not ready yet on nginx:never-ready; partition 0 waits for it"
fails ImagePullBackOff
stuck='blocked: web-1 is in ImagePullBackOff on nginx:never-ready (no such image); fix it, or set tranche.dev/force-partition: "0"'
tells "$stuck"
fails ContainerCreating
look
fails ImagePullBackOff
look
check_equal "the way out is told once, whatever it does meanwhile" "1 3" \
	"$(count "$stuck") $(count 'blocked: web-1 is ')"
commit_web nginx:2 0 'tranche.dev/unstick: "true"'
wait_until "the way back" pods nginx:2 nginx:2

# --- a trouble that may pass, then one that does not: that is when it is rolled back --------------------------

commit_web nginx:never-ready 0 'tranche.dev/unstick: "true", tranche.dev/step: "1", tranche.dev/on-stuck: rollback'
wait_until "the first Pod of the step" web_1 nginx:never-ready
fails ErrImagePull
tells "web-1 on nginx:never-ready: ErrImagePull"
look
fails ImagePullBackOff
tells "web-1 on nginx:never-ready: ImagePullBackOff: no such image; commit"
wait_until "it is rolled back" pods nginx:2 nginx:2
end_agent "it ends"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
