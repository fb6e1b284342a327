#!/usr/bin/env bash
# TensorFlow.js 4.22.0: setMomentum of the momentum optimizer changes nothing.
#
# Guess: optimizer.setMomentum(0.9) holds from the next step on, as setLearningRate of the same optimizer does.
# Found: the steps continue with the momentum of the constructor, because the number that they use is a tensor made there; the
# property and the saved configuration show the new one. A warm-up of the momentum, or a run that was made with 0 and set to 0.9, trains
# without any momentum and reports 0.9.
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

// Three steps of rate 1 with the gradient 1.
const weightAfter = optimizer => {
    const weight = tf.variable(tf.scalar(0));
    for (let step = 0; step < 3; step++) {
        optimizer.minimize(() => weight.mul(1), false, [weight]);
    }
    return weight.dataSync()[0];
};
const set = tf.train.momentum(1, 0);
set.setMomentum(0.9);
const rated = tf.train.momentum(0.5, 0);
rated.setLearningRate(1);
const plain = weightAfter(tf.train.momentum(1, 0)), made = weightAfter(tf.train.momentum(1, 0.9));
const afterSet = weightAfter(set), afterRate = weightAfter(rated);
console.log(`tfjs ${tf.version.tfjs}, weight after three steps`);
console.log(`made with 0: ${plain.toFixed(2)}, made with 0.9: ${made.toFixed(2)}, made with 0 and set to 0.9: ${afterSet.toFixed(2)}`);
console.log(`getConfig says ${set.getConfig().momentum}; rate 0.5 set to 1: ${afterRate.toFixed(2)}`);
process.exit(plain === -3 && Math.abs(made + 5.61) < 1e-4 && afterSet === -3 && set.getConfig().momentum === 0.9 && afterRate === -3 ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: setMomentum changes the configuration alone"
else
    echo "changed: expected that setMomentum changed no step"
    exit 1
fi
