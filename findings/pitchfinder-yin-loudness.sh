#!/usr/bin/env bash
# pitchfinder 2.3.4: YIN finds 17,600 Hz in quiet tones of any pitch.
#
# Guess: the pitch that YIN finds does not depend on the loudness: its difference function is divided by its own mean, so that a factor
# cancels; a tone that is too quiet gives null.
# Found: 220 Hz at an amplitude of 0.2 is 220 Hz, at 0.1 it is 18,260 Hz, at 0.01 17,647 Hz. The first element of the running sum is set to
# 1 in place of the difference at lag 1, which for a quiet tone is larger than all others together: the quotient falls below the threshold
# at lag 2. The lower and the purer a tone is, the louder it must be: 110 Hz is wrong at 0.3. Scale frames to full scale before.
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

console.log('pitchfinder 2.3.4, YIN, frames of 2,049 samples at 44,100 Hz');
const detect = pitchfinder.YIN(), pitch = (frequency, amplitude) =>
  detect(Float32Array.from({length: 2049}, (_, i) => amplitude * Math.sin(2 * Math.PI * frequency * i / 44100)));
const amplitudes = [1, 0.5, 0.3, 0.2, 0.1, 0.01], found = [110, 220, 440].map(frequency => {
  const pitches = amplitudes.map(amplitude => pitch(frequency, amplitude));
  console.log(`${frequency} Hz at ${amplitudes.join(', ')}: ${pitches.map(one => one?.toFixed(0)).join(' ')}`);
  return pitches;
});
const right = (pitches, frequency) => pitches.filter(one => Math.abs(one - frequency) < 1).length;
const counts = [110, 220, 440].map((frequency, i) => right(found[i], frequency));
process.exit(counts.join() === '2,4,5' && found.every(pitches => pitches.at(-1) > 17000) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: quiet tones have 17,600 Hz"
else
    echo "changed: expected right pitches down to 0.5, 0.2 and 0.1, and 17,600 Hz below"
    exit 1
fi
