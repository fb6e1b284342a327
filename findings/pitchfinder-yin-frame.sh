#!/usr/bin/env bash
# pitchfinder 2.3.4: YIN uses half of a frame whose length is a power of two, and misses an octave of low tones.
#
# Guess: a frame of 2,048 samples finds tones down to 44,100 / 1,024 = 43 Hz, because the difference function has half of its length, and
# one sample more makes no difference.
# Found: of 2,048 samples it uses 1,024, of 2,049 it uses 2,048: "the highest power of two below the length" leaves out the length itself.
# In the first, 60 and 70 Hz are null, and 80 Hz is 86.3 Hz, the longest lag that is left; in the second all are right. Frames of audio have
# 1,024, 2,048 or 4,096 samples.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts pitchfinder@2.3.4 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import pitchfinder from 'pitchfinder';

console.log('pitchfinder 2.3.4, YIN at 44,100 Hz, amplitude 1');
const detect = pitchfinder.YIN(), lengths = [2048, 2049], found = [60, 70, 80, 100].map(frequency => {
  const pitches = lengths.map(length =>
    detect(Float32Array.from({length}, (_, i) => Math.sin(2 * Math.PI * frequency * i / 44100)))?.toFixed(1) ?? 'null');
  console.log(`${frequency} Hz: ${lengths.map((length, i) => `${pitches[i]} from ${length} samples`).join(', ')}`);
  return pitches.join();
});
process.exit(found.join(' ') === 'null,60.0 null,70.0 86.3,80.0 100.0,100.0' ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: 2,048 samples miss what 2,049 find"
else
    echo "changed: expected null, null and 86.3 from 2,048 samples"
    exit 1
fi
