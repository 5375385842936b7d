#!/usr/bin/env bash
# What an image of the agent consists of (make rootfs), and the agent run from it as the Deployment of
# examples/in-cluster has it: chroot, uid 65532, a root file system that cannot be written, no new
# privileges, its own service account over TLS, the repository over HTTPS under a name that only DNS knows.
#
# The second half takes root and Linux namespaces of its own. Where these cannot be had it is left out,
# which is said; with CI set that is a failure.
. "$(dirname "$0")/../support/checks.sh"
. "$(dirname "$0")/../support/pod.sh"
cd "$(dirname "$0")/../.." || exit 2

if [ "${1-}" != inside ]; then
	! pod_is_possible || exec setpriv --pdeathsig TERM unshare --net "$0" inside
	set -- outside
fi

top=$PWD
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
started=() finished=''

at_exit() {
	local pid

	for pid in "${started[@]}"; do kill -KILL "$pid" && wait "$pid"; done 2>/dev/null
	[ -n "$finished" ] || { failed=$((failed + 1)); tail -n 30 "$work"/*.log; }
	rm -rf --one-file-system "$work"
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] || exit 1
}
trap at_exit EXIT
trap 'exit 1' INT TERM HUP
leave_user_settings
sanitized=''
ldd "$build/tranche" | grep -q 'libasan\|libubsan' && sanitized=yes

# soon WHAT COMMAND...: it succeeds within a minute; what follows would make no sense otherwise.
soon() {
	local what=$1

	shift
	wait_for 60 "$@"
	check_equal "$what" 0 $? || exit 1
}

# --- the tree -------------------------------------------------------------------------------------

export SOURCE_DATE_EPOCH=1700000000
root=$work/rootfs
run_seconds=600 # a busy machine and a sanitized program of 100 MB
run examples/in-cluster/image/rootfs "$build/tranche" "$root"
run_seconds=120
check_run "make rootfs" 0 "$root: * MB in * files, * of them libraries" ""
size=$(find "$root" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
if [ -z "$sanitized" ]; then
	check_equal "it is below 25 MB" below "$([ "$size" -lt 25000000 ] && echo below || echo "$size bytes")"
fi
check_equal "nothing but the program can be run" /usr/bin/tranche \
	"$(find "$root" -type f -perm /111 ! -path '*/lib*/*' -printf '/%P\n')"
check_equal "only /tmp can be written by others than root" /tmp "$(find "$root" ! -type l -perm /022 -printf '/%P\n')"
check_equal "nothing is set-user-ID" "" "$(find "$root" -perm /6000)"
check_equal "all times are SOURCE_DATE_EPOCH" 1700000000 "$(find "$root" -printf '%Ts\n' | sort -u)"
check_equal "65532 has a name" tranche "$(awk -F: '$3 == 65532 { print $1 }' "$root/etc/passwd")"
if command -v dpkg-query >/dev/null; then
	check_equal "each library's package is named, with its version" \
		"libc6 $(dpkg-query -W -f '${Version}' libc6)" \
		"$(awk '$1 == "Package:" { name = $2 } $1 == "Version:" { print name, $2 }' "$root/var/lib/dpkg/status.d/libc6")"
fi
tree_digest() {
	tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner -cf - . | sha256sum
}
first=$(tree_digest "$root")
examples/in-cluster/image/rootfs "$build/tranche" "$root" >/dev/null
check_equal "made again it is the same" "$first" "$(tree_digest "$root")"

if [ "$1" = outside ]; then
	echo "counted: not as a Pod: that takes root and unshare --mount --net"
	[ -z "${CI-}" ] || check_equal "CI runs it as a Pod" "root and namespaces" "$(id -un)"
	finished=yes
	exit 0
fi

check_equal "the program finds all of its libraries there" "" \
	"$(chroot "$root" "$(ldd "$build/tranche" | grep -o '/lib[^ ]*/ld-[^ ]*')" --list /usr/bin/tranche |
		awk '!/=> \/lib|linux-vdso|\/ld-linux/')"
# version_in TREE: without /proc, which LeakSanitizer would want
version_in() {
	ASAN_OPTIONS=detect_leaks=0 chroot "$1" /usr/bin/tranche version
}
check_equal "it runs there" "$("$build/tranche" version)" "$(version_in "$root")"

# --- a cluster and a Git host, in a network of our own ---------------------------------------------

ip link set lo up
cd "$work" || exit 2
"$build/kubesim" --kubeconfig kubeconfig --ready-after 10ms >kubesim.log 2>&1 </dev/null &
started+=($!)

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=git-ca \
	-keyout ca.key -out ca.crt 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=git -keyout git.key -out git.csr 2>/dev/null
openssl x509 -req -in git.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
	-extfile <(echo subjectAltName=DNS:git.example.com) -out git.crt 2>/dev/null
mkdir -p git/repos
git init -q -b main shop
git clone -q --bare shop git/repos/shop.git 2>/dev/null
echo "basic agent:the-old-one" >git/auth
python3 "$top/tests/support/git_backend.py" git git.crt git.key >git.log 2>&1 &
started+=($!)
python3 "$top/tests/support/name_server.py" git.example.com 53 >names.log 2>&1 &
started+=($!)
soon "the Git host listens" test -s git/port
soon "the name server answers" test -s names.log
soon "the cluster listens" test -s kubeconfig
export KUBECONFIG=$work/kubeconfig
for namespace in shop tranche; do
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' $namespace | kubectl create -f - >/dev/null
done

# push REPLICAS IMAGE MESSAGE
push() {
	mkdir -p shop/deploy
	sed "s/^  replicas: .*/  replicas: $1/; s/^          image: .*/          image: $2/" \
		"$top/examples/canary/web.yaml" >shop/deploy/web.yaml
	git -C shop add -A
	git -C shop commit -qm "$3"
	git -C shop push -q "$work/git/repos/shop.git" main
	[ -z "$agent" ] || kill -HUP "$agent" # as a webhook would
}
agent=''

# --- the Pod ----------------------------------------------------------------------------------------

pod=$work/pod
pod_make "$root" "$pod"
echo 'nameserver 127.0.0.1' >"$pod/etc/resolv.conf"
cat ca.crt >>"$pod/etc/ssl/certs/ca-certificates.crt"
token=$(kubectl config view --raw -o 'jsonpath={.users[0].user.token}')
pod_account "$pod" "$token"
pod_mount "$pod" /etc/tranche/git username agent password the-old-one

# The examples' own arguments and configuration, for a Git host on another port and commits that are seen soon.
mapfile -t args < <(pod_arguments)
config=$(pod_config | sed "s,git.example.com,git.example.com:$(<git/port),; s/^defaults:/&\\n  interval: 1s/")
pod_mount "$pod" /etc/tranche/config tranche.yaml "$config"

# start: the agent in the Pod; its lines are in agent.log.
start() {
	pod_exec "$pod" "${args[@]}" >>agent.log 2>&1 &
	agent=$!
	started+=("$agent")
}

logged() {
	grep -qF -- "$1" agent.log
}

replicas_are() {
	[ "$(kubectl -n shop get statefulset nginx-statefulset -o 'jsonpath={.spec.replicas}' 2>/dev/null)" = "$1" ]
}

status_field() {
	awk -v "name=$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "/proc/$agent/status"
}

push 3 nginx:1.25.4 "Three"
start
soon "the first commit is applied" replicas_are 3
soon "its rollout is followed" logged "3 of 3 Pods on nginx:1.25.4"

check_equal "it is uid and gid 65532, in no other group" "65532 65532 65532 65532;65532 65532 65532 65532;" \
	"$(status_field Uid | tr '\t' ' ');$(status_field Gid | tr '\t' ' ');$(status_field Groups | tr -d ' ')"
check_equal "it has no capabilities, and can gain none" "0000000000000000 1" \
	"$(status_field CapEff) $(status_field NoNewPrivs)"
check_like "all that it wrote is the clone" "shop.git-*" "$(ls "$pod/var/cache/tranche")"
check_equal "and it could write nowhere else" "" \
	"$(awk -v "pod=$pod" 'index($5, pod) == 1 && $6 ~ /^rw/ { print substr($5, length(pod) + 1) }' "/proc/$agent/mountinfo" |
		grep -vx '/var/cache/tranche')"

