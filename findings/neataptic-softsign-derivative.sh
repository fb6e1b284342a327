#!/usr/bin/env bash
# neataptic 1.4.7: the derivative of SOFTSIGN is wrong, and for negative sums it has the wrong sign.
#
# Guess: methods.activation.SOFTSIGN(x, true) is the derivative of x / (1 + |x|), 1 / (1 + |x|)², as all other activations' second argument
# gives theirs.
# Found: it is x / (1 + |x|)². At 0 nothing is learned, and below 0 a hidden unit is moved away from what lowers the error. Training goes on
# without an error message.
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

const {activation} = neataptic.methods, step = 1e-5;
console.log('neataptic 1.4.7');
const wrong = [];
for (const name of Object.keys(activation)) {
  const f = activation[name], places = [-3, -1.4, -0.3, 0.3, 1.4, 3];
  if (places.some(x => Math.abs(f(x, true) - (f(x + step) - f(x - step)) / (2 * step)) > 1e-3)) wrong.push(name);
}
console.log(`derivatives that differ from the slope, of ${Object.keys(activation).length}: ${wrong.join(' ')}`);
const f = activation.SOFTSIGN, slope = x => (f(x + step) - f(x - step)) / (2 * step);
for (const x of [-3, -0.3, 0, 0.3, 3]) console.log(`SOFTSIGN at ${x}: derivative ${f(x, true).toFixed(4)}, slope ${slope(x).toFixed(4)}`);
const soft = moved('SOFTSIGN'), tanh = moved('TANH');
console.log(`a hidden unit that should rise moves by ${soft.toFixed(4)} with SOFTSIGN, by ${tanh.toFixed(4)} with TANH`);
process.exit(wrong.join() === 'SOFTSIGN' && f(-3, true) < 0 && soft < 0 && tanh > 0 ? 0 : 1);

// One step of a network of three units whose output is too low, by way of a positive weight.
function moved(name) {
  const network = new neataptic.architect.Perceptron(1, 1, 1), [, hidden, output] = network.nodes;
  hidden.squash = activation[name];
  output.squash = activation.IDENTITY;
  hidden.bias = -1;
  output.bias = 0;
  network.connections.forEach(one => { one.weight = one.to === output ? 1 : 0; });
  network.activate([1]);
  const before = hidden.activation;
  network.propagate(0.1, 0, true, [1]);
  network.activate([1]);
  return hidden.activation - before;
}
JS
if node probe.mjs; then
    echo "as found: the derivative of SOFTSIGN alone is wrong"
else
    echo "changed: expected a wrong derivative of SOFTSIGN alone"
    exit 1
fi
