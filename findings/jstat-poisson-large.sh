#!/usr/bin/env bash
# jStat 1.9.6: the Poisson probability of counts above 143 is infinite or NaN.
#
# Guess: poisson.pdf(160, 160) is 0.0315 and poisson.cdf(200, 180) is 0.93: the probability is computed in logarithms, as binomial.pdf of
# the same library does for 500 of 1,000.
# Found: Infinity and NaN: it divides a power by a factorial, and 160^160 is infinite in double precision, 171! too. For a low rate it is 0
# from a count of 171 on. The likelihood of a series of hourly counts is Infinity or NaN as soon as one hour is busy, and a test of a
# threshold on it passes or fails for that reason.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts jstat@1.9.6 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import jstat from 'jstat';

const {jStat} = jstat, logarithms = count => Math.exp(count * Math.log(count) - count - jStat.gammaln(count + 1));
const found = [100, 140, 160, 180].map(count => jStat.poisson.pdf(count, count)), cdf = jStat.poisson.cdf(200, 180);
console.log('jStat 1.9.6');
[100, 140, 160, 180].forEach((count, i) => console.log(`poisson.pdf(${count}, ${count}): ${found[i]}, by logarithms ${logarithms(count)}`));
const small = [170, 171].map(count => jStat.poisson.pdf(count, 60)), binomial = jStat.binomial.pdf(500, 1000, 0.5);
console.log(`poisson.cdf(200, 180): ${cdf}; poisson.pdf of 170 and 171 at 60: ${small.join(' ')}`);
console.log(`binomial.pdf(500, 1000, 0.5): ${binomial}`);
const right = [100, 140].every((count, i) => Math.abs(found[i] - logarithms(count)) < 1e-9) && binomial > 0.025 && small[0] > 0;
process.exit(right && found[2] === Infinity && [found[3], cdf].every(Number.isNaN) && small[1] === 0 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: Infinity at 160, NaN at 180"
else
    echo "changed: expected Infinity at 160, NaN at 180, 0 for 171 at 60"
    exit 1
fi
