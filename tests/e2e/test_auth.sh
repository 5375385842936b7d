#!/usr/bin/env bash
# Kubeconfigs of every shape against a server that checks them, side by side with kubectl; and users
# without the right to do something.
. "$(dirname "$0")/lib.sh"

plane=${TRANCHE_E2E_CONTROL_PLANE:?the folder of a control plane of our own, whose users we make}
server=$(awk '$1 == "server:" { print $2 }' "$plane/kubeconfig")
repo=$work/repo

new_repo "$repo"
walkthrough_manifest 1 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "one Pod"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "sync as the administrator" 0 "$status"

token_of() {
	awk -F, -v user="$1" '$2 == user { print $1 }' "$plane/tokens.csv"
}

# try WHAT STATUS MESSAGE ARGUMENT...: `diff -o unified`, which prints nothing else where nothing
# differs, with $work/kubeconfig. kubectl agrees on whether it works.
try() {
	local what=$1 code=$2 message=$3 kubectl_code=0

	shift 3
	run "$build/tranche" diff -o unified --repo "$repo" --kubeconfig "$work/kubeconfig" "$@"
	check_like "$what" "$code $message" "$status $out$err"
	kubectl --kubeconfig "$work/kubeconfig" get statefulset/nginx-statefulset "$@" >"$work/kubectl.log" 2>&1 ||
		kubectl_code=1
	check_equal "$what: as kubectl has it" "$((code > 0))" "$kubectl_code"
}

# config CLUSTER USER CONTEXT: writes $work/kubeconfig; each is the inside of a flow mapping.
config() {
	cat >"$work/kubeconfig" <<-EOT
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {$1}}]
		users: [{name: u, user: {$2}}]
		contexts: [{name: x, context: {cluster: c, user: u, $3}}]
		current-context: x
	EOT
}

"$here/control-plane" user "$plane" ada system:masters >"$work/ada"
cp "$plane/ca.crt" "$work/ca.crt"
awk '/client-certificate-data/ { print $2 }' "$work/ada" | base64 -d >"$work/ada.crt"
awk '/client-key-data/ { print $2 }' "$work/ada" | base64 -d >"$work/ada.key"
token_of admin >"$work/token"
ca_data=$(base64 -w0 "$work/ca.crt")
trusted="server: \"$server\", certificate-authority-data: $ca_data"
here_ns="namespace: $namespace"

config "$trusted" "token: $(token_of admin)" "$here_ns"
try "token" 0 ""
config "$trusted" "tokenFile: $work/token" "$here_ns"
try "token file" 0 ""
config "server: \"$server\", certificate-authority: ca.crt" "tokenFile: token" "$here_ns"
try "files relative to the kubeconfig" 0 ""
config "$trusted" "client-certificate: ada.crt, client-key: ada.key" "$here_ns"
try "client certificate files" 0 ""
config "$trusted" "client-certificate-data: $(base64 -w0 "$work/ada.crt"), client-key-data: $(base64 -w0 "$work/ada.key")" \
	"$here_ns"
try "client certificate data" 0 ""
config "server: \"$server\", insecure-skip-tls-verify: true" "token: $(token_of admin)" "$here_ns"
try "insecure-skip-tls-verify" 0 "*"
if getent hosts localhost >/dev/null; then # not everywhere is there an /etc/hosts
	config "${trusted/127.0.0.1/localhost}" "token: $(token_of admin)" "$here_ns"
	try "by name" 0 ""
fi
config "$trusted, tls-server-name: localhost" "token: $(token_of admin)" "$here_ns"
try "tls-server-name" 0 ""
config "$trusted" "token: $(token_of admin)" "namespace: default"
try "-n goes before the context's namespace" 0 "" -n "$namespace"

config "server: \"$server\"" "token: $(token_of admin)" "$here_ns"
try "a CA that is not trusted" 6 "tranche: *certificate*"
config "$trusted, tls-server-name: example.org" "token: $(token_of admin)" "$here_ns"
try "a certificate for another name" 6 "tranche: *certificate*"
config "$trusted" "token: wrong" "$here_ns"
try "a wrong token" 6 "tranche: *Unauthorized*"
config "$trusted" "token: $(token_of bystander)" "$here_ns"
try "a user without rights" 7 \
	'*statefulsets.apps "nginx-statefulset" is forbidden: User "bystander" cannot get resource "statefulsets" in API group "apps" in the namespace *'

# Two contexts in two files.
config "$trusted" "token: wrong" "$here_ns"
mv "$work/kubeconfig" "$work/first"
config "$trusted" "token: $(token_of admin)" "$here_ns"
sed 's/name: x/name: second/; s/name: u/name: v/; s/user: u/user: v/; /^current/d' "$work/kubeconfig" >"$work/second"
for context in x second; do
	KUBECONFIG=$work/first:$work/nothing:$work/second run "$build/tranche" diff --repo "$repo" --context $context
	check_equal "context $context of two files" "$([ $context = x ] && echo 6 || echo 0)" "$status" || echo "$err"
done

# May read and not write: a sync says so in the server's words.
"$here/control-plane" user "$plane" rita >"$work/rita"
kube create role reader --verb=get,list,watch --resource=statefulsets.apps,services,pods,configmaps >/dev/null
kube create rolebinding reader --role=reader --user=rita >/dev/null
walkthrough_manifest 2 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "two Pods"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --kubeconfig "$work/rita"
check_equal "sync of a reader: exit status" 7 "$status"
check_like "sync of a reader: message" \
	'*statefulset.apps/nginx-statefulset*User "rita" cannot update resource "statefulsets" in API group "apps" in the namespace*' "$err"
check_equal "sync of a reader: nothing is written" 1 "$(field statefulset/nginx-statefulset .spec.replicas)"

finish
