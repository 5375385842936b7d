# shellcheck shell=bash
# Manifests of script tests: the StatefulSet "web", and its Service in front of it.

# manifests REPLICAS IMAGE PARTITION: the StatefulSet begins in line 6
manifests() {
	cat <<-EOT
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {clusterIP: None, ports: [{port: 80}], selector: {app: web}}
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: web}
		spec:
		  replicas: $1
		  serviceName: web
		  selector: {matchLabels: {app: web}}
		  updateStrategy: {rollingUpdate: {partition: $3}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: nginx, image: "$2"}]}
	EOT
}
