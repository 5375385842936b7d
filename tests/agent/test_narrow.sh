#!/usr/bin/env bash
# A commit costs what it touches, and nothing is left out for it: objects that somebody changes before, while and
# after it, watches that are cut, what leaves Git, what moves between files, drift that stays. The interval is an hour.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/cluster.sh"
begin_test
commits=0

# start_app: a fresh cluster, started with the words before --, and an agent on it with the options behind
start_app() {
	local cluster=()

	while [ "$1" != -- ]; do
		cluster+=("$1")
		shift
	done
	end_servers
	rm -f agent.log
	start_kubesim --verbose "${cluster[@]}"
	start_agent --repo repo --app shop --interval 1h --log-level debug "${@:2}"
}

# manifest NAME COLOUR
manifest() {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {colour: %s}\n' "$1" "$2"
}

# commit: what is in the folder, whoever looks at it
commit() {
	commits=$((commits + 1))
	git -C repo add -A
	git -C repo commit -q --allow-empty -m "commit $commits"
}

# applied: whether the newest commit is, as the inventory has it
applied() {
	kubectl get configmap tranche-shop -o 'jsonpath={.data.inventory\.json}' | grep -c "$(git -C repo rev-parse HEAD)"
}

# whole: how many passes have looked at everything since `followed`
looked=0
whole() {
	echo $(($(count "pass over everything") - $(count "objects the commit touches") - looked))
}

paint() {
	kubectl patch "configmap/$1" -p "{\"data\":{\"colour\":\"$2\"}}" >/dev/null
}

colour() {
	kubectl get "configmap/$1" -o 'jsonpath={.data.colour}'
}

is_idle() {
	[ "$(count "pass over")" -eq "$(count "-> done")" ]
}

# followed WHAT: all is synced, and the agent knows that its watches run: an empty commit costs no look at everything.
followed() {
	local before=-1

	wait_agent "$1: first sync" 12 count "created"
	while looked=0; [ "$(whole)" -ne "$before" ]; do
		before=$(whole)
		commit
		wait_agent "$1: an empty commit" 1 applied || return
	done
	looked=$before
	wait_until "$1: it rests" is_idle
}

new_repo() {
	rm -rf repo
	git init -q -b main repo
	for i in $(seq 12); do
		manifest "app-$i" green >"repo/$i.yaml"
	done
	commit
}

# --- what is asked for -------------------------------------------------------------------------

new_repo
start_app --
followed "one cluster"
requests=$(wc -l <kubesim.log) passes=$(count "-> done")
manifest app-3 blue >repo/3.yaml
commit
wait_until "one file: its pass is over" logged "-> done" $((passes + 1)) # without a request of ours
check_equal "one file: requests" "GET /api/v1/namespaces/default/configmaps/tranche-shop
GET /api/v1/namespaces/default/configmaps/app-3
PUT /api/v1/namespaces/default/configmaps/app-3?fieldManager=tranche&fieldValidation=Strict
PUT /api/v1/namespaces/default/configmaps/tranche-shop?fieldManager=tranche" \
	"$(tail -n "+$((requests + 1))" kubesim.log | grep "^[A-Z]* /api" | cut -d' ' -f1,2)"
wait_agent "one file: applied" 1 applied
check_equal "one file: a narrow pass" "0 of 12 objects the commit touches, or leaves to be judged, 1" \
	"$(whole) $(grep -o "of 12 objects.*" agent.log | tail -n 1)"

# --- what says the same, wherever it stands ----------------------------------------------------

git -C repo mv 4.yaml moved.yaml
{ cat repo/5.yaml; echo ---; cat repo/6.yaml; } >repo/both.yaml
rm repo/5.yaml repo/6.yaml
sed -i '1i # a word' repo/7.yaml
commit
wait_agent "moved: applied" 1 applied
check_equal "moved: nothing is written, nor looked at" "12 1 0" \
	"$(count "created") $(count "replaced") $(grep "of 12 objects" agent.log | tail -n 1 | grep -o '[0-9]*$')"

# --- what is new, and what leaves --------------------------------------------------------------

manifest app-13 green >repo/13.yaml
commit
wait_agent "new: applied" 1 applied
check_equal "new: created by a narrow pass" "13 0" "$(count "created") $(whole)"
paint app-13 red
wait_agent "new: is watched" 1 count "configmap/app-13: drift: data.colour green -> red"
paint app-13 green
wait_agent "new: its drift ends" 1 count "configmap/app-13: drift ended"

rm repo/13.yaml
commit
wait_agent "left: is told" 1 count "configmap/app-13 left Git, not pruned (--prune deletes it)"
wait_agent "left: applied" 1 applied
check_equal "left: by a pass over everything" 1 "$(whole)"

# --- what somebody changes ---------------------------------------------------------------------

new_repo
start_app --
followed "another one"

# Before: drift that is left alone is neither forgotten nor told again, whatever is committed.
paint app-1 red
wait_agent "before: is drift" 1 count "configmap/app-1: drift: data.colour green -> red"
for next in yellow brown; do
	manifest app-2 $next >repo/2.yaml
	commit
	wait_agent "before: $next applied" 1 applied
done
check_equal "before: told once, and stands" "1 0 red 0" \
	"$(count "app-1: drift: data") $(count "app-1: drift ended") $(colour app-1) $(whole)"
manifest app-1 purple >repo/1.yaml
commit
wait_agent "before: the commit that touches it wins" purple colour app-1
wait_agent "before: ended" 1 count "app-1: drift ended"

# At the same time: whichever comes first, the one is written and the other one told.
for round in 1 2 3; do
	manifest app-2 "white-$round" >repo/2.yaml
	paint app-3 "red-$round" &
	commit
	wait %% 2>/dev/null
	wait_agent "while $round: applied" 1 applied
	wait_agent "while $round: is drift" 1 count "configmap/app-3: drift: data.colour green -> red-$round"
	paint app-3 green
	wait_agent "while $round: ends" "$round" count "app-3: drift ended"
done
kubectl delete configmap app-4 >/dev/null
manifest app-2 black >repo/2.yaml
commit
wait_agent "deleted: is told" 1 count "configmap/app-4: drift: deleted; left alone"
wait_agent "deleted: applied" 1 applied

# An object that somebody changed after it was read is read again.
paint app-5 red
manifest app-5 orange >repo/5.yaml
commit
wait_agent "touched and changed: Git wins" orange colour app-5

# --- watches that are cut ----------------------------------------------------------------------

new_repo
start_app --fault cut=3000@watch:configmaps --
followed "cut"
faults 503@watch:configmaps
for round in 1 2 3 4 5 6 7 8; do # the stream that stands has room for some
	paint app-11 "$round"
	paint app-11 green
done
before=$(whole)
paint app-12 red
manifest app-1 blue >repo/1.yaml
commit
wait_agent "cut: applied" 1 applied
wait_agent "cut: what the watch did not tell is told" 1 count "configmap/app-12: drift: data.colour green -> red"
check_equal "cut: by a pass over everything" $((before + 1)) "$(whole)"
faults ''

# --- drift that is undone ----------------------------------------------------------------------

new_repo
start_app -- --self-heal
followed "revert"
for round in 1 2 3; do
	manifest app-2 "white-$round" >repo/2.yaml
	paint "app-$((round + 4))" red & # another one each time: a fight is put off
	commit
	wait %% 2>/dev/null
	wait_agent "revert $round: applied" 1 applied
	wait_agent "revert $round: undone" green colour "app-$((round + 4))"
	wait_agent "revert $round: written" "white-$round" colour app-2
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
