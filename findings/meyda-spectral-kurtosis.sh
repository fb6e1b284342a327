#!/usr/bin/env bash
# meyda 5.6.3: spectralKurtosis depends on where the peak is, and is negative by thousands.
#
# Guess: a peak of the shape of a normal distribution has a kurtosis of 3, or of 0 for the excess, wherever it lies; the value cannot be
# below 1.
# Found: -1.6e3 for a peak at bin 40, -1.6e5 at 128, -9.6e5 at 200. In the fourth central moment, m4 - 4 m1 m3 + 6 m1^2 m2 - 3 m1^4, the
# square of m1 is missing. The feature is a function of the centroid and drowns all others where it is not scaled. spectralSkewness and
# spectralSpread are right.
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

const size = 512;
Object.assign(Meyda, {bufferSize: size, sampleRate: 16000, windowingFunction: 'rect'});
console.log('meyda 5.6.3, a spectrum with one peak of the shape of a normal distribution, deviation 10 bins');
const features = ['spectralKurtosis', 'spectralSpread', 'spectralCentroid'], found = [40, 128, 200].map(centre => {
  const signal = Float32Array.from({length: size}, (_, n) => Array.from({length: 255}, (_, i) => i + 1).reduce((sum, k) =>
    sum + Math.exp(-((k - centre) ** 2) / 200) * Math.cos(2 * Math.PI * k * n / size + k * k), 0) / 256);
  const result = Meyda.extract(features, signal);
  console.log(`peak at ${centre}: ${features.map(name => `${name} ${result[name].toFixed(1)}`).join(', ')}`);
  return result;
});
process.exit(found.every(one => one.spectralKurtosis < -1000 && Math.abs(one.spectralSpread - 10) < 0.1) &&
  found[2].spectralKurtosis < 100 * found[0].spectralKurtosis ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: kurtosis of -1.6e3 to -9.6e5 for one shape"
else
    echo "changed: expected values below -1,000 that fall with the place of the peak"
    exit 1
fi
