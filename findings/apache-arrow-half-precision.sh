#!/usr/bin/env bash
# apache-arrow 21.1.0 (npm): in half precision 70,000 becomes 2.13 and 1e-8 becomes -Infinity.
#
# Guess: a Float16 vector rounds as IEEE 754 says: above 65,520 to Infinity, below 3e-8 to 0, as NumPy does.
# Found: a round number above 65,535 becomes a small one: 70,000 is 2.134765625, although 70,000.1 is Infinity. Just below 3e-8 the result
# is -Infinity for either sign, and farther down it is any number: 1e-10 is 5.3e-5. What lies between is right but for ties. Weights,
# gradients and probabilities in half precision reach both ends. The shifts of float64ToUint16 (util/math.js) have no lower limit, and its
# test for the overflow looks at the low half of the double, which is 0 for numbers of up to 21 bits.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts apache-arrow@21.1.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import {Float16, vectorFromArray} from 'apache-arrow';

console.log('apache-arrow 21.1.0, Float16');
const rounded = [[0.1, 0.0999755859375], [1e-5, 1.0013580322265625e-5], [1e-7, 2 ** -23], [65504, 65504], [70000.1, Infinity]];
const cases = [...rounded, [70000, Infinity], [-70000, -Infinity], [1e-8, 0], [-1e-8, -0], [1e-10, 0]];
const found = [...vectorFromArray(cases.map(([value]) => value), new Float16())];
cases.forEach(([value, right], i) => console.log(`${value}: ${found[i]}, right ${Object.is(right, -0) ? '-0' : right}`));
const right = rounded.every(([, one], i) => found[i] === one);
const wrong = found[5] === 2.134765625 && found[6] === -2.134765625 && found[7] === -Infinity && found[8] === -Infinity && found[9] > 5e-5;
process.exit(right && wrong ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: large numbers become small, tiny ones infinite"
else
    echo "changed: expected 2.13 for 70,000 and -Infinity for 1e-8"
    exit 1
fi
