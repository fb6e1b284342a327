#!/usr/bin/env bash
# node-wav 0.0.2: the lowest sample of a 24-bit WAV file is read as the highest.
#
# Guess: decode() gives -1 for the bytes 00 00 80, which are -8,388,608, as it gives -1 for the lowest sample of 16 and 32 bits.
# Found: it gives +1. Every other value is right, also -0.99999. A recording that touches negative full scale, as each clipped one does, gets
# jumps over the whole range at its loudest places. encode() writes the right bytes.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts node-wav@0.0.2 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import wav from 'node-wav';

console.log('node-wav 0.0.2');
const samples = [-1, -0.99999, -0.5, 0.5, 1], read = [16, 24, 32].map(bitDepth => {
  const file = wav.encode([Float32Array.from(samples)], {sampleRate: 8000, float: false, bitDepth}), bytes = bitDepth / 8;
  const result = [...wav.decode(file).channelData[0]], first = Buffer.from(file.slice(44, 44 + bytes)).toString('hex');
  console.log(`${bitDepth} bits: first sample's bytes ${first}, read ${result.map(one => one.toFixed(5)).join(' ')}`);
  return result;
});
const near = (one, other) => Math.abs(one - other) < 1e-3;
process.exit(near(read[0][0], -1) && near(read[1][0], 1) && near(read[2][0], -1) && near(read[1][1], -1) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: 24 bits turn -1 into 1"
else
    echo "changed: expected 1 for -1 in 24 bits alone"
    exit 1
fi
