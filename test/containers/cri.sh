# shellcheck shell=sh disable=SC2016  # what begins with a dollar is jq's
# SPDX-License-Identifier: GPL-2.0-only
# Containers of a pod, by the calls that Kubernetes' kubelet makes of containerd: the Container
# Runtime Interface. The test has a network of its own, in which a registry has the images:
# containerd asks one for the image that a checkpoint is based on.

REGISTRY=localhost:5000
NODE=/run/containerd/containerd.sock
OUT_SINCE=0

# cri_prepare: what lasts for all scenarios.
cri_prepare() {
	PATH=${top:?}/build/containerd/bin:$PATH
	mkdir -p "$WORK/podman" "$WORK/api"
	sed 's/ *\[debug_redact = true\]//' "$top/build/containerd/api.proto" >"$WORK/api/api.proto"
	protoc --proto_path="$WORK/api" --python_out="$WORK/api" api.proto
	busybox ip link set lo up
	cri_registry
	tar -C "$ROOTFS" -cf "$WORK/rootfs.tar" .
	cri_podman import --quiet --change 'CMD ["/bin/sleep", "86400"]' "$WORK/rootfs.tar" \
		$REGISTRY/program >/dev/null
	cri_podman push --quiet --tls-verify=false $REGISTRY/program
}

cri_registry() {
	cat >"$WORK/registry.yml" <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $WORK/registry}}
		http: {addr: "$REGISTRY"}
	END
	docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
	echo $! >"$WORK/registry.pid"
}

# cri_podman: makes images, and runs nothing.
cri_podman() {
	podman --root "$WORK/podman/root" --runroot "$WORK/podman/run" \
		--tmpdir "$WORK/podman/tmp" --storage-driver vfs --cgroup-manager cgroupfs "$@"
}

# node_start: containerd, with the environment of now. Where a test may not make itself less
# likely to be killed, nor may a container; and there are no devices from outside. The log of a
# restore would be gone with a container that was not restored.
node_start() {
	node_network
	cat >"$WORK/containerd.toml" <<-END
		version = 3
		root = '$WORK/containerd'
		state = '/run/containerd'
		[grpc]
		  address = '$NODE'
		[plugins.'io.containerd.cri.v1.images'.pinned_images]
		  sandbox = '$REGISTRY/program'
		[plugins.'io.containerd.cri.v1.runtime']
		  restrict_oom_score_adj = true
		  enable_cdi = false
		[plugins.'io.containerd.cri.v1.runtime'.cni]
		  bin_dirs = ['/usr/lib/cni']
		  conf_dir = '$WORK/cni'
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
		  runtime_type = 'io.containerd.runc.v2'
		  pod_annotations = ['org.criu.config']
		[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
		  CriuWorkPath = '$WORK/criu'
	END
	containerd --config "$WORK/containerd.toml" >"$WORK/containerd.log" 2>&1 &
	echo $! >"$WORK/containerd.pid"
	image_pull $REGISTRY/program
}

# node_network: each pod has a network of its own, with an address on a bridge.
node_network() {
	mkdir -p "$WORK/cni"
	jq -n --arg data "$WORK/addresses" '{cniVersion: "0.4.0", name: "pods", plugins: [{
		type: "bridge", bridge: "pods", isGateway: true,
		ipam: {type: "host-local", dataDir: $data, subnet: "10.88.0.0/24"}}]}' \
		>"$WORK/cni/pods.conflist"
}

image_pull() {
	cri Image PullImage '{image: {image: $image}}' --arg image "$1" >/dev/null ||
		fail "containerd does not start: $(tail -n 3 "$WORK/containerd.log")"
}

node_stop() {
	daemon_stop containerd
}

# node_end: with all that cri_prepare has started, and that containerd has mounted.
node_end() {
	node_stop
	daemon_stop registry
	umount -R /run/containerd 2>/dev/null || :
}

daemon_stop() {
	[ -e "$WORK/$1.pid" ] || return 0
	read -r daemon <"$WORK/$1.pid"
	kill "$daemon" 2>/dev/null || :
	app_gone "$daemon" || fail "$1 does not end"
	rm "$WORK/$1.pid"
}

# cri Runtime|Image METHOD FILTER [OPTION OF JQ...]: a call; FILTER makes its request.
cri() {
	service=$1 method=$2 filter=$3
	shift 3
	jq -n "$@" "$filter" | "${here:?}/cri-call" "$WORK/api" $NODE "$service" "$method"
}

# pod_start NAME: with namespaces of its own, but for POD_NETWORK=NODE.
pod_start() {
	jq -n --arg name "$1" --arg group "/$CGROUP-$1" --arg logs "$WORK/out" \
		--arg network ${POD_NETWORK:-POD} \
		--argjson annotations "${POD_ANNOTATIONS:-"{}"}" '{
		metadata: {name: $name, uid: $name, namespace: "default"},
		log_directory: $logs, annotations: $annotations, linux: {cgroup_parent: $group,
		security_context: {namespace_options: {network: $network, pid: "CONTAINER"}}}}' \
		>"$WORK/$1.pod.json"
	cri Runtime RunPodSandbox '{config: $pod}' --argjson pod "$(cat "$WORK/$1.pod.json")" |
		jq -r .pod_sandbox_id >"$WORK/$1.pod"
}

