#!/usr/bin/env bash
# Builds the image and uses it as a person would, on a machine that has neither a Docker daemon nor a registry: buildah
# builds, podman runs, Chromium reads. docker/README.md tells what that leaves out. Needs root and Debian's packages
#
#   buildah podman runc debootstrap chromium fonts-dejavu-core nodejs npm curl
#
# The two base images are made here: debian:trixie-slim from debootstrap, golang:1.26-trixie from that and this machine's Go.
# STORE (/var/tmp/gonverge-docker) keeps them for the next run. SCREENSHOTS, a folder, keeps the pictures. SCREENSHOT,
# a file, takes the README's. LOOK names the notebooks to look at, instead of all. MAX_MB (850) is the size that the image may have. KEEP=1 leaves the container running.
set -euo pipefail
cd "$(dirname "$0")/.."
store=${STORE:-/var/tmp/gonverge-docker}
mkdir -p "$store"
work=$(mktemp -d)
shots=${SCREENSHOTS:-$work/shots}
mkdir -p "$shots"
lap() { printf '[docker +%ss] %s\n' "$SECONDS" "$*"; }
fail() { echo "docker/smoke.sh: $*" >&2; exit 1; }

# runc, because crun refuses machines whose control groups are of both versions; limits that a container without
# CAP_SYS_RESOURCE may set; warnings about network plugins are not about us, the network is the host's.
options=(--root "$store/root" --runroot "$store/run" --storage-driver "${DRIVER:-overlay}")
quiet() { "$@" 2> >(grep -v -E 'CNI|cni|cgroup' >&2); }
build() { quiet buildah "${options[@]}" "$@"; }
pod() { quiet podman "${options[@]}" --cgroup-manager cgroupfs --runtime runc "$@"; }
name=gonverge-smoke-$$
volumes=("$name-notebooks" "$name-cache")
clean() {
  pod rm -f -t 5 "$name" >/dev/null 2>&1 || true
  pod volume rm -f "${volumes[@]}" >/dev/null 2>&1 || true
  rm -rf "$work"
}
[ "${KEEP:-}" = 1 ] || trap clean EXIT

