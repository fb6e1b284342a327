#!/usr/bin/env bash
# hdr-histogram-js 3.0.1: counts of 8 and 16 bits wrap around, after which percentiles are 0 and the mean throws.
#
# Guess: a histogram with bitBucketSize 8 or 16 refuses or widens a count that no longer fits, as Java's HdrHistogram throws for shorts.
# Found: 256 recordings of one value leave a count of 0. totalCount is right, getValueAtPercentile gives 0, and mean throws
# "Index Out Of Bounds Exception". With 300 recordings there are 44. A step's latency that is nearly always the same reaches that in
# minutes.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts hdr-histogram-js@3.0.1 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import hdr from 'hdr-histogram-js';

console.log('hdr-histogram-js 3.0.1');
const small = record(8, 256), wide = record(16, 65536), fits = record(8, 255), whole = record(32, 65536);
process.exit([small, wide].every(one => one.median === 0 && one.mean === 'throws') && [fits, whole].every(one => one.median === 5) ? 0 : 1);

function record(bits, count) {
  const histogram = hdr.build({bitBucketSize: bits});
  for (let i = 0; i < count; i++) histogram.recordValue(5);
  histogram.recordValue(7);
  let mean;
  try {
    mean = histogram.mean.toFixed(3);
  } catch {
    mean = 'throws';
  }
  const median = histogram.getValueAtPercentile(50);
  console.log(`${bits} bits, ${count} times 5 and once 7: total ${histogram.totalCount}, median ${median}, mean ${mean}`);
  return {median, mean};
}
JS
if node probe.mjs; then
    echo "as found: counts of 8 and 16 bits wrap around"
else
    echo "changed: expected medians of 0 where a count wraps, and of 5 elsewhere"
    exit 1
fi
