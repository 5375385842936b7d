#!/usr/bin/env bash
# Kubeconfigs of every shape against a server that checks them, side by side with kubectl: both send a
# write that is not stored (a dry run), and the server's audit log tells who it took each of them for.
# Then what rotates under a running agent, and users without the right to do something.
. "$(dirname "$0")/lib.sh"

plane=${TRANCHE_E2E_CONTROL_PLANE:?the folder of a control plane of our own, whose users we make}
server=$(awk '$1 == "server:" { print $2 }' "$plane/kubeconfig")
repo=$work/repo config=$work/kubeconfig
EXIT_CLUSTER=6 EXIT_OBJECTS=7

new_repo "$repo"
cat >"$repo/probe.yaml" <<-EOT
	apiVersion: v1
	kind: ConfigMap
	metadata: {name: probe}
EOT
commit "$repo" "A probe"

token_of() {
	awk -F, -v user="$1" '$2 == user { print $1 }' "$plane/tokens.csv"
}

# certificate_of USER: USER.crt and USER.key in $work, of an administrator.
certificate_of() {
	"$here/control-plane" user "$plane" "$1" system:masters >"$work/$1.config"
	awk '/client-certificate-data/ { print $2 }' "$work/$1.config" | base64 -d >"$work/$1.crt"
	awk '/client-key-data/ { print $2 }' "$work/$1.config" | base64 -d >"$work/$1.key"
}

# config CLUSTER USER [CONTEXT]: writes $config; each is the inside of a flow mapping.
config() {
	cat >"$config" <<-EOT
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {$1}}]
		users: [{name: u, user: {$2}}]
		contexts: [{name: x, context: {cluster: c, user: u, ${3-namespace: $namespace}}}]
		current-context: x
	EOT
}

# --- who the server says we are -------------------------------------------------------------------

