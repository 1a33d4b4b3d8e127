#!/bin/sh
# Fits calibrated.yaml anew from default.yaml and the public files in a folder: sh recalibrate.sh DATA
# Orders first, whose answers are people's and settle what a point is; then incidents, of which only
# the rules about incidents learn. Each is fitted on its earlier part alone.
set -eu
here=$(dirname "$0")
root="$here/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
troth() { (cd "$root" && npx --yes pnpm@12.21.0 --silent troth "$@"); }
data=$(cd "$1" && pwd)
policies=$(cd "$here" && pwd)
troth import olist "$data" > "$work/olist.jsonl"
troth import servicenow "$data" > "$work/servicenow.jsonl"
troth calibrate "$work/olist.jsonl" --policy "$policies/default.yaml" --until 2018-01-14 \
  --half-life 30d --precision 0.73 --out "$work/orders.yaml"
troth calibrate "$work/servicenow.jsonl" --policy "$work/orders.yaml" --until 2016-05-02 \
  --scale 450 --out "$policies/calibrated.yaml"
