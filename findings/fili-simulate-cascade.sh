#!/usr/bin/env bash
# fili 2.0.3: simulate(), stepResponse() and impulseResponse() of a cascade repeat its last stage.
#
# Guess: simulate(x) of an IirFilter gives what multiStep(x) gives from a fresh start: it has a state of its own and the same coefficients.
# Found: every stage takes the coefficients of the last one, whose variable the set-up loop has left behind: a Butterworth filter of two
# stages shows another impulse response than the one that it filters with. With one stage both agree. A filter that is chosen by its
# simulated response filters otherwise.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts fili@2.0.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import Fili from 'fili';

console.log('fili 2.0.3, Butterworth low-pass, 100 of 1,000 Hz: impulse responses by multiStep() and by simulate()');
const design = order => new Fili.CalcCascades().lowpass({order, characteristic: 'butterworth', Fs: 1000, Fc: 100, preGain: false});
const impulse = [1, 0, 0, 0, 0, 0, 0, 0], found = [1, 2].map(order => {
  const stages = design(order);
  const [real, simulated] = ['multiStep', 'simulate'].map(name => new Fili.IirFilter(stages)[name](impulse));
  const show = values => values.slice(0, 5).map(one => one.toFixed(4)).join(' ');
  console.log(`${stages.length} stage(s): ${show(real)}, simulated ${show(simulated)}`);
  return Math.max(...real.map((one, i) => Math.abs(one - simulated[i])));
});
const cascade = design(2), last = cascade[1], twice = new Fili.IirFilter([last, last]).multiStep(impulse);
const same = new Fili.IirFilter(cascade).simulate(impulse).every((one, i) => Math.abs(one - twice[i]) < 1e-12);
console.log(`the simulated response is that of the last stage twice: ${same}`);
process.exit(found[0] < 1e-12 && found[1] > 0.05 && same ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the simulated cascade is its last stage twice"
else
    echo "changed: expected a difference above 0.05 for two stages alone"
    exit 1
fi
