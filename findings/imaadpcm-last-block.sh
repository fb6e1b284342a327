#!/usr/bin/env bash
# imaadpcm 5.0.0, wavefile 11.0.0: IMA ADPCM files lose their last block: up to 505 samples at the end are silence.
#
# Guess: a signal of 1,000 samples, which has two blocks of up to 505, comes back whole, with the noise of 4 bits.
# Found: encode() writes a block only when the next one begins: the last one is never written and reads as zeros, and a signal of 505
# samples or fewer comes back as silence. The result of 1,000 samples has 1,000 bytes, of which 256 hold audio. wavefile's toIMAADPCM has
# the same encoder. At 8,000 Hz each utterance loses up to 63 ms of its end, the part that an end-of-speech detector looks at.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts imaadpcm@5.0.0 wavefile@11.0.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import imaadpcm from 'imaadpcm';
import wavefile from 'wavefile';

console.log('imaadpcm 5.0.0, wavefile 11.0.0: mean size of the samples of a sine of amplitude 3,000, block by block of 505');
const blocks = samples => [0, 505, 1010, 1515].filter(start => start < samples.length).map(start => {
  const block = Array.from(samples.slice(start, start + 505), Math.abs);
  return Math.round(block.reduce((sum, one) => sum + one, 0) / block.length);
});
const results = [400, 1000, 2000].map(count => {
  const samples = Int16Array.from({length: count}, (_, i) => Math.round(3000 * Math.sin(i / 10)));
  const code = imaadpcm.encode(samples), plain = imaadpcm.decode(code, 256).slice(0, count), wave = new wavefile.WaveFile();
  wave.fromScratch(1, 8000, '16', samples);
  wave.toIMAADPCM();
  wave.fromIMAADPCM();
  const file = wave.getSamples(false, Int16Array).slice(0, count);
  const [written, read, byFile] = [samples, plain, file].map(one => blocks(one).join(' '));
  console.log(`${count} samples: written ${written}, ${code.length} bytes, read ${read}, by wavefile ${byFile}`);
  return [blocks(plain), blocks(file)];
});
const lost = means => means.at(-1) < 100 && means.slice(0, -1).every(mean => mean > 1500);
process.exit(results.every(([plain, file]) => lost(plain) && lost(file)) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the last block is silence"
else
    echo "changed: expected silence in the last block of 505 alone"
    exit 1
fi
