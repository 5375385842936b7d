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
wait_equal "it is complete" 20 1 count_log "2 of 2 Pods on nginx:1.25.4"

kube scale $sts --replicas=4 >/dev/null
wait_equal "a scale is undone" 20 2 field $sts .spec.replicas
wait_equal "and told" 20 1 count_drift "spec.replicas 2 -> 4; put back"
wait_equal "with what was written" 20 1 count_log "replaced: spec.replicas 4 -> 2"
kube delete service nginx-stateful-service >/dev/null
wait_for 20 has_field service/nginx-stateful-service .spec.clusterIP
wait_equal "a deletion is undone" 20 1 count_log "service/nginx-stateful-service: drift: deleted; put back"
check_equal "nothing of it is a lasting drift" 0 "$(count_log "drift ended")"

# Somebody paints it red whenever it is green.
for change in 1 2 3 4; do
	started=$(now_ms)
	kube patch configmap settings -p '{"data":{"colour":"red"}}' >/dev/null
	wait_equal "change $change is undone" 60 "$change" put_back configmap/settings
	waited=$(($(now_ms) - started))
	least=$((change == 1 ? 0 : (1 << (change - 1)) * 1000 - 500))
	check_equal "change $change is undone in its time: $waited ms" yes "$([ $waited -ge $least ] && echo yes)"
	wait_for 20 colour_is green
	[ "$change" != 2 ] || check_equal "twice is no fight yet" 0 "$(count_log "it is put back less and less often")"
done
check_equal "a fight is told once, with the fighter" 1 \
	"$(count_log "configmap/settings: kubectl (patch) has changed it 3 times; it is put back less and less often")"
check_equal "while it waits it is drift" "1 1 1" \
	"$(for text in '2s' '4s' '8s'; do grep -cE "drift: data.colour green -> red by kubectl \(patch\) at [0-9:]+; put back in ($text|$((${text%s} - 1))\.[0-9]*s|$((${text%s} - 1))s)\$" "$work/agent.log"; done | paste -sd' ')"
check_equal "which ends each time" 3 "$(count_log "configmap/settings: drift ended")"
kube scale $sts --replicas=3 >/dev/null
wait_equal "another object does not wait for it" 20 2 field $sts .spec.replicas

# One look a change, and one when its time has come; nothing is tried in between.
looks=$(count_log "that somebody changed")
check_equal "looks are few: $looks" yes "$([ "$looks" -le 16 ] && echo yes)"
finish
