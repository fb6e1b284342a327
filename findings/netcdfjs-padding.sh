#!/usr/bin/env bash
# netcdfjs 4.0.0: shorts and bytes of NetCDF files come with the file's padding as values.
#
# Guess: a variable of 3 shorts has 3 values, and a record variable of one short per time step has a number per step.
# Found: the size in the file's header is that with padding to 4 bytes, and the reader takes all of it for values: 3 shorts come as 4
# numbers, the last one fill, and each step of a record as a pair of value and fill. A single record variable of shorts, which the format
# stores without padding, cannot be read: it asks for twice the bytes that are there. Packed sensor data are shorts, as a rule. ncdump 4.9
# reads the same bytes right; floats and ints, which need no padding, are right. The format:
# https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html (notes on vsize and padding).
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts netcdfjs@4.0.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import {NetCDFReader} from 'netcdfjs';

const int = one => [one >>> 24, one >>> 16 & 255, one >>> 8 & 255, one & 255], short = one => [one >> 8 & 255, one & 255];
const name = text => [...int(text.length), ...Buffer.from(text), ...Array((4 - text.length % 4) % 4).fill(0)], fill = short(-32767);

// A file of classic NetCDF: dimension time (unlimited, `records` steps) and x (3), variables of shorts.
function file(records, variables, data) {
  const dimensions = [...int(10), ...int(2), ...name('time'), ...int(0), ...name('x'), ...int(3)];
  const length = variables.reduce((sum, one) => sum + 4 + 4 + 4 + 4 + 8 + 4 + 4 + 4, 4 + 4 + dimensions.length + 8 + 8);
  let offset = length;
  const list = variables.flatMap(([letter, dimension, size]) => {
    const entry = [...name(letter), ...int(1), ...int(dimension), ...int(0), ...int(0), ...int(3), ...int(size), ...int(offset)];
    offset += size;
    return entry;
  });
  const head = [...Buffer.from('CDF'), 1, ...int(records), ...dimensions, ...int(0), ...int(0), ...int(11), ...int(variables.length)];
  return Uint8Array.from([...head, ...list, ...data]);
}

const fixed = new NetCDFReader(file(0, [['a', 1, 8]], [...short(100), ...short(101), ...short(102), ...fill]));
const steps = [1, 2, 3].flatMap(i => [...short(i), ...fill, ...short(10 * i), ...fill]);
const records = new NetCDFReader(file(3, [['a', 0, 4], ['b', 0, 4]], steps));
const single = new NetCDFReader(file(6, [['a', 0, 4]], [1, 2, 3, 4, 5, 6].flatMap(short)));
const read = (reader, variable) => {
  try { return JSON.stringify(reader.getDataVariable(variable)); } catch (error) { return `${error.constructor.name}: ${error.message}`; }
};
const found = [read(fixed, 'a'), read(records, 'a'), read(records, 'b'), read(single, 'a')];
console.log(`netcdfjs 4.0.0, shorts 100 101 102 in a dimension of ${fixed.dimensions[1].size}: ${found[0]}`);
console.log(`two record variables of 3 steps, 1 2 3 and 10 20 30: ${found[1]}, ${found[2]}`);
console.log(`a single record variable of 6 steps, 1 to 6: ${found[3]}`);
const wanted = ['[100,101,102,-32767]', '[[1,-32767],[2,-32767],[3,-32767]]', '[[10,-32767],[20,-32767],[30,-32767]]'];
process.exit(wanted.every((one, i) => one === found[i]) && /Error/.test(found[3]) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: padding comes as values"
else
    echo "changed: expected a fourth value of -32767, and pairs"
    exit 1
fi
