#!/usr/bin/env bash
# A session with kubectl as an operator of StatefulSets has it: the canary walkthrough by hand, then
# what else kubectl does with what stands there. Prints each command and what it answered, made equal
# where no two clusters are: see `normalise`.
#
#	KUBECONFIG=FILE NAMESPACE=NAME kubectl-session.sh
#
# The namespace exists and is empty. The output on every cluster is kubectl-session.expected. Images with
# the tag "broken" cannot be pulled there.
set -u
export LC_ALL=C
: "${KUBECONFIG:?the cluster to use}" "${NAMESPACE:?an empty namespace}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work
cd "$work" || exit 2

sts=statefulset/nginx-statefulset
old=nginx:1.25.4 new=nginx:1.26.1

kube() {
	kubectl -n "$NAMESPACE" "$@"
}

# --- what differs between clusters ------------------------------------------------------------------

# Ages, addresses, nodes, hashes, times and the namespace's name, and the width of columns; then what
# depends on the version:
#   - the fields of a StatefulSet that may change are listed in a message (more of them since 1.26);
#   - of an unknown field the server tells since 1.25 (it refuses it if kubectl is as new, else it
#     warns), before that kubectl;
#   - kubectl shows the details of a refused patch and a capital W in its own warnings since 1.21;
#   - kubectl says from which namespace it deleted since 1.33;
#   - `describe` knows node selectors and tolerations of templates since 1.32.
normalise() {
	sed -E \
		-e "s/\\b$NAMESPACE\\b/NAMESPACE/g" \
		-e 's/ from NAMESPACE namespace$//' \
		-e 's/nginx-statefulset-[bcdfghjklmnpqrstvwxz2456789]{6,10}\b/nginx-statefulset-HASH/g' \
		-e 's/\b([0-9]{1,3}\.){3}[0-9]{1,3}\b/ADDRESS/g' \
		-e 's/ [0-9]+(s|m|h|d)([0-9]+(s|m|h))?( \(x[0-9]+ over [0-9ms]+\))?( |$)/ AGE\5/g' \
		-e 's/^(CreationTimestamp:).*/\1 TIME/' \
		-e "s/(for fields other than) .* (are forbidden)/\\1 ... \\2/" \
		-e 's/^.*unknown field "(spec.strategy.rollingUpdate.)?partition".*/(unknown field partition)/' \
		-e 's/^(The request is invalid):.*/\1/' \
		-e 's/^warning:/Warning:/' \
		-e '/^ *(Node-Selectors|Tolerations): +<none>$/d' \
		-e 's/ {2,}/  /g' -e 's/ +$//'
}

# say COMMAND...: prints it and its output, and the exit status if it is not 0.
say() {
	local status

	echo "\$ kubectl $*" | normalise
	timeout 120 kubectl -n "$NAMESPACE" "$@" >out 2>&1 </dev/null
	status=$?
	normalise <out
	[ $status -eq 0 ] || echo "(exit status $status)"
}

# last COMMAND...: as say, but of the output only the last line; what comes before depends on timing.
last() {
	say "$@" | awk 'NR == 1 { print } NR > 2 && /^\(exit status/ { print before } { before = $0 } END { print }'
}

# some PATTERN COMMAND...: as say, but of the output only what matches.
some() {
	local pattern=$1

	shift
	say "$@" | sed -nE "1p;2,\${/$pattern/p}"
}

# --- waiting ----------------------------------------------------------------------------------------

# "0=nginx:1.25.4 1=...": what is there and not on its way out, with "!" behind what is not ready.
pods() {
	kube get pods -o jsonpath='{range .items[*]}{.metadata.name} {.spec.containers[0].image} {.metadata.deletionTimestamp}|{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' |
		awk '{ sub(/.*-/, "", $1); print $1 "=" $2 ($3 == "|True" ? "" : "!") }' | sort -n | paste -sd' '
}

# until_pods STATE: waits for it and shows it; after a while shows what there is instead.
until_pods() {
	local deadline=$((SECONDS + 30)) seen

	while seen=$(pods); [ "$seen" != "$1" ] && [ $SECONDS -lt $deadline ]; do
		sleep 0.05
	done
	echo "Pods: $seen"
}

