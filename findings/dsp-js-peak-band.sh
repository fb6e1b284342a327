#!/usr/bin/env bash
# dsp.js 1.0.1: peakBand of FFT is that of the loudest frame since it was made; a second inverse() runs backwards.
#
# Guess: peak and peakBand belong to the spectrum that forward() has just computed, and inverse() gives the same samples each time.
# Found: they are only ever raised: after one loud frame at bin 5, quieter frames at bin 20 still have the peak at 5, for ever. A pitch
# track that reads peakBand stops at the first loud note. And inverse() conjugates the transform's own imaginary part and leaves it so: the
# second call returns the frame reversed in time.
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

const size = 64, transform = new dsp.FFT(size, size), found = [[5, 1], [20, 0.5], [20, 0.5]].map(([bin, amplitude]) => {
  transform.forward(Float64Array.from({length: size}, (_, i) => amplitude * Math.sin(2 * Math.PI * bin * i / size)));
  const highest = transform.spectrum.indexOf(Math.max(...transform.spectrum));
  console.log(`dsp.js 1.0.1, a frame with ${amplitude} at bin ${bin}: highest bin ${highest}, peakBand ${transform.peakBand}, peak ${
    transform.peak.toFixed(2)}`);
  return [highest, transform.peakBand].join();
});
transform.forward(Float64Array.from({length: size}, (_, i) => i));
const [first, second] = [1, 2].map(() => [...transform.inverse()].slice(0, 4).map(one => Math.round(one)));
console.log(`inverse() of 0, 1, 2, 3, ..., 63: ${first.join(' ')}, again: ${second.join(' ')}`);
process.exit(found.join(' ') === '5,5 20,5 20,5' && first.join() === '0,1,2,3' && second.join() === '0,63,62,61' ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the peak is that of the loudest frame so far"
else
    echo "changed: expected peakBand 5 for frames at bin 20, and 0 63 62 61 from the second inverse()"
    exit 1
fi
