#!/usr/bin/env bash
# TensorFlow.js 4.22.0: the metric "precision" counts only outputs of exactly 1, so a classifier of probabilities has the precision 0.
#
# Guess: metrics: ['precision'] takes a probability above a half for a positive, as Keras' Precision and tfjs' own binaryAccuracy do.
# Found: it compares outputs with 1 and 0. A model that is right about all samples, with probabilities of 0.99 and 0.01, has the accuracy 1
# and the precision 0, and tf.metrics.recall is 0 likewise. An alarm detector looks useless, or training is stopped early by it.
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

const model = tf.sequential();
model.add(tf.layers.dense({units: 1, inputShape: [1], activation: 'sigmoid', kernelInitializer: 'ones'}));
model.compile({loss: 'binaryCrossentropy', optimizer: 'sgd', metrics: ['precision', 'binaryAccuracy']});
const inputs = tf.tensor2d([[5], [4], [-5], [-4]]), labels = tf.tensor2d([[1], [1], [0], [0]]);
const [, precision, accuracy] = model.evaluate(inputs, labels).map(one => one.dataSync()[0]);
const outputs = model.predict(inputs), recall = tf.metrics.recall(labels, outputs).dataSync()[0];
const rounded = tf.metrics.precision(labels, tf.round(outputs)).dataSync()[0];
console.log(`tfjs ${tf.version.tfjs}, outputs ${[...outputs.dataSync()].map(one => one.toFixed(3)).join(' ')}, labels 1 1 0 0`);
console.log(`binaryAccuracy ${accuracy}, precision ${precision}, recall ${recall}; precision of rounded outputs ${rounded}`);
process.exit(accuracy === 1 && precision === 0 && recall === 0 && rounded === 1 ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: the precision of a perfect classifier is 0"
else
    echo "changed: expected an accuracy of 1 with a precision and a recall of 0"
    exit 1
fi