# A token that the server does not take any more, and a new one.
pod_account "$pod" wrong
push 4 nginx:1.25.4 "Four"
refused='"level":"error".*the server refused the credentials' # the lease has a warning of its own
soon "the token is read again" grep -q "$refused" agent.log
pod_account "$pod" "$token"
soon "and the next one, too" replicas_are 4
soon "which is told" logged "the cluster works again"
check_equal "that it was refused is told once" 1 "$(grep -c "$refused" agent.log)"

# The same with the password of the Git server.
echo "basic agent:the-new-one" >git/auth
push 5 nginx:1.25.4 "Five"
soon "the password is no good any more" grep -q '"level":"error".*git.example.com' agent.log
pod_mount "$pod" /etc/tranche/git username agent password the-new-one
soon "the next one is" replicas_are 5
soon "which is told, too" logged "the source works again"
check_equal "neither is in the log" "" "$(grep -E "the-old-one|the-new-one|$token" agent.log)"

for number in 1 2 3 4 5; do
	push $((number + 5)) "nginx:1.26.$number" "Number $number"
	soon "commit $number is applied" replicas_are $((number + 5))
done
peak=$(status_field VmHWM)
peak=${peak%% *}
if [ -z "$sanitized" ]; then
	check_equal "it never took more than 32 MiB" below "$([ "$peak" -le 32768 ] && echo below || echo "$peak KiB")"
	echo "counted: $(awk "BEGIN { printf \"%.1f MB of files, %.1f MiB at most in memory\", $size / 1e6, $peak / 1024 }")"
