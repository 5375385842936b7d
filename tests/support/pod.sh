# shellcheck shell=bash
# The agent run as the Deployment of examples/in-cluster has it, without a kubelet: from the tree of an
# image (make rootfs) in a chroot, as uid 65532, on a root file system that cannot be written, with the
# files of a service account. Takes root, and `unshare --mount`. KUBECONFIG names the cluster; $build the
# programs.
#
# Only the process of the Pod sees the mounts: they are in a namespace that ends with it, and nothing of
# the machine is mounted there. So what is below a Pod's folder can always be removed.
pod_examples=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../examples/in-cluster")

pod_is_possible() {
	[ "$(id -u)" -eq 0 ] && unshare --mount --net true 2>/dev/null
}

# pod_make TREE POD: the folder POD, as a kubelet makes it of an image: with mount points, and what it puts
# into etc.
pod_make() {
	cp -a "$1" "$2"
	mkdir -p "$2/var/run/secrets/kubernetes.io/serviceaccount" "$2/etc/tranche"/{git,api,config} "$2/proc" "$2/dev"
	echo '127.0.0.1 localhost' >"$2/etc/hosts"
	chmod 1777 "$2/var/cache/tranche" # an emptyDir
}

# pod_mount POD FOLDER NAME VALUE...: the files of a volume that is made of a Secret or the like, also new
# ones in the place of old ones; as a kubelet does it, by swapping a link.
pod_mount() {
	local folder=$1$2 version=..$RANDOM$RANDOM

	shift 2
	mkdir "$folder/$version"
	ln -s "$version" "$folder/..data_tmp"
	while [ $# -ge 2 ]; do
		printf %s "$2" >"$folder/$version/$1"
		ln -sf "..data/$1" "$folder/$1"
		shift 2
	done
	mv -T "$folder/..data_tmp" "$folder/..data"
}

# pod_account POD TOKEN: the files of the service account
pod_account() {
	pod_mount "$1" /var/run/secrets/kubernetes.io/serviceaccount token "$2" namespace tranche ca.crt \
		"$(kubectl config view --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d)"
}

# pod_arguments: those of the Deployment's container, one a line.
pod_arguments() {
	# shellcheck disable=SC2154 # the test's
	"$build/yaml2json" "$pod_examples/agent.yaml" | python3 -c '
import json, sys
for line in sys.stdin:
    document = json.loads(line) if line.startswith("{") else {}
    if document.get("kind") == "Deployment":
        print(*document["spec"]["template"]["spec"]["containers"][0]["args"], sep="\n")'
}

# pod_config: the configuration of the ConfigMap, for agents that may be on one machine.
pod_config() {
	# shellcheck disable=SC2154 # the test's
	"$build/yaml2json" "$pod_examples/config.yaml" | python3 -c '
import json, sys
for line in sys.stdin:
    if line.startswith("{"):
        print(json.loads(line)["data"]["tranche.yaml"], end="")' | sed 's/listen: :8080/listen: 127.0.0.1:0/'
}

# pod_exec POD ARGUMENT...: becomes tranche in the Pod. To be run in the background.
pod_exec() {
	local pod=$1 server

	shift
	server=$(kubectl config view -o 'jsonpath={.clusters[0].cluster.server}')
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --mount --propagation private sh -ec '
		mount --bind "$0" "$0"
		mount --bind "$0/var/cache/tranche" "$0/var/cache/tranche"
		mount -t proc -o ro proc "$0/proc"
		mount -t tmpfs tmpfs "$0/dev"
		mknod -m 666 "$0/dev/null" c 1 3
		mknod -m 666 "$0/dev/urandom" c 1 9
		mount -o remount,ro "$0/dev"
		mount -o remount,bind,ro "$0"
		exec "$@"' "$pod" \
		setpriv --no-new-privs env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOSTNAME="${pod##*/}" \
		POD_NAME="${pod##*/}" POD_NAMESPACE=tranche POD_IP=127.0.0.1 \
		KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="${server##*:}" \
		chroot --userspec=65532:65532 --groups= "$pod" /usr/bin/tranche "$@" </dev/null
}
