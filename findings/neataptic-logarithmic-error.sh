#!/usr/bin/env bash
# neataptic 1.4.7: the mean squared logarithmic error is not squared and can be negative.
#
# Guess: methods.cost.MSLE is the mean of (log(1 + target) - log(1 + output))², which is 0 for equal ones and positive otherwise, as MSE is.
# Found: it is the sum of log(target) - log(output), with logarithms of numbers cut off at 1e-15. Outputs that are too high give a negative
# error, so train() with an error to reach can stop at once, and errors of two outputs cancel each other.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts neataptic@1.4.7 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import neataptic from 'neataptic';

const {MSLE, MSE} = neataptic.methods.cost;
const right = (target, output) => target.reduce((sum, one, i) => sum + Math.log((1 + one) / (1 + output[i])) ** 2, 0) / target.length;
console.log('neataptic 1.4.7');
const results = [[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.8, 0.8]], [[0.5, 0.5], [0.25, 1]]].map(([target, output]) => {
  const found = MSLE(target, output), wanted = right(target, output);
  const square = MSE(target, output).toFixed(4);
  console.log(`target ${target}, output ${output}: MSLE ${found.toFixed(4)}, by definition ${wanted.toFixed(4)}, MSE ${square}`);
  return found;
});
process.exit(Math.abs(results[0]) < 1e-12 && results[1] < -0.1 && Math.abs(results[2]) < 1e-9 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: MSLE is negative for outputs that are too high"
else
    echo "changed: expected a negative error, and one of 0 for outputs that are wrong"
    exit 1
fi
