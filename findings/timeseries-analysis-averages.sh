#!/usr/bin/env bash
# timeseries-analysis 1.0.12: ema() has a memory of one step, and lwma() weights the oldest value most.
#
# Guess: ema({period: 5}) is 1/3 of the new value and 2/3 of the average before, so that a step from 0 to 10 approaches 10 over many steps;
# lwma() gives the newest value the largest weight, so that it follows a step faster than ma().
# Found: ema() takes the raw value before in place of the average before: it is 3.33 at the step and 10 one later. lwma() weights by the
# age: one after the step it is 0.67, ma() 2. ma() and lwma() leave out the current value, so that all of them follow one step late. Trend
# features have other delays than their names say.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts timeseries-analysis@1.0.12 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import analysis from 'timeseries-analysis';

console.log('timeseries-analysis 1.0.12, a step from 0 to 10 at the sixth value, period 5: from the sixth value on');
const values = [0, 0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 10], [ema, lwma, ma] = ['ema', 'lwma', 'ma'].map(name => {
  const series = new analysis.main(values.map((value, i) => [new Date(i * 1000), value]));
  const result = series[name]({period: 5}).toArray().slice(5).map(one => one.toFixed(2)).join(' ');
  console.log(`${name}: ${result}`);
  return result;
});
const found = ema.startsWith('3.33 10.00 10.00') && lwma.startsWith('0.00 0.67 2.00 4.00 6.67') && ma.startsWith('0.00 2.00 4.00 6.00');
process.exit(found ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: ema() is there one step later, lwma() is slower than ma()"
else
    echo "changed: expected 3.33 and 10 from ema(), 0.67 and 2 from lwma()"
    exit 1
fi