fi

# The second replica: it fetches, and waits.
mv agent.log leader.log
leader=$agent first_pod=$pod
pod=$work/standby
pod_make "$root" "$pod"
cp "$first_pod"/etc/resolv.conf "$pod/etc/"
cp "$first_pod"/etc/ssl/certs/ca-certificates.crt "$pod/etc/ssl/certs/"
pod_account "$pod" "$token"
pod_mount "$pod" /etc/tranche/git username agent password the-new-one
pod_mount "$pod" /etc/tranche/config tranche.yaml "$config"
start
soon "a second Pod stands by" logged "standing by"
standby=$agent agent=$leader

kill -TERM "$agent"
wait "$agent"
check_equal "TERM ends it well" 0 $?
check_equal "each line is a JSON object with keys that are documented" "" \
	"$(python3 -c '
import json, sys
for line in sys.stdin:
    keys = list(json.loads(line))
    if [k for k in ("time", "level", "app", "revision", "object", "msg") if k in keys] != keys or keys[-1] != "msg":
        print(keys)' <leader.log 2>&1)"

agent=$standby
soon "the other one leads then" logged "leading: the lease"
soon "and finds what the last one had" logged "by Ada Author: Number 5"
push 11 nginx:1.26.5 "Eleven"
soon "and goes on from there" replicas_are 11
soon "which is told" logged "replaced: spec.replicas"
check_equal "that is all that it wrote" "replaced: spec.replicas 10 -> 11" "$(grep -o 'replaced: [^"]*' agent.log)"
kill -TERM "$agent"
wait "$agent"
check_equal "TERM ends that one, too" 0 $?

# A tree with a program that --verify runs: only signed commits are applied.
"$top/examples/in-cluster/image/rootfs" "$build/tranche" "$work/signed" ssh-keygen >/dev/null
check_equal "with ssh-keygen it runs there, too" "$("$build/tranche" version)" "$(version_in "$work/signed")"
unsigned=$pod
pod=$work/signed-pod
pod_make "$work/signed" "$pod"
cp "$unsigned"/etc/resolv.conf "$pod/etc/"
cp "$unsigned"/etc/ssl/certs/ca-certificates.crt "$pod/etc/ssl/certs/"
pod_account "$pod" "$token"
pod_mount "$pod" /etc/tranche/git username agent password the-new-one
mkdir "$pod/etc/tranche/keys"
ssh-keygen -q -t ed25519 -N '' -f signer
pod_mount "$pod" /etc/tranche/config tranche.yaml "${config/    credentials:/    verify: /etc/tranche/keys$'\n'    credentials:}"
pod_mount "$pod" /etc/tranche/keys ada.pub "$(<signer.pub)"
: >agent.log
start
soon "a commit without a signature is refused" grep -q '"level":"error".*signed' agent.log
git -C shop config gpg.format ssh
git -C shop config user.signingkey "$work/signer"
git -C shop config commit.gpgsign true
push 12 nginx:1.26.5 "Twelve, signed"
soon "one with a signature is applied" replicas_are 12
kill -TERM "$agent"
wait "$agent"
check_equal "TERM ends that one, too" 0 $?
pod=$unsigned

# An authority that the tree does not know.
cp "$root/etc/ssl/certs/ca-certificates.crt" "$pod/etc/ssl/certs/"
rm -rf "$pod"/var/cache/tranche/*
start
soon "a Git host whose certificate is by nobody known is refused" grep -q '"level":"error".*certificate' agent.log
kill -TERM "$agent"
wait "$agent"
check_equal "TERM ends it all the same" 0 $?

finished=yes
