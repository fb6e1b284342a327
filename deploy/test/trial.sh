#!/usr/bin/env bash
# Runs docker-compose.yml where no image registry is reachable: Redis, two silos and a client in containers, on stand-in images. While a run
# trains, it kills the container of a trainer's silo, starts silos again, three of them, and kills the container of the coordinator's silo. The model must have
# the bytes of an undisturbed run. On demand, as root, on Debian; not part of CI.
#
#   deploy/test/trial.sh                   with docker-compose
#   COMPOSE='…' deploy/test/trial.sh       with another program, such as Compose v2
#   TBPTT_TRIAL_DEBIAN=FILE                where the Debian root file system is kept between tests
#   TBPTT_TRIAL_DOCKER=unix://SOCKET       a running Docker, which keeps its images, the stand-ins among them. Default: start one and end it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
compose=${COMPOSE:-docker-compose}
work=$(mktemp -d /tmp/tbptt-trial-XXXXXX)
export DOCKER_HOST=${TBPTT_TRIAL_DOCKER:-unix://$work/docker.sock} DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
export COMPOSE_PROJECT_NAME=tbptt-trial

say() { printf '%s %s\n' "$(date -u +%T)" "$*"; }
fail() { say "FAILED: $*"; exit 1; }

clean() {
    local code=$?
    set +e
    if [ -s "$work/override.yml" ]; then
        [ "$code" -eq 0 ] || in_compose logs --no-color --tail=20 2>&1 | cut -c1-200
        in_compose --profile client down -v --remove-orphans >"$work/down.log" 2>&1
    fi
    if [ -n "${dockerd:-}" ]; then
        kill "$dockerd"
        wait "$dockerd"
        [ -z "${bridge:-}" ] || ip link delete docker0 2>/dev/null
    fi
    umount "$work"/exec/netns/* 2>/dev/null
    rm -rf "$work"
    exit "$code"
}
trap clean EXIT

in_compose() { $compose -f "$root/docker-compose.yml" -f "$work/override.yml" "$@"; }
client() { in_compose --profile client run --rm -T "$@"; }

[ "$(id -u)" -eq 0 ] || fail "not root"
for program in dockerd docker debootstrap prometheus dotnet ip; do
    command -v "$program" >/dev/null || fail "$program is missing: apt-get install docker.io docker-compose debootstrap prometheus iproute2, and the .NET SDK"
done
if [ -z "${TBPTT_TRIAL_DOCKER:-}" ]; then
    # The one that created docker0 deletes it.
    ip link show docker0 >/dev/null 2>&1 || bridge=ours
    # This machine's firewall is not changed: a bridge and the proxies of published ports suffice.
    dockerd --iptables=false --ip-forward=false --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/dockerd.pid" -H "$DOCKER_HOST" >"$work/dockerd.log" 2>&1 &
    dockerd=$!
    for ((i = 0; i < 120; i++)); do docker info >/dev/null 2>&1 && break; sleep 0.5; done
    docker info >/dev/null || fail "dockerd did not start: $(tail -n 3 "$work/dockerd.log")"
fi

if ! docker image inspect tbptt-test/debian >/dev/null 2>&1; then
    say "stand-in images"
    "$here/stand-ins.sh" "$work" "${TBPTT_TRIAL_DEBIAN:-}"
fi

# Packages come through this machine's own network. Of the monitoring services, only Prometheus has a stand-in.
cat >"$work/override.yml" <<'YAML'
services:
  silo:
    build:
      network: host
  client:
    build:
      network: host
YAML
say "images of silo and client, from the Dockerfile as it is"
in_compose --profile client build silo client >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log"; fail "build"; }
docker images --format '{{.Repository}} {{.Size}}' | grep -E '^tbptt-(silo|client) '

say "up"
in_compose up -d redis token silo prometheus >"$work/up.log" 2>&1 || { cat "$work/up.log"; fail "up"; }
silos() { in_compose ps -q silo; }
await() { # WHAT COMMAND…
    local what=$1
    shift
    for ((i = 0; i < 600; i++)); do
        "$@" >/dev/null 2>&1 && return
        [ -z "${train:-}" ] || kill -0 "$train" 2>/dev/null || { cat "$work/train.log"; fail "the client ended before $what"; }
        sleep 0.5
    done
    fail "waited in vain for $what"
}
healthy() { [ "$(for silo in $(silos); do docker inspect -f '{{.State.Health.Status}}' "$silo"; done | grep -c '^healthy$')" -eq "$1" ]; }
await "two healthy silos" healthy 2
docker ps --format '{{.Names}} {{.Status}} {{.Ports}}'
client client cluster --cluster

# Prometheus finds the silos by their name and scrapes them with the token.
ask() { curl -sf --get --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query; }
scraped() { ask "count(up{job=\"tbptt\"} == 1) == $1" | grep '"value"' >/dev/null; }
await "Prometheus to have two silos" scraped 2
say "Prometheus has found and scraped two silos"

spec=examples/average.yaml
sets=(--set "train.epochs=${TBPTT_TRIAL_EPOCHS:-1500}" --set checkpoint.everySteps=5000)
client client train "$spec" "${sets[@]}" --cluster --output plain >"$work/train.log" 2>&1 &
train=$!

journal() { docker run --rm -v "${COMPOSE_PROJECT_NAME}_runs:/work/runs:ro" --entrypoint cat tbptt-client "runs/$run/$1"; }
beyond() { ask "tbptt_epoch{run=\"$run\"} > $1" | grep '"value"' >/dev/null; }
logged() { journal metrics.jsonl | grep "\"type\":\"$1\"" >/dev/null; }
# Only the coordinator's silo exports the run's gauges.
coordinator() {
    local address
    address=$(ask "tbptt_epoch{run=\"$run\"} and on (instance) up == 1" | sed -n 's/.*"instance":"\([0-9.]*\):.*/\1/p')
    for silo in $(silos); do
        [ "$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$silo")" != "$address" ] || echo "$silo"
    done
}
coordinated() { [ -n "$(coordinator)" ]; }
name() { docker inspect -f '{{.Name}}' "$1" | tr -d /; }

begun() { run=$(sed -n 's/^run \([^:]*\):.*/\1/p' "$work/train.log") && [ -n "$run" ]; }
await "the run to begin" begun
await "epoch 3" beyond 2
await "the coordinator's silo" coordinated
first=$(coordinator)
other=$(silos | grep -v "$first")
docker kill "$other" >/dev/null
say "killed $(name "$other"), which has a trainer; the coordinator is in $(name "$first")"
await "the recovery" logged recovery
say "recovered: $(journal metrics.jsonl | grep '"type":"recovery"' | tail -n 1)"

in_compose up -d --scale silo=3 redis token silo prometheus >"$work/scale.log" 2>&1 || { cat "$work/scale.log"; fail "scale"; }
await "three healthy silos" healthy 3
await "Prometheus to have three silos" scraped 3
say "three silos; Prometheus has them"

await "the coordinator's silo" coordinated
second=$(coordinator)
docker kill "$second" >/dev/null
say "killed $(name "$second"), which has the coordinator"

wait "$train" || { cat "$work/train.log"; fail "the run ended with $?"; }
say "the run has ended"
tail -n 12 "$work/train.log"
journal status.json | grep -E '"(generation|step|state)"' || true
journal model.safetensors >"$work/cluster.safetensors"

say "the same run, outside the containers, undisturbed"
id=$(docker create tbptt-client) && docker cp "$id:/opt/tbptt" "$work/tbptt" && docker rm "$id" >/dev/null
id=$(docker create tbptt-silo) && docker cp "$id:/opt/tbptt" "$work/tbptt/silo" && docker rm "$id" >/dev/null
"$work/tbptt/tbptt" train "$root/$spec" "${sets[@]}" --runs "$work/runs" --output plain | tail -n 4
cmp "$work"/runs/*/model.safetensors "$work/cluster.safetensors" || fail "the models differ"
sha256sum "$work"/runs/*/model.safetensors "$work/cluster.safetensors" | sed "s|$work/||"
say "PASSED: the same bytes"