# audited LINE PROGRAM: the user of its first event after that line of the audit log, in our namespace:
# other scenarios may run at the same time, as the same users, in namespaces of their own.
audited() {
	local event='' deadline=$((SECONDS + 30))

	while event=$(tail -n "+$(($1 + 1))" "$plane/audit.log" | awk -v agent="\"userAgent\":\"$2" -v ours="\"namespace\":\"$namespace\"" '
		index($0, agent) && index($0, ours) { print; exit }'); [ -z "$event" ]; do
		[ "$SECONDS" -lt "$deadline" ] || break
		sleep 0.05
	done
	python3 -c '
import json, sys
def person(user):
    extra = ["%s=%s" % (key, "+".join(user["extra"][key])) for key in sorted(user.get("extra", {}))]
    return " ".join([user["username"] + "/" + ",".join(sorted(user.get("groups", [])))] + extra)
try:
    event = json.loads(sys.argv[1])
except ValueError:
    sys.exit("nobody")
print(person(event["user"]), end="")
if "impersonatedUser" in event:
    print(" as", person(event["impersonatedUser"]), end="")
print(" in", event["objectRef"]["namespace"])' "$event" 2>&1
}

everybody=system:authenticated
ours=() theirs=() # options of tranche and of kubectl alone

# both ARGUMENT...: runs both; leaves the ends in $status and $kubectl_status, what tranche said in $err.
both() {
	from=$(wc -l <"$plane/audit.log")
	rm -f "$work"/*.runs "$work"/*.info
	WHO=kubectl kubectl ${config:+--kubeconfig "$config"} "$@" "${theirs[@]}" create --dry-run=server -f "$repo/probe.yaml" \
		>"$work/kubectl.log" 2>&1 </dev/null
	kubectl_status=$?
	WHO=tranche run "$build/tranche" diff --repo "$repo" ${config:+--kubeconfig "$config"} "$@" "${ours[@]}"
}

# same WHAT USER ARGUMENT...: both get through, and the server takes both for that user.
same() {
	local what=$1 user="$2 in $namespace"

	shift 2
	both "$@"
	check_equal "$what" "tranche: 1, $user
kubectl: 0, $user" "tranche: $status, $(audited "$from" tranche)
kubectl: $kubectl_status, $(audited "$from" kubectl)" || echo "$err"
}

# neither WHAT STATUS MESSAGE ARGUMENT...: both are refused; ours says so.
neither() {
	local what=$1 code=$2 message=$3

	shift 3
	both "$@"
	check_like "$what" "$code, kubectl 1: $message" "$status, kubectl $kubectl_status: $err$out"
}

for user in ada grace; do
	certificate_of "$user"
done
cp "$plane/ca.crt" "$work/ca.crt"
token_of admin >"$work/token"
ca_data=$(base64 -w0 "$work/ca.crt")
trusted="server: \"$server\", certificate-authority-data: $ca_data"
admin_token="token: $(token_of admin)"
admin="admin/$everybody,system:masters" ada="ada/$everybody,system:masters" grace="grace/$everybody,system:masters"

# --- tokens and certificates ------------------------------------------------------------------------

config "$trusted" "$admin_token"
same "token" "$admin"
config "$trusted" "tokenFile: $work/token"
same "token file" "$admin"
config "$trusted" "tokenFile: $work/token, token: wrong"
same "token file beside a token" "$admin"
config "server: \"$server\", certificate-authority: ca.crt" "tokenFile: token"
same "files relative to the kubeconfig" "$admin"
config "$trusted" "client-certificate: ada.crt, client-key: ada.key"
same "client certificate files" "$ada"
config "$trusted" "client-certificate-data: $(base64 -w0 "$work/ada.crt"), client-key-data: $(base64 -w0 "$work/ada.key")"
same "client certificate data" "$ada"
config "$trusted" "client-certificate: ada.crt, client-key: ada.key, $admin_token"
same "a client certificate and a token" "$ada"

# --- the cluster --------------------------------------------------------------------------------------

config "server: \"$server\", insecure-skip-tls-verify: true" "$admin_token"
same "insecure-skip-tls-verify" "$admin"
check_like "insecure-skip-tls-verify is warned of" "*warning the certificate of $server is not checked*" "$err"
check_equal "insecure-skip-tls-verify is warned of once" 1 "$(grep -c 'not checked' <<<"$err")"
if getent hosts localhost >/dev/null; then # not everywhere is there an /etc/hosts
	config "${trusted/127.0.0.1/localhost}" "$admin_token"
	same "by name" "$admin"
fi
config "$trusted, tls-server-name: localhost" "$admin_token"
same "tls-server-name" "$admin"
config "$trusted" "$admin_token" "namespace: default"
same "-n goes before the context's namespace" "$admin" -n "$namespace"

cat >"$work/proxy.py" <<-'EOT'
	# A proxy that knows CONNECT alone, and notes each.
	import os, socket, sys, threading
	folder = sys.argv[1]
	def pump(source, sink):
	    try:
	        while data := source.recv(65536):
	            sink.sendall(data)
	        sink.shutdown(socket.SHUT_WR)
	    except OSError:
	        pass # the other side was first
	def serve(client):
	    head = b""
	    while b"\r\n\r\n" not in head:
	        head += client.recv(4096)
	    with open(folder + "/proxy.asked", "a") as log:
	        log.write(head.split(b"\r\n")[0].decode() + "\n")
	    host, port = head.split()[1].decode().rsplit(":", 1)
	    server = socket.create_connection((host, int(port)))
	    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
	    threading.Thread(target=pump, args=(server, client), daemon=True).start()
	    pump(client, server)
	listener = socket.create_server(("127.0.0.1", 0))
	with open(folder + "/proxy.port.draft", "w") as out:
	    out.write(str(listener.getsockname()[1]))
	os.rename(folder + "/proxy.port.draft", folder + "/proxy.port")
	while True:
	    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
EOT
setpriv --pdeathsig KILL python3 "$work/proxy.py" "$work" >"$work/proxy.log" 2>&1 &
wait_for 30 test -s "$work/proxy.port"
config "$trusted, proxy-url: \"http://127.0.0.1:$(<"$work/proxy.port")\"" "$admin_token"
same "proxy-url" "$admin"
: >"$work/proxy.asked"
run "$build/tranche" diff --repo "$repo" --kubeconfig "$config"
check_equal "proxy-url: it is asked for the server" "CONNECT ${server#https://} HTTP/1.1" "$(sort -u "$work/proxy.asked")"

# Two contexts in two files, of which the first one's user counts, and one that is not there.
config "$trusted" "$admin_token"
sed 's/name: x/name: second/; /^current/d; /^users/d' "$config" >"$work/second"
config "$trusted" "client-certificate: ada.crt, client-key: ada.key"
mv "$config" "$work/first"
export KUBECONFIG=$work/first:$work/nothing:$work/second
config=''
same "merged KUBECONFIG: the first file's context" "$ada"
same "merged KUBECONFIG: another file's context" "$ada" --context second
export KUBECONFIG=$plane/kubeconfig
config=$work/kubeconfig

# --- impersonation --------------------------------------------------------------------------------------

config "$trusted" "$admin_token, as: ann, as-groups: [system:masters, b], as-user-extra: {Reason: [w, x], a/b%c: [z]}"
same "as, as-groups, as-user-extra" "$admin as ann/b,$everybody,system:masters a/b%c=z reason=w+x"
config "$trusted" "$admin_token, as: ann, as-uid: u1, as-groups: [system:masters]" # 1.22 is the first to look at it
same "as-uid" "$admin as ann/$everybody,system:masters"
config "$trusted" "$admin_token"
ours=(--impersonate ann --impersonate-group system:masters --impersonate-group b)
theirs=(--as ann --as-group system:masters --as-group b)
same "--impersonate and --impersonate-group" "$admin as ann/b,$everybody,system:masters"
config "$trusted" "$admin_token, as: bob, as-user-extra: {reason: [x]}"
ours=(--impersonate ann --impersonate-group system:masters) theirs=()
both
check_equal "--impersonate takes the place of all of the kubeconfig's" \
	"$admin as ann/$everybody,system:masters in $namespace" "$(audited "$from" tranche)"
config "$trusted" "$admin_token"
ours=(--impersonate bystander) theirs=(--as bystander)
neither "--impersonate of somebody without rights" $EXIT_OBJECTS \
	'*User "bystander" cannot get resource "configmaps" in API group "" in the namespace*'
ours=() theirs=()
config "$trusted" "$admin_token, as-groups: [b]"
neither "as-groups without as" $EXIT_CLUSTER \
	"tranche: $config: the user \"u\" has as-uid, as-groups or as-user-extra but no as"

# --- exec credential plugins ------------------------------------------------------------------------------

mkdir "$work/bin"
cat >"$work/bin/credentials" <<-EOT
	#!/bin/sh
	# credentials ANSWER...: prints that file; the last one from the second run on.
	cd "$work" || exit
	printf '%s' "\$KUBERNETES_EXEC_INFO" >"\$WHO.info"
	echo "\$*" >>"\$WHO.runs"
	[ "\$(wc -l <"\$WHO.runs")" = 1 ] || while [ \$# -gt 1 ]; do shift; done
	cat "\$1"
EOT
chmod +x "$work/bin/credentials"
PATH=$work/bin:$PATH

api=client.authentication.k8s.io

# answer NAME VERSION STATUS: what the plugin may print.
answer() {
	printf '{"kind": "ExecCredential", "apiVersion": "%s/%s", "status": {%s}}\n' $api "$2" "$3" >"$work/$1"
}

# json_text FILE: as a JSON string.
json_text() {
	python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read()))' "$1"
}

# exec_user VERSION COMMAND ARGUMENTS [MORE]: of a kubeconfig.
exec_user() {
	echo "exec: {apiVersion: $api/$1, command: $2, args: [$3], interactiveMode: ${4-Never}}"
}

answer admin v1 "\"token\": \"$(token_of admin)\""
answer admin-beta v1beta1 "\"token\": \"$(token_of admin)\""
answer admin-hour v1 "\"token\": \"$(token_of admin)\", \"expirationTimestamp\": \"$(date -u -d '+1 hour' +%FT%TZ)\""
answer wrong v1 '"token": "wrong"'
answer ada v1 "\"clientCertificateData\": $(json_text "$work/ada.crt"), \"clientKeyData\": $(json_text "$work/ada.key")"

config "$trusted" "$(exec_user v1 credentials admin)"
same "exec v1: a command in PATH" "$admin"
check_equal "exec v1: run once" "admin" "$(<"$work/tranche.runs")"
config "$trusted" "$(exec_user v1beta1 credentials admin-beta)"
same "exec v1beta1" "$admin"
config "$trusted" "exec: {apiVersion: $api/v1beta1, command: credentials, args: [admin-beta]}"
same "exec v1beta1 without an interactiveMode" "$admin"
config "$trusted" "$(exec_user v1 credentials admin-hour)"
same "exec: a token that expires" "$admin"
config "$trusted" "$(exec_user v1 ./bin/credentials admin)"
cd / && same "exec: a command seen from the kubeconfig's folder" "$admin" && cd - >/dev/null || exit
config "$trusted" "$(exec_user v1 credentials ada)"
same "exec: a client certificate" "$ada"
config "$trusted" "$(exec_user v1 credentials admin), as: ann, as-groups: [system:masters]"
same "exec and as" "$admin as ann/$everybody,system:masters"
config "$trusted" "exec: {apiVersion: $api/v1, command: sh, args: ['-c', 'echo \$MINE >&2; credentials \$MINE'], env: [{name: MINE, value: admin}], interactiveMode: Never}"
same "exec: env" "$admin"
config "$trusted" "$admin_token, $(exec_user v1 credentials wrong)"
same "exec beside a token" "$admin"
check_equal "exec beside a token: is not run" "" "$(cat "$work"/*.runs 2>/dev/null)"

# Both tell the plugin the same.
info() {
	python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1])), indent=1, sort_keys=True))' "$work/$1.info"
}
config "$trusted" "$(exec_user v1 credentials admin)"
both
check_equal "exec: KUBERNETES_EXEC_INFO" "$(info kubectl)" "$(info tranche)"
config "server: \"$server\", certificate-authority: ca.crt, tls-server-name: localhost, proxy-url: \"http://127.0.0.1:$(<"$work/proxy.port")\", \
disable-compression: true, extensions: [{name: $api/exec, extension: {audience: [a]}}]" \
	"exec: {apiVersion: $api/v1, command: credentials, args: [admin], interactiveMode: IfAvailable, provideClusterInfo: true}"
same "exec: provideClusterInfo" "$admin"
check_equal "exec: KUBERNETES_EXEC_INFO with the cluster" "$(info kubectl)" "$(info tranche)"
config "server: \"$server\", insecure-skip-tls-verify: true" \
	"exec: {apiVersion: $api/v1beta1, command: credentials, args: [admin-beta], provideClusterInfo: true}"
same "exec v1beta1: provideClusterInfo" "$admin"
check_equal "exec v1beta1: KUBERNETES_EXEC_INFO with the cluster" "$(info kubectl)" "$(info tranche)"

# kubectl leaves what a 401 makes it do to the next request; we send it again.
config "$trusted" "$(exec_user v1 credentials 'wrong, admin')"
both
check_equal "exec: a token that the server does not know is replaced" \
	"1, $admin in $namespace, 2 runs" "$status, $(audited "$from" tranche), $(wc -l <"$work/tranche.runs") runs"

plugin() {
	echo "the exec plugin \"$1\" of the user \"u\" in $config"
}

config "$trusted" "exec: {apiVersion: $api/v1, command: no-such-plugin, interactiveMode: Never, installHint: \"Get it\\nhere\"}"
neither "exec: no such command" $EXIT_CLUSTER \
	"tranche: $(plugin no-such-plugin) cannot be run: no such program in PATH; Get it here"
printf '#!/nowhere/python\n' >"$work/bin/stale"
chmod +x "$work/bin/stale"
config "$trusted" "$(exec_user v1 stale '')"
neither "exec: a command without its interpreter" $EXIT_CLUSTER \
	"tranche: $(plugin stale) cannot be run: no such file or directory"
config "$trusted" "$(exec_user v1 sh "'-c', 'echo your session has ended >&2; exit 3'")"
neither "exec: a plugin that fails" $EXIT_CLUSTER \
	"tranche: $(plugin sh) ended with exit code 3: your session has ended"
config "$trusted" "$(exec_user v1 credentials admin-beta)"
neither "exec: an answer in another version" $EXIT_CLUSTER \
	"tranche: $(plugin credentials): it did not answer in $api/v1, which the kubeconfig asks for"
config "$trusted" "$(exec_user v1 echo "'{}'")"
neither "exec: no ExecCredential" $EXIT_CLUSTER \
	"tranche: $(plugin echo): what it printed is no ExecCredential"
config "$trusted" "$(exec_user v1alpha1 credentials admin)"
neither "exec v1alpha1" $EXIT_CLUSTER "tranche: $config: the exec plugin of the user \"u\" speaks $api/v1alpha1, *"
config "$trusted" "$(exec_user v1 credentials admin Always)"
neither "exec: interactiveMode Always without a terminal" $EXIT_CLUSTER \
	"tranche: $config: the exec plugin of the user \"u\" wants a terminal (interactiveMode Always), and here is none"
run script -qec "WHO=tranche $build/tranche diff --repo $repo --kubeconfig $config" /dev/null
check_like "exec: interactiveMode Always with a terminal" "1: *1 to create*" "$status: $out"
check_like "exec: it is told of the terminal" '*"interactive":true*' "$(<"$work/tranche.info")"

# --- what neither takes -------------------------------------------------------------------------------------

config "server: \"$server\"" "$admin_token"
neither "a CA that is not trusted" $EXIT_CLUSTER "tranche: the certificate of $server is signed by an unknown authority: *"
config "$trusted, tls-server-name: example.org" "$admin_token"
neither "a certificate for another name" $EXIT_CLUSTER "tranche: the certificate of $server is for another name: *"
config "$trusted" "token: wrong"
neither "a wrong token" $EXIT_CLUSTER "tranche: the server refused the credentials (Unauthorized): check the token or certificate of the kubeconfig's user, or of the service account"
config "$trusted" "username: admin, password: x"
neither "a password, which 1.20 passes over" $EXIT_OBJECTS '*User "system:anonymous" cannot get path "/api/v1"*'
config "$trusted" "$admin_token, username: admin, password: x"
neither "a token and a password" $EXIT_CLUSTER "tranche: $config: the user \"u\" has a token and a password: *"
config "$trusted" "client-certificate: ada.crt"
neither "a certificate without its key" $EXIT_CLUSTER "tranche: $config: the user \"u\" has a client certificate but no client-key"
config "$trusted" "client-certificate: ada.crt, client-key: grace.key"
neither "a certificate with another's key" $EXIT_CLUSTER "tranche: cannot use the client certificate for $server: *"
config "$trusted" "tokenFile: nowhere"
neither "a token file that is not there" $EXIT_CLUSTER "tranche: tokenFile of the user \"u\" in $config: cannot read $work/nowhere: *"
config "$trusted" "auth-provider: {name: gcp}"
neither "an auth provider" $EXIT_CLUSTER "tranche: $config: the user \"u\" has an auth-provider, *"
config "$trusted" "$admin_token"
sed -i 's/name: x/name: y/; s/current-context: x/current-context: "y"/' "$config"
neither "a context called y" $EXIT_CLUSTER "tranche: $config:5:*: the name of a context is not a string but a boolean, *: put it in quotes"
config "$trusted" "token: $(token_of bystander)"
neither "a user without rights" $EXIT_OBJECTS \
	'*configmaps "probe" is forbidden: User "bystander" cannot get resource "configmaps" in API group "" in the namespace *'

# --- what rotates under an agent ------------------------------------------------------------------------------

# writer MESSAGE: commits, and says who the server took the agent for when it wrote that.
writer() {
	local from

	from=$(wc -l <"$plane/audit.log")
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe}\ndata: {what: "%s"}\n' "$1" >"$repo/probe.yaml"
	commit "$repo" "$1"
	audited "$from" tranche
}

config "$trusted" "client-certificate: mine.crt, client-key: mine.key"
cp "$work/ada.crt" "$work/mine.crt"
cp "$work/ada.key" "$work/mine.key"
start_agent --repo "$repo" --kubeconfig "$config"
wait_equal "the agent begins" 30 configmap/probe kube get configmap probe -o name
check_equal "client certificate files: at first" "$ada in $namespace" "$(writer one)"
cp "$work/grace.crt" "$work/mine.crt" # for a moment with the other's key
cp "$work/grace.key" "$work/mine.key"
check_equal "client certificate files: when they were replaced" "$grace in $namespace" "$(writer two)"
stop_agent TERM

config "$trusted" "tokenFile: my-token"
cp "$work/token" "$work/my-token"
start_agent --repo "$repo" --kubeconfig "$config"
check_equal "token file: at first" "$admin in $namespace" "$(writer three)"
kube create serviceaccount rotated >/dev/null
kubectl create clusterrolebinding "$namespace" --clusterrole=cluster-admin --serviceaccount="$namespace:rotated" >/dev/null
kube create token rotated >"$work/my-token"
check_like "token file: when it was replaced" "system:serviceaccount:$namespace:rotated/*" "$(writer four)"
stop_agent TERM

# A plugin whose answers last three seconds: it is run again, however long the agent runs.
cat >"$work/bin/short-lived" <<-EOT
	#!/bin/sh
	echo x >>"$work/short.runs"
	[ ! -e "$work/short.fails" ] || { echo "not now" >&2; exit 1; }
	printf '{"kind":"ExecCredential","apiVersion":"$api/v1","status":{"token":"%s","expirationTimestamp":"%s"}}' \
		"$(token_of admin)" "\$(date -u -d '+3 sec' +%FT%TZ)"
EOT
chmod +x "$work/bin/short-lived"
config "$trusted" "$(exec_user v1 short-lived '')"
: >"$work/agent.log"
start_agent --repo "$repo" --kubeconfig "$config" --interval 1s
check_equal "exec: the agent writes" "$admin in $namespace" "$(writer five)"
runs_reach() {
	[ "$(wc -l <"$work/short.runs")" -ge "$1" ]
}
wait_for 30 runs_reach 3
check_equal "exec: is run again when its answer runs out" 0 $?
touch "$work/short.fails"
wait_for 30 grep -q "short-lived.*ended with exit code 1: not now" "$work/agent.log"
check_equal "exec: that it fails is told" 0 $?
rm "$work/short.fails"
wait_for 40 grep -q "the cluster works again" "$work/agent.log"
check_equal "exec: and that it works again" 0 $?
check_equal "exec: its failure is told once" 1 "$(count_log "not now")"
check_equal "exec: then the agent writes again" "$admin in $namespace" "$(writer six)"
stop_agent TERM
check_equal "exec: the agent ends well" 0 "$agent_status"

# --- may read and not write: a sync says so in the server's words -------------------------------------------------

git -C "$repo" rm -q probe.yaml
walkthrough_manifest 1 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "one Pod"
run "$build/tranche" sync -n "$namespace" --repo "$repo"
check_equal "sync as the administrator" 0 "$status" || echo "$err"
"$here/control-plane" user "$plane" rita >"$work/rita"
kube create role reader --verb=get,list,watch --resource=statefulsets.apps,services,pods,configmaps >/dev/null
kube create rolebinding reader --role=reader --user=rita >/dev/null
walkthrough_manifest 2 nginx:1.25.4 0 >"$repo/web.yaml"
commit "$repo" "two Pods"
run "$build/tranche" sync -n "$namespace" --repo "$repo" --kubeconfig "$work/rita"
check_equal "sync of a reader: exit status" $EXIT_OBJECTS "$status"
check_like "sync of a reader: message" \
	'*statefulset.apps/nginx-statefulset*User "rita" cannot update resource "statefulsets" in API group "apps" in the namespace*' "$err"
check_equal "sync of a reader: nothing is written" 1 "$(field statefulset/nginx-statefulset .spec.replicas)"

finish
