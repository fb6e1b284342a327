#!/usr/bin/env bash
# moving-average 1.0.1: a series whose clock begins at 0 loses its first value.
#
# Guess: push(0, 100), push(1000, 0), ... gives what the same values give from 1,000 on: only differences of the times count.
# Found: a first time of 0 is taken for no time: the second value starts the average anew. The mean, the variance and the forecast have
# never seen the 100. Times since the start of a recording or of an episode begin at 0, epoch times do not.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts moving-average@1.0.1 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import average from 'moving-average';

console.log('moving-average 1.0.1, values 100, 0, 0, 0 every 1,000, time span 5,000');
const results = [0, 1, 1000].map(start => {
  const moving = average(5000);
  [100, 0, 0, 0].forEach((value, i) => moving.push(start + i * 1000, value));
  console.log(`from ${start}: average ${moving.movingAverage().toFixed(3)}, variance ${moving.variance().toFixed(3)}`);
  return moving.movingAverage();
});
process.exit(results[0] === 0 && results.slice(1).every(one => Math.abs(one - 54.881) < 1e-3) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the first value is lost at time 0 alone"
else
    echo "changed: expected an average of 0 from time 0, and 54.881 from other times"
    exit 1
fi