# container_create NAME IMAGE: in its pod; an archive of a checkpoint is an image too.
container_create() {
	cri Runtime CreateContainer '{pod_sandbox_id: $id, sandbox_config: $pod, config: ($container
		| .image = {image: $image, user_specified_image: $image})}' \
		--arg image "$2" --arg id "$(cat "$WORK/$1.pod")" \
		--argjson pod "$(cat "$WORK/$1.pod.json")" \
		--argjson container "$(cat "$WORK/$1.json")" >"$WORK/$1.created" || return 1
	jq -r .container_id "$WORK/$1.created" >"$WORK/$1.id"
}

# container_call NAME METHOD FILTER: a call that is about the container ID.
container_call() {
	cri Runtime "$2" "$3" --arg id "$(cat "$WORK/$1.id")" --arg file "$WORK/$1.tar"
}

# container_prepare NAME COMMAND: with a file of the pod mounted, as the kubelet does.
container_prepare() {
	echo "127.0.0.1 localhost $1" >"$WORK/$1.hosts"
	environment=$(rootfs_environment | jq -R 'split("=") | {key: .[0], value: (.[1] | @base64)}' | jq -s .)
	jq -n --arg name "$1" --arg command "$2" --argjson environment "$environment" \
		--arg gpu "$WORK/socket" --arg hosts "$WORK/$1.hosts" --arg network ${POD_NETWORK:-POD} \
		'{metadata: {name: $name}, log_path: ($name + ".log"),
		command: ["/bin/sh", "-c", $command], envs: $environment,
		mounts: [{container_path: "/gpu", host_path: $gpu},
			{container_path: "/etc/hosts", host_path: $hosts}],
		linux: {security_context: {namespace_options: {network: $network, pid: "CONTAINER"}}}}' \
		>"$WORK/$1.json"
}

# container_command COMMAND: its output goes to the log that a kubelet shows.
container_command() {
	echo "$1"
}

# container_run NAME: sets OUT and OUT_SINCE.
container_run() {
	OUT=$WORK/out/$1.log OUT_SINCE=0
	pod_start "$1"
	container_create "$1" $REGISTRY/program || fail "containerd does not make it"
	container_call "$1" StartContainer '{container_id: $id}' >/dev/null ||
		fail "containerd does not start it"
}

# app_lines FILE: a log of containerd has the time and the stream before each line. A restored
# container's begins with what the archive has of it, which is more than CRIU saw.
app_lines() {
	if [ "$1" = "$OUT" ]; then
		tail -n +$((OUT_SINCE + 1)) "$1" | sed -n 's/^[^ ]* stdout F //p'
	else
		cat "$1"
	fi
}

# container_checkpoint NAME: as the kubelet has it; unpacked beside it. On a busy machine runc
# may fail to freeze a container in cgroups of version 1, before it comes to CRIU.
container_checkpoint() {
	rm -rf "$WORK/$1.tar" "$WORK/$1.archive"
	mkdir "$WORK/$1.archive"
	for _ in 1 2 3; do
		container_call "$1" CheckpointContainer '{container_id: $id, location: $file}' \
			>"$WORK/$1.err" 2>&1 && {
			tar -C "$WORK/$1.archive" -xf "$WORK/$1.tar"
			return 0
		}
		grep -q 'pause failed: unable to freeze' "$WORK/$1.err" || break
	done
	cat "$WORK/$1.err"
	return 1
}

# container_restore NAME IMAGE: in a pod of its own. Sets OUT and OUT_SINCE.
container_restore() {
	echo "$1" >>"$WORK/containers"
	OUT=$WORK/out/$1.log
	pod_start "$1"
	container_create "$1" "$2" || return 1
	OUT_SINCE=$(wc -l <"$OUT")
	container_call "$1" StartContainer '{container_id: $id}' >"$WORK/$1.err" 2>&1 || {
		cat "$WORK/$1.err"
		return 1
	}
}

# container_pid NAME: of its first process, in this machine's count.
container_pid() {
	container_call "$1" ContainerStatus '{container_id: $id, verbose: true}' |
		jq '.info.info | fromjson | .pid'
}

# What a running container sees as /.
container_rootfs() {
	echo "$(container_bundle "$1")/rootfs"
}

container_bundle() {
	echo "/run/containerd/io.containerd.runtime.v2.task/k8s.io/$(cat "$WORK/$1.id")"
}

# container_images NAME: where its images are.
container_images() {
	echo "$WORK/$1.archive/checkpoint"
}

# container_log NAME dump|restore: what CRIU has said in the last checkpoint that was none in
# vain, or in the last restore of all.
container_log() {
	case $2 in
	dump) cat "$WORK/$1.archive/dump.log" ;;
	restore) cat "$WORK/criu/restore.log" ;;
	esac
}

container_delete() {
	for method in StopPodSandbox RemovePodSandbox; do
		cri Runtime $method '{pod_sandbox_id: $id}' --arg id "$(cat "$WORK/$1.pod")" >/dev/null ||
			return 1
	done
}
