#!/usr/bin/env bash
# TensorFlow.js 4.22.0: centered RMSProp makes a weight NaN when its gradient stays the same.
#
# Guess: centered RMSProp divides by the root of mean(g^2) - mean(g)^2 + epsilon; the difference of the two means is not negative, and
# epsilon, 1e-7, keeps the root above 0.
# Found: with a steady gradient the difference shrinks towards 0, float32 rounds it to a negative number larger than epsilon, and the
# root is NaN, within the first hundred steps in the run below. The plain RMSProp stays finite. A gradient is steady wherever a loss is
# linear, such as a mean absolute error on one side of its targets.
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

const first = (centered) => {
    const weights = tf.variable(tf.zeros([8]));
    const gradients = tf.tensor1d([0.01, 0.1, 0.3, 1, 3, 10, 30, 100]);
    const optimizer = tf.train.rmsprop(0.001, 0.9, 0, 1e-7, centered);
    for (let step = 1; step <= 500; step++) {
        optimizer.minimize(() => weights.mul(gradients).sum());
        if (weights.dataSync().some(Number.isNaN)) {
            return `first NaN at step ${step}: ${[...weights.dataSync()].map(one => one.toFixed(3)).join(' ')}`;
        }
    }

    return `finite after 500 steps: ${[...weights.dataSync()].map(one => one.toFixed(3)).join(' ')}`;
};
console.log(`tfjs ${tf.version.tfjs}, weights of 8 steady gradients from 0.01 to 100`);
const centered = first(true), plain = first(false);
console.log(`centered: ${centered}`);
console.log(`plain:    ${plain}`);
process.exit(centered.startsWith('first NaN') && plain.startsWith('finite') ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: the centered form ends in NaN, the plain one does not"
else
    echo "changed: expected NaN from the centered form only"
    exit 1
fi
