#!/usr/bin/env bash
# percentile 1.6.0: the 7th percentile of 1 to 100 is 8.
#
# Guess: the p-th percentile of the numbers from 1 to 100 is p, as it is by the nearest rank, the method that the code follows.
# Found: for p = 7, 14, 28, 55 and 56 it is p + 1. The rank is the length times p / 100, rounded up, and 100 * (7 / 100) is
# 7.000000000000001. How much that is depends on the gap between two values: where 7 % of the values are 0 and the others 1,000, the 7th
# percentile is 1,000.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts percentile@1.6.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import percentile from 'percentile';

const numbers = Array.from({length: 100}, (_, i) => i + 1), wrong = numbers.filter(p => percentile(p, numbers) !== p);
console.log(`percentile 1.6.0, of 1 to 100: percentiles that are not p: ${wrong.map(p => `${p} (${percentile(p, numbers)})`).join(' ')}`);
const gap = numbers.map(one => one <= 7 ? 0 : 1000);
console.log(`of 7 zeros and 93 times 1,000, of which 7 % are zero: 7th percentile ${percentile(7, gap)}, 6th ${percentile(6, gap)}`);
process.exit(wrong.join() === '7,14,28,55,56' && percentile(7, gap) === 1000 && percentile(6, gap) === 0 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: five percentiles of 1 to 100 are one too high"
else
    echo "changed: expected 7, 14, 28, 55 and 56 to be one too high"
    exit 1
fi
