#!/usr/bin/env bash
# apache-arrow 21.1.0 (JavaScript): toArray() of a column with missing values gives 0 where a value is missing.
#
# Guess: missing values stay null (the array is then no typed one) or become NaN, because get() and the iterator give null for them.
# Found: toArray() hands over the values' buffer, and what stands there under a missing value is 0 in the columns that the library
# builds. A mean over toArray() is 2 in place of 3, and a model that is fed the typed array learns zeros. Only nullCount shows it.
# undefined, on the other hand, becomes NaN in a column of numbers, and is not counted as missing.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts apache-arrow@21.1.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import * as arrow from 'apache-arrow';

const level = arrow.vectorFromArray([2, null, 4], new arrow.Float64());
const sent = arrow.tableFromIPC(arrow.tableToIPC(new arrow.Table({level}))).getChild('level');
const array = sent.toArray(), mean = array.reduce((sum, one) => sum + one, 0) / array.length;
console.log('apache-arrow 21.1.0');
console.log(`wrote 2, null, 4; get() ${[0, 1, 2].map(i => String(sent.get(i))).join(', ')}; iterated ${[...sent].map(String).join(', ')}`);
console.log(`${array.constructor.name} by toArray(): ${array.join(', ')}, mean ${mean}; nullCount ${sent.nullCount}`);
const undefinedOnes = arrow.vectorFromArray([2, undefined, 4]);
console.log(`wrote 2, undefined, 4: ${[...undefinedOnes].join(', ')}, nullCount ${undefinedOnes.nullCount}`);
process.exit(sent.get(1) === null && array[1] === 0 && sent.nullCount === 1 && mean === 2 && Number.isNaN(undefinedOnes.get(1)) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: toArray() gives 0 for a missing value"
else
    echo "changed: expected 0 for null by toArray(), and NaN for undefined"
    exit 1
fi
