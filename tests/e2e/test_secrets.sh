#!/usr/bin/env bash
# Nothing of a Secret is ever shown: not by a command, in a log, in what is stored, nor in what a server
# answers, as it is or in base64.
. "$(dirname "$0")/lib.sh"

repo=$work/repo
seen=$work/seen # everything that was ever printed or stored
secrets=()

# secret NAME: makes up a value under that name, remembers it, and what it is in base64.
secret() {
	local value=$1-$RANDOM$RANDOM-hidden

	secrets+=("$value" "$(base64 -w0 <<<"$value")" "$(printf %s "$value" | base64 -w0)")
	printf -v "$1" %s "$value"
	printf -v "$1_64" %s "$(printf %s "$value" | base64 -w0)"
}

# show WHAT COMMAND...: its output is kept; `status` is how it ended.
show() {
	printf '=== %s\n' "$1" >>"$seen"
	timeout "$run_seconds" "${@:2}" >>"$seen" 2>&1 </dev/null
	status=$?
}

# show_all WHAT: what the commands have to say about the repository now.
show_all() {
	local format

	for format in text unified json; do
		show "$1: diff -o $format" "$build/tranche" diff -n "$namespace" --repo "$repo" -o $format
		show "$1: diff --client-side -o $format" "$build/tranche" diff -n "$namespace" --repo "$repo" --client-side -o $format
		show "$1: diff --live -o $format" "$build/tranche" diff -n "$namespace" --repo "$repo" --live "$work/live.yaml" -o $format
	done
	show "$1: validate" "$build/tranche" validate --repo "$repo"
	show "$1: validate -o json" "$build/tranche" validate --repo "$repo" -o json
	show "$1: sync --dry-run" "$build/tranche" sync -n "$namespace" --repo "$repo" --dry-run
}

for name in data_old data_new string_old string_new both_data both_string drifted applied bad_type \
	bad_yaml bad_json bad_number bad_base64 bad_docker bad_tls bad_fixed added ignored ignored_live moved later; do
	secret $name
