#!/usr/bin/env bash
# timeseries-analysis 1.0.12: outliers() leaves the whole series standardized, the caller's array too; slice() takes a length.
#
# Guess: outliers() only looks: it returns the outliers and leaves the series as it is (its code saves the data before and "restores" it
# after); reset() gives the original back; slice(10, 20) gives the ten points from 10 on.
# Found: it standardizes the points in place: afterwards the series, its "original" and the array that the caller passed hold z-scores, and
# reset() restores nothing. What is forecast after a look for outliers has another scale. slice(from, to) calls splice(): slice(10, 20)
# gives 20 points.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts timeseries-analysis@1.0.12 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import analysis from 'timeseries-analysis';

const points = values => values.map((value, i) => [new Date(i * 1000), value]);
const raw = points([1, 2, 3, 4, 100, 5, 6, 7, 8, 9, 10, 11]), series = new analysis.main(raw), outliers = series.outliers({threshold: 2.5});
const first = [series.toArray()[0], raw[0][1], series.reset().toArray()[0]], length = new analysis.main(points([...Array(40).keys()]))
  .slice(10, 20).toArray().length;
console.log(`timeseries-analysis 1.0.12, a series that begins with 1 and holds 100: ${outliers.length} outlier, reported as ${
  outliers[0][1].toFixed(3)}`);
console.log(`first value after outliers(): ${first[0].toFixed(3)}, in the caller's array ${first[1].toFixed(3)}, after reset() ${
  first[2].toFixed(3)}`);
console.log(`slice(10, 20) of 40 points: ${length} points`);
process.exit(outliers.length === 1 && first.every(one => Math.abs(one + 0.4906) < 1e-3) && length === 20 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: outliers() standardizes the data, slice(10, 20) has 20 points"
else
    echo "changed: expected -0.491 in place of 1 in all three, and 20 points"
    exit 1
fi
