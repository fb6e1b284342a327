#!/usr/bin/env bash
# TensorFlow.js 4.22.0: Adadelta divides by the gradients' mean square of before the step, so its first update is the gradient itself.
#
# Guess: as in Adadelta's paper (arXiv:1212.5701, algorithm 1), TensorFlow and PyTorch, a step first takes the gradient into the running
# mean square and then divides by its root: the first update is sqrt(eps) / sqrt(0.1 g^2 + eps) g, about 0.001 whatever the gradient is.
# Found: the division uses the mean square of the steps before, which is 0 at first, so both roots are sqrt(eps) and the first update is
# the learning rate times the gradient: -2 for a gradient of 2, a thousand times too large. Later updates are one step late, too.
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

const rate = 1, rho = 0.9, epsilon = 1e-7, gradient = [2, 0.5, -3];
const weights = tf.variable(tf.zeros([3]));
tf.train.adadelta(rate, rho, epsilon).minimize(() => weights.mul(tf.tensor1d(gradient)).sum());
const moved = [...weights.dataSync()];
const paper = gradient.map(g => -rate * Math.sqrt(epsilon) / Math.sqrt((1 - rho) * g * g + epsilon) * g);
console.log(`tfjs ${tf.version.tfjs}, gradients ${gradient.join(' ')}`);
console.log(`first update: ${moved.map(one => one.toFixed(6)).join(' ')}; by the paper: ${paper.map(one => one.toFixed(6)).join(' ')}`);
process.exit(moved.every((one, i) => Math.abs(one + gradient[i]) < 1e-6) ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: the first update is the gradient times the learning rate"
else
    echo "changed: expected a first update of the gradient times the learning rate"
    exit 1
fi