# What `get pods -w` has printed so far of what Pod 3 went through.
watched() {
	awk '$1 ~ /-3$/ && ($3 == "Terminating" || $2 == "1/1") { print $1, $3 }' watched | uniq
}

# until_watched LINES: until it has printed that many, for kubectl takes its time to start and to print.
until_watched() {
	local deadline=$((SECONDS + 30))

	until [ "$(watched | wc -l)" -ge "$1" ] || [ $SECONDS -ge $deadline ]; do
		sleep 0.05
	done
}

# --- the canary walkthrough -------------------------------------------------------------------------

# manifest REPLICAS IMAGE PARTITION >FILE
manifest() {
	cat <<-EOT
		apiVersion: v1
		kind: Service
		metadata:
		  name: nginx-stateful-service
		  labels:
		    app: nginx-stateful
		spec:
		  ports:
		    - port: 80
		      name: web-port
		  clusterIP: None # not exposed outside the cluster
		  selector:
		    app: nginx-stateful
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: nginx-statefulset
		  labels:
		    app: nginx-stateful
		spec:
		  serviceName: "nginx-stateful-service"
		  replicas: $1
		  selector:
		    matchLabels:
		      app: nginx-stateful
		  template:
		    metadata:
		      labels:
		        app: nginx-stateful
		    spec:
		      containers:
		        - name: nginx-container
		          image: $2
		          ports:
		            - containerPort: 80
		              name: web-port
		  updateStrategy:
		    rollingUpdate:
		      partition: $3
		    type: RollingUpdate
	EOT
}

echo "# The walkthrough"
manifest 3 $old 2 >web.yaml
say apply -f web.yaml
last rollout status $sts
until_pods "0=$old 1=$old 2=$old"
say get pods,sts,svc
say apply -f web.yaml
say scale statefulset nginx-statefulset --replicas=5
last rollout status $sts
until_pods "0=$old 1=$old 2=$old 3=$old 4=$old"
say set image statefulset/nginx-statefulset nginx-container=$new
last rollout status $sts
until_pods "0=$old 1=$old 2=$new 3=$new 4=$new"
say get pods -o=jsonpath='{range .items[*]}{.metadata.name}{" "}{.spec.containers[0].image}{"\n"}{end}'
say get sts -o wide
manifest 5 $new 1 >web.yaml
say replace -f web.yaml
last rollout status $sts
until_pods "0=$old 1=$new 2=$new 3=$new 4=$new"
manifest 5 $new 0 >web.yaml
say replace --dry-run=server -f web.yaml
say patch statefulset nginx-statefulset --type=json -p='[{"op":"replace","path":"/spec/updateStrategy/rollingUpdate/partition","value":0}]'
last rollout status $sts
until_pods "0=$new 1=$new 2=$new 3=$new 4=$new"
say describe sts nginx-statefulset | sed '/^Events:/,$d'
say get controllerrevisions --sort-by=.revision

echo "# What goes wrong"
manifest 3 $new 0 | sed 's/serviceName: .*/serviceName: other/' >immutable.yaml
say replace -f immutable.yaml
kube get $sts -o yaml | sed 's/^  resourceVersion: .*/  resourceVersion: "1"/' >stale.yaml
say replace -f stale.yaml
say create -f web.yaml
say scale statefulset nginx-statefulset --replicas=3 --current-replicas=4
say set image $sts nginx=$new
say get sts missing
say delete pod missing
say patch $sts --type=json -p='[{"op":"test","path":"/spec/replicas","value":9}]'
cat >deployment.yaml <<-EOT
	apiVersion: apps/v1
	kind: Deployment
	metadata:
	  name: nginx
	spec:
	  selector:
	    matchLabels:
	      app: nginx
	  template:
	    metadata:
	      labels:
	        app: nginx
	    spec:
	      containers:
	        - name: nginx
	          image: $new
	  strategy:
	    rollingUpdate:
	      partition: 1
EOT
some '^\(unknown' create -f deployment.yaml
kube delete deployment nginx --ignore-not-found >/dev/null
sed -i 's/^  name: nginx-statefulset$/  name: Not_A_Name/' immutable.yaml
some 'Invalid value|exit' create -f immutable.yaml

