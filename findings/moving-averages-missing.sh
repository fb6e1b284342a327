#!/usr/bin/env bash
# moving-averages 4.0.6: a missing value counts as 0 in moving averages, but is skipped by exponential ones.
#
# Guess: a NaN or null makes the averages of its window NaN, or is left out of them; all averages of the library treat it alike.
# Found: ma() and wma() take it for 0 and divide by the whole window, so that a constant series of 10 dips to 6.67 for three steps, or to 5
# weighted. ema() and dma() keep 10. Features of a sensor with gaps get dips that look real.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts moving-averages@4.0.6 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import averages from 'moving-averages';

console.log('moving-averages 4.0.6, a constant series of 10 with one gap');
const series = gap => [10, 10, 10, gap, 10, 10, 10, 10], lowest = values => Math.min(...values.filter(one => one !== undefined));
const results = [NaN, null].map(gap => ['ma', 'wma', 'ema'].map(name => {
  const result = averages[name](series(gap), 3);
  console.log(`${name}, gap ${gap}: ${Array.from(result, one => one === undefined ? '-' : one.toFixed(2)).join(' ')}`);
  return lowest(result);
}));
process.exit(results.every(([ma, wma, ema]) => Math.abs(ma - 20 / 3) < 1e-9 && Math.abs(wma - 5) < 1e-9 && ema === 10) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: gaps count as 0 in ma and wma"
else
    echo "changed: expected dips to 6.67 and 5, and none of ema"
    exit 1
fi
