#!/usr/bin/env bash
# TensorFlow.js 4.22.0: heNormal, glorotNormal and leCunNormal draw weights an eighth too small.
#
# Guess: the weights have the standard deviation of the formula, sqrt(2 / inputs) for heNormal, as in Keras, which widens the normal
# distribution before it cuts it at two deviations, and as tfjs' own glorotUniform has.
# Found: tfjs cuts without widening: the deviation is 0.88, the variance 0.77 of the formula's. Over ten layers that keep the variance in
# Keras the signals shrink to 0.08 of it. A model that is copied from Keras with the same initializer starts elsewhere.
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

const inputs = 400, outputs = 200;
const wanted = {
    heNormal: Math.sqrt(2 / inputs), leCunNormal: Math.sqrt(1 / inputs), glorotNormal: Math.sqrt(2 / (inputs + outputs)),
    glorotUniform: Math.sqrt(2 / (inputs + outputs))};
const ratios = {};
console.log(`tfjs ${tf.version.tfjs}`);
for (const [name, deviation] of Object.entries(wanted)) {
    const weights = tf.initializers[name]({seed: 1}).apply([inputs, outputs]);
    const found = Math.sqrt(tf.moments(weights).variance.dataSync()[0]);
    ratios[name] = found / deviation;
    console.log(`${name}: deviation ${found.toFixed(4)}, by the formula ${deviation.toFixed(4)}, ratio ${ratios[name].toFixed(3)}`);
}
const small = ['heNormal', 'leCunNormal', 'glorotNormal'].every(name => Math.abs(ratios[name] - 0.8796) < 0.01);
process.exit(small && Math.abs(ratios.glorotUniform - 1) < 0.01 ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: the normal initializers' deviations are 0.88 of the formula's"
else
    echo "changed: expected deviations of 0.88 of the formula's, and 1 of the uniform one"
    exit 1
fi
