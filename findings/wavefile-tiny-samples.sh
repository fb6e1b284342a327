#!/usr/bin/env bash
# wavefile 11.0.0: samples next to silence become samples of up to 9 steps when a file is changed to 8 or 16 bits.
#
# Guess: a sample of 1e-11 is 0 in 16 bits and in 8, because it is far below half a step.
# Found: it becomes 3 of 32,767 in 16 bits; 3e-12 becomes 9. In 8 bits every sample below 7.9e-9 is drawn the same way, up to 9 of 127,
# which is 7 % of full scale. A tone that dies away gets loud again where it should be silent. The cause: the scaled sample is cut to a
# whole number by parseInt, which reads its text, and numbers below 1e-6 have the text "3.2767e-7", of which parseInt takes the 3
# (lib/codecs/bitdepth.js).
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts wavefile@11.0.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import wavefile from 'wavefile';

const samples = Float64Array.from([1e-5, 1e-8, 1e-11, 3e-12, -2e-11, 0]), read = bits => {
  const wave = new wavefile.WaveFile();
  wave.fromScratch(1, 8000, '64', samples);
  wave.toBitDepth(bits);
  return [...wave.getSamples()].map(one => bits === '8' ? one - 128 : one);
};
const tail = new wavefile.WaveFile();
tail.fromScratch(1, 8000, '64', Float64Array.from({length: 8000}, (_, i) => 0.5 * Math.exp(-i / 200)));
tail.toBitDepth('8');
const end = [...tail.getSamples()].slice(1200).map(one => one - 128);
const quiet = end.filter(one => one !== 0).length, loudest = Math.max(...end);
const [eight, sixteen] = ['8', '16'].map(read);
console.log('wavefile 11.0.0');
console.log(`${[...samples].join(' ')}: in 16 bits ${sixteen.join(' ')}, in 8 bits ${eight.join(' ')}`);
console.log(`0.5 exp(-i/200) in 8 bits, from i = 1,200, where it is below half a step: ${quiet} of 6,800 are not 0, up to ${loudest}`);
const found = sixteen.join() === '0,0,3,9,-6,0' && eight.join() === '0,0,1,3,-2,0' && quiet > 1000 && loudest === 9;
process.exit(found ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: samples below 1e-6 of a step become up to 9 steps"
else
    echo "changed: expected 3 and 9 in 16 bits for 1e-11 and 3e-12"
    exit 1
fi
