#!/usr/bin/env bash
# TensorFlow.js 4.22.0: padded steps that a mask leaves out count in the loss and in average pooling.
#
# Guess: as in Keras, a Masking layer (or an Embedding with maskZero) takes masked steps out of the loss and of globalAveragePooling1d, and
# sampleWeight weighs the samples of evaluate.
# Found: the mask reaches recurrent layers only. A model whose two real steps are predicted exactly has a loss of 24.5 from the two padded
# ones, and the average of 1 2 and two masked steps is 0.75 in place of 1.5. evaluate takes a sampleWeight and ignores it (fit refuses
# it), so there is no such way out either. Batches of unlike lengths train on their padding.
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

// Real steps 1 and 2, then two padded steps; the layer repeats its input, so the real steps are right.
const series = tf.tensor3d([[[1], [2], [0], [0]]]), targets = tf.tensor3d([[[1], [2], [9], [9]]]);
const model = tf.sequential();
model.add(tf.layers.masking({maskValue: 0, inputShape: [4, 1]}));
model.add(tf.layers.simpleRNN({
    units: 1, returnSequences: true, activation: 'linear', kernelInitializer: 'ones', recurrentInitializer: 'zeros'}));
model.compile({loss: 'meanSquaredError', optimizer: 'sgd'});
const predicted = [...model.predict(series).dataSync()], loss = model.evaluate(series, targets).dataSync()[0];
const input = tf.input({shape: [4, 1]});
const pooled = tf.layers.globalAveragePooling1d().apply(tf.layers.masking().apply(input));
const average = tf.model({inputs: input, outputs: pooled}).predict(series).dataSync()[0];
const zeros = tf.sequential();
zeros.add(tf.layers.dense({units: 1, inputShape: [1], kernelInitializer: 'zeros'}));
zeros.compile({loss: 'meanSquaredError', optimizer: 'sgd'});
const weighted = zeros.evaluate(tf.zeros([2, 1]), tf.tensor2d([[1], [3]]), {sampleWeight: tf.tensor1d([0, 1])}).dataSync()[0];
console.log(`tfjs ${tf.version.tfjs}`);
console.log(`predicted ${predicted.join(' ')}, targets 1 2 and two padded steps: loss ${loss}, 0 without the padded steps`);
console.log(`average of 1 2 and two masked steps: ${average}, 1.5 without them`);
console.log(`errors 1 and 9 with the weights 0 and 1: loss ${weighted}, unweighted mean 5, Keras 4.5`);
process.exit(predicted[0] === 1 && predicted[1] === 2 && loss === 24.5 && average === 0.75 && weighted === 5 ? 0 : 1);
JS
if node probe.mjs 2>&1 | grep -v -e '^Hi' -e '^===' -e '^Looks like' -e '^$'; [ "${PIPESTATUS[0]}" -eq 0 ]; then
    echo "as found: masked steps and weights of 0 count"
else
    echo "changed: expected a loss of 24.5, an average of 0.75 and a weighted loss of 5"
    exit 1
fi
