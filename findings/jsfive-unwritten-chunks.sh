#!/usr/bin/env bash
# jsfive 0.4.2: what was never written of a chunked dataset comes as holes in the array, not as the fill value.
#
# Guess: a dataset of 4 values that was extended to 10 reads as 4 values and 6 times the fill value, 0, as by the HDF5 library itself.
# Found: the chunk that has data is filled up with 0; of the chunks that do not exist nothing comes: a plain array with empty elements.
# value[7] is undefined, a loop makes NaN of the sum, reduce() skips the holes, and so a mean depends on how it is computed. Recorders
# extend their datasets ahead of the data, and a run that was ended leaves them so.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts jsfive@0.4.2 h5wasm@0.10.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import {readFileSync} from 'node:fs';
import h5wasm from 'h5wasm/node';
import {File} from 'jsfive';
await h5wasm.ready;

const written = new h5wasm.File('series.h5', 'w');
written.create_dataset({name: 'series', data: Float64Array.from([1, 2, 3, 4]), shape: [4], chunks: [3], maxshape: [null], dtype: '<d'});
written.get('series').resize([10]);
written.close();
const library = [...new h5wasm.File('series.h5', 'r').get('series').value], bytes = readFileSync('series.h5');
const value = new File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), 'series.h5').get('series').value;
let sum = 0;
for (let i = 0; i < value.length; i++) {
  sum += value[i];
}
console.log(`h5wasm 0.10.3: ${library.join(' ')}`);
const reduced = value.reduce((one, other) => one + other);
console.log(`jsfive 0.4.2: ${Array.from(value, String).join(' ')}; sum by a loop ${sum}, by reduce() ${reduced}`);
process.exit(library.join('') === '1234000000' && value.length === 10 && value[5] === 0 && !(6 in value) && Number.isNaN(sum) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: four values are missing"
else
    echo "changed: expected holes from the seventh value on"
    exit 1
fi
