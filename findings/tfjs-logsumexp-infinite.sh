#!/usr/bin/env bash
# TensorFlow.js 4.22.0: logSumExp of nothing but -Infinity is NaN.
#
# Guess: it is -Infinity, the logarithm of a sum of zeros, as in TensorFlow, PyTorch and SciPy, which replace a maximum that is not finite
# before they subtract it.
# Found: NaN, because -Infinity - (-Infinity) is. One finite element makes it right. For Infinity it is NaN, too. The forward pass of CTC or
# of a hidden Markov model in logarithms has such a sum for each state that cannot be reached yet, and the NaN then spreads over all states.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import * as tf from '@tensorflow/tfjs';
await tf.setBackend('cpu');

console.log(`tfjs ${tf.version.tfjs}, logSumExp`);
const rows = [[-Infinity, -Infinity], [-Infinity, 0], [-1000, -1000], [Infinity, 0]], found = rows.map(row => {
  const [value] = tf.logSumExp(tf.tensor1d(row)).dataSync();
  console.log(`of ${row.join(' and ')}: ${value}`);
  return value;
});
// Two states, of which the second is reached from the first: the probability of each after one step, in logarithms.
const start = tf.tensor1d([0, -Infinity]), steps = tf.tensor2d([[-Infinity, -Infinity], [0, -Infinity]]);
const after = tf.logSumExp(steps.add(start), 1).arraySync();
console.log(`one step of a chain from state 1 to 2: ${after.join(' ')}, right: -Infinity 0`);
process.exit(Number.isNaN(found[0]) && found[1] === 0 && Math.abs(found[2] + 999.307) < 1e-2 && Number.isNaN(after[0]) ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: NaN for the logarithm of no probability"
else
    echo "changed: expected NaN for -Infinity alone"
    exit 1
fi