debian=docker.io/library/debian:trixie-slim
golang=docker.io/library/golang:1.26-trixie
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if ! build images -q "$debian" >/dev/null 2>&1; then
  rootfs=$store/rootfs
  if [ ! -e "$rootfs/usr/bin/dpkg" ]; then
    rm -rf "$rootfs"
    debootstrap --variant=minbase trixie "$rootfs" >"$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
  fi
  rm -rf "$rootfs"/var/cache/apt/*.bin "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/*
  c=$(build from scratch)
  build add -q "$c" "$rootfs" / >/dev/null
  build config --cmd bash --env PATH=$path "$c"
  build commit -q --rm "$c" "$debian" >/dev/null
  rm -rf "$rootfs"
  lap "a base image, $debian"
fi
if ! build images -q "$golang" >/dev/null 2>&1; then
  c=$(build from --pull-never "$debian")
  build add -q "$c" "$(go env GOROOT)" /usr/local/go >/dev/null
  # With the certificates that this machine trusts the build stage can download modules.
  build add -q "$c" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
  build config --workingdir /go --env GOPATH=/go --env GOTOOLCHAIN=local --env PATH=/go/bin:/usr/local/go/bin:$path "$c"
  build commit -q --rm "$c" "$golang" >/dev/null
  lap "a base image, $golang"
fi

# This machine's caches of modules and of compiled packages, if it has them, save minutes: FRESH=1 goes without.
caches=()
if [ "${FRESH:-}" != 1 ]; then
  modules=$(go env GOMODCACHE) && compiled=$(go env GOCACHE) && mkdir -p "$modules" "$compiled"
  caches=(-v "$modules:/go/pkg/mod" -v "$compiled:/go/cache")
fi
image=localhost/gonverge
build bud --isolation chroot --pull-never --layers --format docker "${caches[@]}" -f docker/Dockerfile -t "$image" . >"$work/build.log" 2>&1 ||
  { tail -50 "$work/build.log"; fail "the build failed"; }
lap "built"
mb=$(($(pod image inspect "$image" --format '{{.Size}}') / 1000000))
lap "$mb MB, of them $(($(pod image inspect "$debian" --format '{{.Size}}') / 1000000)) MB of the base image"
[ "$mb" -le "${MAX_MB:-850}" ] || fail "the image has $mb MB, more than ${MAX_MB:-850}"

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
up() { # starts the container and waits until its own health check passes
  pod run -d --name "$name" --network host --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
    --cap-drop all --security-opt no-new-privileges \
    -e JUPYTER_PORT="$port" -e GONVERGE_RECIPE=smoke \
    -v "${volumes[0]}:/home/gonverge/notebooks" -v "${volumes[1]}:/home/gonverge/cache" "$image" >/dev/null
  # podman leaves the timer of a health check to systemd, which may not be here: its command runs by hand.
  local check
  check=$(pod image inspect "$image" --format '{{index .HealthCheck.Test 1}}')
  for _ in $(seq 100); do
    if pod exec "$name" sh -c "$check" >/dev/null 2>&1; then return; fi
    sleep .3
  done
  pod logs "$name" | tail -30
  fail "the container does not become healthy"
}
down() { # stops it as `docker stop` does; it must end by itself, in good order
  local begin=$SECONDS code
  pod stop -t 20 "$name" >/dev/null
  code=$(pod inspect "$name" --format '{{.State.ExitCode}}')
  [ "$code" = 0 ] || { pod logs "$name" | tail -30; fail "stopped with exit code $code"; }
  [ $((SECONDS - begin)) -lt 15 ] || fail "had to be killed"
}

up
lap "up and healthy"
[ "$(pod exec "$name" id -u)" = 1000 ] || fail "does not run as user 1000"
pod exec "$name" sh -c 'tr "\0" " " </proc/1/cmdline' | grep -q tini || fail "process 1 is not tini"
address=$(pod logs "$name" 2>&1 | grep -o "http://127.0.0.1:$port/lab?token=[0-9a-f]*" | head -1)
[ -n "$address" ] || { pod logs "$name"; fail "no address is printed"; }
token=${address#*token=}
[ ${#token} -ge 32 ] || fail "no token in the address"
for way in api/contents api/kernels api/terminals; do
  code=$(curl -s -o /dev/null -w '%{http_code}' "$base/$way")
  [ "$code" = 403 ] || fail "/$way answers $code to somebody without the token"
done
lap "an address is printed; without its token there is nothing to read"

cp docker/browser.mjs "$work/"
(cd "$work" && npm install --no-audit --no-fund --loglevel=error playwright-core@1 >/dev/null)
drive() { (cd "$work" && node browser.mjs "$@"); }
# shellcheck disable=SC2086 # names of notebooks
drive look "$base" "$token" "$shots" ${LOOK:-}
lap "the notebooks look right, light and dark"
if [ -n "${SCREENSHOT:-}" ]; then drive picture "$base" "$token" figure-1.ipynb "$work/readme.png" && cp "$work/readme.png" "$SCREENSHOT"; fi
drive run "$base" "$token" figure-1.ipynb "$work/lab.json" "$shots/figure-1.png"
lap "figure-1 ran in JupyterLab"
# The same notebook without Jupyter, on the nets that are in the cache now: the numbers must be the same ones.
pod exec "$name" gonverge run -o /tmp/headless.ipynb figure-1.ipynb >/dev/null 2>&1
pod exec "$name" cat /tmp/headless.ipynb >"$work/headless.ipynb"
/usr/bin/python3 - "$work/lab.json" "$work/headless.ipynb" <<'PY'
import json, re, sys
texts = lambda path: ["".join(o["data"]["text/plain"]) for c in json.load(open(path))["cells"]
                      for o in c.get("outputs", []) if o["output_type"] == "execute_result"]
lab, headless = map(texts, sys.argv[1:])
assert lab == headless, "JupyterLab and gonverge run disagree:\n%s\n%s" % (lab, headless)
table = [t for t in lab if "chance" in t][-1]
last = float(re.findall(r"-?\d+\.\d+", table)[-1])
assert -0.2 < last < 0.5, "a chance level of %g in\n%s" % (last, table)
print(table)
print("the last number, %g, is that of `gonverge run`" % last)
PY
lap "its numbers are those of the headless run"
drive use "$base" "$token" "$shots"
lap "stop button, completion, Shift-Tab, restart"
owned=$(pod exec "$name" find /home/gonverge ! -user gonverge)
[ -z "$owned" ] || fail "not the user's: $owned"
down
lap "stopped cleanly"

# Again, on the volumes of before: the executed notebook and the nets are still there.
pod rm "$name" >/dev/null
up
pod exec "$name" grep -q '"image/png"' figure-1.ipynb || fail "the notebook did not survive"
pod exec "$name" sh -c 'ls -A /home/gonverge/cache | grep -q .' || fail "the cache did not survive"
pod exec "$name" sh -c '! cmp -s figure-1.ipynb /usr/local/share/gonverge/notebooks/figure-1.ipynb' || fail "the changed notebook was overwritten"
down
lap "again: notebooks and cache survived"

# For somebody else, on a folder of the host: nothing belongs to root.
mkdir "$work/book" && chmod 777 "$work/book"
pod rm "$name" >/dev/null
pod run --rm --name "$name" --network host --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --user 4321:4321 \
  -v "$work/book:/home/gonverge/notebooks" "$image" sh -c 'cd && pwd && printf "6*7" | gonverge exec -' >"$work/other"
grep -qx 42 "$work/other" || { cat "$work/other"; fail "another user cannot run cells"; }
lap "another user can run it"
lap "done; SCREENSHOTS were $shots"