done
# shellcheck disable=SC2154 # those of `secret`
{
	new_repo "$repo"
	: >"$work/live.yaml"

	# --- made, changed, left -------------------------------------------------------------------------

	write() { # DATA STRING BOTH...
		cat >"$repo/secret.yaml" <<-EOT
			apiVersion: v1
			kind: Secret
			metadata: {name: app, annotations: {tranche.dev/ignore: /data/ignored}}
			type: Opaque
			data: {data: $1, ignored: $ignored_64, ${3-both: $both_data_64}}
			stringData: {string: $2, ${4-both: $both_string}}
		EOT
	}
	write "$data_old_64" "$string_old"
	commit "$repo" "a Secret"
	show_all "to create"
	show "create" "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "created: exit status" 0 "$status"
	check_equal "created: with the values" "$data_old $string_old $both_string" "$(for key in data string both; do
		field secret/app ".data.$key" | base64 -d
		echo
	done | paste -sd' ')"

	kube get secrets,pods -o yaml >"$work/live.yaml"
	kube patch secret app --type merge -p "{\"data\":{\"ignored\":\"$ignored_live_64\"}}" >/dev/null
	write "$data_new_64" "$string_new" "moved: $moved_64" "added: $added"
	commit "$repo" "other values"
	show_all "to replace"
	show "replace" "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "replaced: exit status" 0 "$status"
	check_equal "replaced: with the values" "$data_new $string_new $added $ignored_live" "$(for key in data string added ignored; do
		field secret/app ".data.$key" | base64 -d
		echo
	done | paste -sd' ')"

	# kubectl's copy of what it applied is one of the Secret too.
	kube get secret app -o yaml | sed "s/  data: .*/  data: $applied_64/; /resourceVersion:/d; /uid:/d" |
		kubectl apply --server-side=false --overwrite -f - >/dev/null 2>&1
	show_all "drifted by kubectl apply"
	show "drift" "$build/tranche" sync -n "$namespace" --repo "$repo"

	# --- the agent -----------------------------------------------------------------------------------

	for format in text json; do
		start_agent --repo "$repo" --log-level debug --log-format $format
		wait_for 30 grep -qs 'record -> done' "$work/agent.log"
		kube patch secret app --type merge -p "{\"data\":{\"data\":\"$drifted_64\"}}" >/dev/null
		kill -HUP "$agent_pid"
		wait_for 30 grep -q 'data.data' "$work/agent.log" || check_equal "the agent ($format) tells of drift" yes no
		write "$data_old_64" "$later"
		commit "$repo" "the next one ($format)"
		wait_for 30 grep -q 'replaced: ' "$work/agent.log" || check_equal "the agent ($format) replaces it" yes no
		stop_agent TERM
		cat "$work/agent.log" >>"$seen"
		rm "$work/agent.log"
		write "$data_new_64" "$string_new"
		commit "$repo" "and back ($format)"
	done
	start_agent --repo "$repo" --log-level debug --self-heal
	wait_for 30 grep -qs 'record -> done' "$work/agent.log"
	kube patch secret app --type merge -p "{\"data\":{\"data\":\"$drifted_64\"}}" >/dev/null
	kill -HUP "$agent_pid"
	wait_equal "--self-heal undoes the drift" 30 "$data_new_64" field secret/app .data.data
	stop_agent TERM
	cat "$work/agent.log" >>"$seen"

	# --- refused -------------------------------------------------------------------------------------

	# bad WHAT STATUS [LINE...]: a Secret of these lines, which is refused here or by the server.
	bad() {
		printf '%s\n' "apiVersion: v1" "kind: Secret" "metadata: {name: bad}" "${@:3}" >"$repo/bad.yaml"
		commit "$repo" "$1"
		show_all "$1"
		show "$1: sync" "$build/tranche" sync -n "$namespace" --repo "$repo"
		check_like "$1: exit status" "$2" "$status"
	}
	bad "a value that is no text" 4 "stringData: {a: {b: $bad_type}}"
	bad "a number" 4 "data: {a: 5$RANDOM$RANDOM}" "stringData: {b: $bad_number}"
	bad "no YAML" 4 "stringData: {a: \"$bad_yaml}"
	bad "no YAML, within a block" 4 "stringData:" "  a: |" "    $bad_yaml" "   $bad_yaml"
	bad "a key twice" 4 "stringData: {a: $bad_yaml, a: $bad_yaml}"
	bad "an unknown field" 4 "stringdata: {a: $bad_type}"
	bad "a list" 4 "stringData: [$bad_type]"
	bad "no base64" 4 "data: {a: '$bad_base64'}"
	bad "no TLS pair" '[07]' "stringData: {a: $bad_tls}" "type: kubernetes.io/tls" # kubesim does not mind
	bad "a key that is none" 4 "stringData: {'not/a key!': $bad_type}"
	bad "no docker config" 7 "type: kubernetes.io/dockerconfigjson" "stringData: {.dockerconfigjson: $bad_docker}"
	rm "$repo/bad.yaml"
	printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"bad"},"stringData":{"a":"%s"' "$bad_json" >"$repo/bad.json"
	commit "$repo" "no JSON"
	show_all "no JSON"
	rm "$repo/bad.json"
	printf '%s\n' "apiVersion: v1" "kind: Secret" "metadata: {name: fixed}" "immutable: true" "stringData: {a: $bad_fixed}" >"$repo/fixed.yaml"
	commit "$repo" "immutable"
	show "immutable: create" "$build/tranche" sync -n "$namespace" --repo "$repo"
	sed -i "s/$bad_fixed/$bad_type/" "$repo/fixed.yaml"
	commit "$repo" "immutable, another value"
	show_all "immutable"
	show "immutable: sync" "$build/tranche" sync -n "$namespace" --repo "$repo"
	check_equal "immutable: exit status" 7 "$status"

	# --- gone, and what is stored ----------------------------------------------------------------------

	git -C "$repo" rm -q secret.yaml fixed.yaml
	echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: rest}}' >"$repo/rest.yaml"
	commit "$repo" "no Secret"
	show_all "left Git"
	show "pruned" "$build/tranche" sync -n "$namespace" --repo "$repo" --prune
	check_equal "pruned: exit status" 0 "$status"
	show "status" "$build/tranche" status -n "$namespace"
	show "status -o json" "$build/tranche" status -n "$namespace" -o json
	show "what is stored" kube get configmaps,events -o yaml
}

for value in "${secrets[@]}"; do
	grep -nF -m1 -- "$value" "$seen" >>"$work/leaks"
done
check_equal "nothing of it was shown" "" "$(while IFS=: read -r line text; do
	echo "$(head -n "$line" "$seen" | grep '^=== ' | tail -1) $text"
done <"$work/leaks")"
check_equal "and much was looked at" yes "$([ "$(wc -l <"$seen")" -gt 1000 ] && echo yes)"
[ -z "${KEEP_SEEN-}" ] || cp "$seen" "$KEEP_SEEN"
grep -q 'data.data' "$seen" || check_equal "the keys are shown" yes no
finish