echo "# Differences"
manifest 4 nginx:1.27.0 2 >web.yaml
some '^[-+] +(- )?(replicas|image|partition):|exit' diff -f web.yaml
say apply -f web.yaml
last rollout status $sts
until_pods "0=$new 1=$new 2=nginx:1.27.0 3=nginx:1.27.0"
some '^[-+] |exit' diff -f web.yaml

echo "# The history"
say rollout history $sts
some 'Image:|Port:' rollout history $sts --revision=1
say rollout undo $sts
# Pods 0 and 1 count as updated already, so that the status is complete too soon: wait first.
until_pods "0=$new 1=$new 2=$new 3=$new"
last rollout status $sts
say rollout undo $sts --to-revision=1
last rollout status $sts
until_pods "0=$new 1=$new 2=$old 3=$old"
say rollout history $sts
say rollout restart $sts
last rollout status $sts
until_pods "0=$new 1=$new 2=$old 3=$old"

echo "# Patches, labels, watches"
say patch $sts -p '{"spec":{"template":{"spec":{"containers":[{"name":"nginx-container","image":"nginx:1.28.0"}]}}}}'
# Of what no controller writes meanwhile: kubectl compares it whole.
say patch service nginx-stateful-service -p '{"spec":{"clusterIP":"None"}}'
last rollout status $sts
say patch $sts --type=merge -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":4}}}}'
say label sts nginx-statefulset tier=web
say annotate sts nginx-statefulset note=held
say get sts -l tier=web -L tier
say get sts nginx-statefulset -o jsonpath='{.metadata.annotations.note} {.spec.updateStrategy.rollingUpdate.partition} {.spec.template.spec.terminationGracePeriodSeconds}{"\n"}'
kube get pods -w --no-headers >watched 2>&1 &
watcher=$!
until_pods "0=$new 1=$new 2=nginx:1.28.0 3=nginx:1.28.0"
until_watched 1
# Without --wait=false kubectl could wait for ever: it may look first at the new Pod of this name.
say delete pod nginx-statefulset-3 --wait=false
until_pods "0=$new 1=$new 2=nginx:1.28.0 3=$new"
until_watched 3
echo "Watched: what pod 3 went through"
kill $watcher
wait $watcher 2>/dev/null
watched
say wait --for=condition=Ready pod -l app=nginx-stateful --timeout=10s
say get pods -l app=nginx-stateful,statefulset.kubernetes.io/pod-name=nginx-statefulset-0 -o name
say get pods --field-selector=metadata.name=nginx-statefulset-1 -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image

echo "# A Pod that never starts"
say patch $sts --type=merge -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":3}}}}'
say set image $sts nginx-container=nginx:broken
until_pods "0=$new 1=$new 2=nginx:1.28.0 3=nginx:broken!"
last rollout status $sts --timeout=2s
say set image $sts nginx-container=$new
last rollout status $sts --timeout=2s
until_pods "0=$new 1=$new 2=nginx:1.28.0 3=nginx:broken!"
say delete pod nginx-statefulset-3 --force --grace-period=0
until_pods "0=$new 1=$new 2=nginx:1.28.0 3=$new"

echo "# Other kinds"
say create configmap settings --from-literal=a=1 --from-literal=b=2
say get configmap settings
say get configmap settings -o jsonpath='{.data}{"\n"}'
say create secret generic password --from-literal=word=secret
say get secret password
say create service clusterip plain --tcp=80:8080
some 'Type:|Port:|TargetPort:|Selector:' describe service plain
say auth can-i create statefulsets
say get events --field-selector involvedObject.name=nginx-statefulset,reason=SuccessfulDelete -o jsonpath='{range .items[*]}{.type} {.message}{"\n"}{end}' | sort -u

echo "# The end"
say scale sts nginx-statefulset --replicas=1
until_pods "0=$new"
say delete statefulset nginx-statefulset --cascade=orphan
until_pods "0=$new"
say apply -f web.yaml
until_pods "0=$new 1=nginx:1.27.0 2=nginx:1.27.0 3=nginx:1.27.0"
say delete -f web.yaml
until_pods ""
say get statefulsets,pods
say delete configmap,secret,service settings password plain --ignore-not-found
