#!/usr/bin/env bash
# prom-client 15.1.3: quantiles of a Summary lie between values that were observed often, where none was observed.
#
# Guess: of 10,000 durations, nine tenths of them 5 ms and one tenth 100 ms, the median of a Summary is 5, to within the digest's small
# error in rank, as prometheus-net has it.
# Found: it is 14.5, and the 80th percentile is 71.5. The t-digest (tdigest 0.1.x) joins equal values to one centroid and draws a straight
# line between the centres of two of them: with few distinct values, as rounded times, batch sizes and counts are, each quantile lies
# somewhere between. A step that takes 5 or 100 ms seems to take any time. An empty Summary gives 0, not NaN.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts prom-client@15.1.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import client from 'prom-client';

const quantiles = async (name, values) => {
  const summary = new client.Summary({name, help: name, percentiles: [0.25, 0.5, 0.8, 0.95]});
  values.forEach(value => summary.observe(value));
  const sorted = [...values].sort((one, other) => one - other), {values: found} = await summary.get();
  return found.filter(one => one.labels.quantile).map(({labels: {quantile}, value}) => {
    console.log(`${name}, quantile ${quantile}: ${value.toFixed(2)}, sorted values ${sorted[Math.floor(quantile * values.length)]}`);
    return value;
  });
};
console.log('prom-client 15.1.3');
const two = await quantiles('two_values', Array.from({length: 10000}, (_, i) => i % 10 === 9 ? 100 : 5));
const many = await quantiles('many_values', Array.from({length: 10000}, (_, i) => i * 7919 % 10000));
const near = (one, other) => Math.abs(one - other) < 0.01, right = many.every((one, i) => Math.abs(one - [2500, 5000, 8000, 9500][i]) < 50);
process.exit(near(two[0], 5) && near(two[1], 14.5) && near(two[2], 71.5) && near(two[3], 100) && right ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: a median of 14.5 where nine tenths of the values are 5"
else
    echo "changed: expected quantiles of 14.5 and 71.5 from two values, and right ones from many"
    exit 1
fi
