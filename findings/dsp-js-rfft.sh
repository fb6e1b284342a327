#!/usr/bin/env bash
# dsp.js 1.0.1: the spectrum of RFFT is wrong: it takes the imaginary part of the neighbouring bin.
#
# Guess: RFFT, "the real split radix FFT" for speed, gives the spectrum that FFT gives, to rounding.
# Found: FFT gives 1 at bin 5 for a sine of 5 periods and 0 elsewhere; RFFT gives 1 at bin 4 and 0 at bin 5. For a cosine it is right, and
# for a phase between it splits the peak: pitch and band energies change with the phase, from frame to frame. The cause:
# RFFT.prototype.forward reads the imaginary part of bin i at n - i - 1, while its own comment on the order places it at n - i.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts dsp.js@1.0.1 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import dsp from 'dsp.js';

console.log('dsp.js 1.0.1, 64 samples, 5 periods, amplitude 1: spectrum at bins 3 to 6');
const size = 64, spectrum = (Transform, phase) => {
  const transform = new Transform(size, size);
  transform.forward(Float64Array.from({length: size}, (_, i) => Math.cos(2 * Math.PI * 5 * i / size - phase)));
  return [...transform.spectrum];
};
const phases = {cosine: 0, 'halfway between': Math.PI / 4, sine: Math.PI / 2}, results = Object.entries(phases).map(([name, phase]) => {
  const [right, found] = [dsp.FFT, dsp.RFFT].map(Transform => spectrum(Transform, phase));
  const show = values => values.slice(3, 7).map(one => Math.abs(one).toFixed(3)).join(' ');
  console.log(`${name}: FFT ${show(right)}, RFFT ${show(found)}`);
  return [right, found];
});
const near = (one, other) => Math.abs(one - other) < 1e-9, sine = results[2][1];
process.exit(results.every(([right]) => near(right[5], 1) && near(right[4], 0)) && near(results[0][1][5], 1) && near(sine[4], 1) &&
  near(sine[5], 0) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: RFFT moves a sine to the bin below"
else
    echo "changed: expected a peak of a sine at bin 4 from RFFT, at 5 from FFT"
    exit 1
fi
