#!/usr/bin/env bash
# Mail traffic, a provider that blocks it for a while, and a Prometheus that raises the alert for it; until Ctrl-C.
# Ports and times: METRICS_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, BLOCK_AFTER, BLOCK_FOR.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
metrics_port=${METRICS_PORT:-9464}
prometheus_port=${PROMETHEUS_PORT:-9090}
alertmanager_port=${ALERTMANAGER_PORT:-9093}
work=
pids=()

fail() {
  echo "run.sh: $1" >&2
  exit 1
}

stop() {
  trap - EXIT INT TERM HUP
  if ((${#pids[@]})); then
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
  fi
  [[ -z $work ]] || rm -rf "$work"
}

is_open() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# start NAME PORT COMMAND...: in the background, and waits until the port answers.
start() {
  local name=$1 port=$2
  shift 2
  is_open "$port" && fail "port $port is in use; another one for $name: see the top of $0"
  "$@" >"$work/$name.log" 2>&1 &
  pids+=($!)
  until is_open "$port"; do
    kill -0 "${pids[-1]}" 2>/dev/null || fail "$name did not start: $(tail -n 5 "$work/$name.log")"
    sleep 0.2
  done
}

command -v prometheus >/dev/null || fail "prometheus is not on the PATH: a Debian package, and at https://prometheus.io/download"
alertmanager=$(command -v alertmanager || command -v prometheus-alertmanager || true)
class_path=${REDELIVER_CLASS_PATH:-$root/examples/target/redeliver.jar}
if [[ -z ${REDELIVER_CLASS_PATH:-} && ! -f $class_path ]]; then
  echo "building redeliver.jar"
  (cd "$root" && mvn -q -B package -DskipTests -DskipChecks -pl examples -am)
fi

trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d)

# The rules as they are shipped wait for minutes and look back for hours; here somebody is watching.
sed -e 's/^\( *for:\) .*/\1 0s/' -e 's/\[[0-9]*[mhd]\]/[1m]/g' \
  "$root/metrics/src/main/resources/META-INF/redeliver/prometheus/rules.yml" >"$work/rules.yml"
sed -e "s/127.0.0.1:9464/127.0.0.1:$metrics_port/" -e "s/127.0.0.1:9093/127.0.0.1:$alertmanager_port/" \
  "$here/prometheus.yml" >"$work/prometheus.yml"

start traffic "$metrics_port" \
  java -cp "$class_path" dev.redeliver.examples.RedeliverCommand traffic --config "$here/traffic.properties" \
  --port "$metrics_port" --block-after "${BLOCK_AFTER:-20s}" --block-for "${BLOCK_FOR:-60s}"
if [[ -n $alertmanager ]]; then
  start alertmanager "$alertmanager_port" \
    "$alertmanager" --config.file="$here/alertmanager.yml" --storage.path="$work/alertmanager" \
    --web.listen-address="127.0.0.1:$alertmanager_port" --cluster.listen-address=
fi
start prometheus "$prometheus_port" \
  prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --web.listen-address="127.0.0.1:$prometheus_port"

echo "status        http://127.0.0.1:$metrics_port/status"
echo "metrics       http://127.0.0.1:$metrics_port/metrics"
echo "alerts        http://127.0.0.1:$prometheus_port/alerts"
echo "graph         http://127.0.0.1:$prometheus_port/graph?g0.expr=redeliver_reputation_alert_active&g0.tab=0&g0.range_input=5m"
if [[ -n $alertmanager ]]; then
  echo "alertmanager  http://127.0.0.1:$alertmanager_port/#/alerts"
else
  echo "alertmanager  is not on the PATH, and left out"
fi
echo "gmail.com blocks us after ${BLOCK_AFTER:-20s}, for ${BLOCK_FOR:-60s}. Ctrl-C ends all of this."

wait -n "${pids[@]}" || true
fail "one of them ended: $(tail -n 3 "$work"/*.log)"
