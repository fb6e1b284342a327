#!/usr/bin/env bash
# synaptic 1.1.4: the function that standalone() makes of an LSTM has no memory.
#
# Guess: standalone() gives a function that does what the network does, step by step, with its state inside.
# Found: it gives the same output for the same input at every step, whatever came before, while the network's own outputs change with its
# cells. Nothing says so; for feed-forward networks the function is right, which is what most examples show.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts synaptic@1.1.4 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import synaptic from 'synaptic';

const steps = [1, 1, 1, 1, 1, 1], show = values => values.map(one => one.toFixed(6)).join(' ');
const network = new synaptic.Architect.LSTM(1, 4, 1);
const alone = network.standalone(), own = steps.map(one => network.activate([one])[0]), without = steps.map(one => alone([one])[0]);
const plain = new synaptic.Architect.Perceptron(1, 4, 1), both = [plain.standalone()([0.5])[0], plain.activate([0.5])[0]];
console.log(`synaptic 1.1.4, LSTM of 4 cells, input 1 at six steps`);
console.log(`network    ${show(own)}`);
console.log(`standalone ${show(without)}`);
console.log(`perceptron: standalone ${both[0].toFixed(6)}, network ${both[1].toFixed(6)}`);
const changes = values => new Set(values).size > 1;
process.exit(changes(own) && !changes(without) && Math.abs(both[0] - both[1]) < 1e-9 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the standalone LSTM forgets each step at once"
else
    echo "changed: expected changing outputs of the network and one output of its function"
    exit 1
fi
