#!/usr/bin/env bash
# meyda 5.6.3: spectralSlope has the wrong sign: a rising spectrum has a negative slope.
#
# Guess: it is the slope of a straight line through the amplitudes ("linear regression", says the documentation), positive for a spectrum
# that rises, negative for one that falls.
# Found: the other way round, and a third of the size. In the formula's denominator, n times the sum of squares minus the squared sum, the n
# is missing, so that it is negative, because a squared sum is larger than the sum of squares. Brightness features come out mirrored. A flat
# spectrum has 0.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts meyda@5.6.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import Meyda from 'meyda';

const size = 512, sampleRate = 16000;
Object.assign(Meyda, {bufferSize: size, sampleRate, windowingFunction: 'rect'});
console.log('meyda 5.6.3, frames of 512 samples at 16,000 Hz');
const slopes = {rising: k => k / 256, falling: k => 1 - k / 256}, found = Object.entries(slopes).map(([name, amplitude]) => {
  const signal = Float32Array.from({length: size}, (_, n) => Array.from({length: 255}, (_, i) => i + 1)
    .reduce((sum, k) => sum + amplitude(k) * Math.cos(2 * Math.PI * k * n / size + k * k), 0) / 256);
  const {spectralSlope, amplitudeSpectrum} = Meyda.extract(['spectralSlope', 'amplitudeSpectrum'], signal);
  const amplitudes = [...amplitudeSpectrum], count = amplitudes.length, sum = values => values.reduce((one, other) => one + other, 0);
  const frequencies = amplitudes.map((_, k) => k * sampleRate / size), total = sum(amplitudes);
  const products = sum(frequencies.map((one, k) => one * amplitudes[k])), squares = sum(frequencies.map(one => one * one));
  const right = (count * products - sum(frequencies) * total) / (total * (count * squares - sum(frequencies) ** 2));
  console.log(`${name} spectrum: spectralSlope ${spectralSlope.toExponential(3)}, by least squares ${right.toExponential(3)}`);
  return spectralSlope / right;
});
process.exit(found.every(ratio => Math.abs(ratio + 0.338) < 0.01) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the slope's sign is turned round"
else
    echo "changed: expected slopes of the other sign than by least squares"
    exit 1
fi
