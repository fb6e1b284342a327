#!/usr/bin/env bash
# ml-stat 1.3.3: array.standardize() does not centre, array.center() returns nothing, medians of typed arrays are arrays.
#
# Guess: standardize() gives mean 0 and deviation 1, as R's scale(), SciPy's zscore() and the word say; center() returns the centred array;
# median() takes a Float64Array, as sum() and mean() do.
# Found: standardize() only divides by the deviation: the mean stays where it was, in units of the deviation. center() without its flag for
# "in place" computes a copy and returns undefined. median() and quartiles() of a typed array give that array back, and truncatedMean() NaN,
# because a typed array is put into the list to be sorted as one element. Inputs of a network keep an offset that no error shows.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts ml-stat@1.3.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import stat from 'ml-stat';

const {array} = stat, values = [10, 11, 12, 13, 14], typed = Float64Array.from([5, 1, 3]);
const standard = array.standardize(values), centred = array.center(values), median = array.median(typed), mean = array.mean(standard);
console.log(`ml-stat 1.3.3, standardize() of ${values.join(' ')}: mean ${mean.toFixed(3)}, deviation ${
  array.standardDeviation(standard).toFixed(3)}; center(): ${centred}`);
console.log(`median() of a Float64Array of 5, 1, 3: ${median.constructor.name} ${[...median].join(' ')}; of a plain array: ${
  array.median([...typed])}; truncatedMean(): ${array.truncatedMean(typed, 0.1)}`);
process.exit(Math.abs(mean - 7.589) < 1e-3 &&
  centred === undefined && median instanceof Float64Array && array.median([...typed]) === 3 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: a mean of 7.589 after standardize()"
else
    echo "changed: expected a mean of 7.589, undefined and an array"
    exit 1
fi
