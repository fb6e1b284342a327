#!/usr/bin/env bash
# regression 2.0.1: a missing value that is left out of linear, exponential and polynomial fits spoils logarithmic and power fits.
#
# Guess: points with null are left out of every fit ("null values are ignored", says the README): y = 2 x^1.5 is found with a missing point
# as without.
# Found: logarithmic() and power() leave the point out of the sums and count it in their number: the exact power law comes back as 1.50
# x^1.70. Nothing throws and r2 looks plausible. The cause: linear() counts the points that it sums, the other two take data.length
# (src/regression.js).
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts regression@2.0.1 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import regression from 'regression';

console.log('regression 2.0.1, y = 2 x^1.5 for x = 1 to 6, without and with [3.5, null]');
const whole = [1, 2, 3, 4, 5, 6].map(x => [x, 2 * x ** 1.5]), gap = [...whole.slice(0, 3), [3.5, null], ...whole.slice(3)];
const changed = ['linear', 'exponential', 'polynomial', 'logarithmic', 'power'].filter(method => {
  const [first, second] = [whole, gap].map(data => regression[method](data, {precision: 4}));
  console.log(`${method}: ${first.equation.join(' ')}, with a missing point ${second.equation.join(' ')}, r2 ${second.r2}`);
  return first.equation.join() !== second.equation.join();
});
const power = regression.power(gap, {precision: 2}).equation;
process.exit(changed.join() === 'logarithmic,power' && power.join() === '1.5,1.7' ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: a missing point changes logarithmic and power fits"
else
    echo "changed: expected changed equations of logarithmic and power alone"
    exit 1
fi
