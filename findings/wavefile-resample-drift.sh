#!/usr/bin/env bash
# wavefile 11.0.0: a resampled file is played too slowly, and its last input sample is never reached.
#
# Guess: with linear interpolation and no filter, a ramp 0, 1, 2, ... from 8,000 to 16,000 Hz becomes 0, 0.5, 1, ..., and a file that is
# "resampled" to its own rate stays as it is.
# Found: every step is (n - 1) / n of the right one, n being the number of samples: 0, 0.475, 0.95, ... for 20 samples, and a ramp of 10 at
# the same rate becomes 0, 0.9, 1.8, ..., 8.1. The error grows to a whole input sample at the end of the file, whatever its length, so that
# sample times drift, chunks do not fit together, and labels of a short window are off by one. The cause: scaleFactor_ in
# lib/resampler/interpolator.js is (length - 1) over the new length and not the ratio of the rates.
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

console.log('wavefile 11.0.0, a ramp 0, 1, 2, ... of 8,000 Hz, method linear without filter');
const resample = (count, rate) => {
  const wave = new wavefile.WaveFile();
  wave.fromScratch(1, 8000, '32f', Float32Array.from({length: count}, (_, i) => i));
  wave.toSampleRate(rate, {method: 'linear', LPF: false});
  const result = [...wave.getSamples()];
  console.log(`${count} samples to ${rate} Hz: ${result.slice(0, 4).map(one => one.toFixed(3)).join(' ')} ... ${result.at(-1).toFixed(3)}`);
  return result;
};
const twice = resample(20, 16000), same = resample(10, 8000), long = resample(8000, 8000);
const near = (one, other) => Math.abs(one - other) < 1e-3;
process.exit(near(twice[1], 0.475) && near(twice[39], 18.525) && near(same[9], 8.1) && near(long[7999], 7998.0001) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: steps of (n - 1) / n"
else
    echo "changed: expected 0.475 for the first step of 20 samples and 8.1 for the last of 10"
    exit 1
fi
