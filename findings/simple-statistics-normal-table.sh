#!/usr/bin/env bash
# simple-statistics 7.12.1: the normal distribution is a printed table: 6 deviations below are as likely as 3.1.
#
# Guess: cumulativeStdNormalProbability(z) is a series or an approximation that is good to seven digits or more, and probit its inverse.
# Found: z is rounded to two decimals and the result looked up with four, and it stays between 0.001 and 0.999: the tail at -6 is a million
# times too likely. probit(0.975) is 1.957 in place of 1.960. errorFunction of the same library is good, and gives the tail.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts simple-statistics@7.12.1 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import * as statistics from 'simple-statistics';

console.log('simple-statistics 7.12.1');
const table = statistics.cumulativeStdNormalProbability, byError = z => 0.5 * (1 + statistics.errorFunction(z / Math.SQRT2));
for (const z of [-6, -4, -3.09, 0.004, 0.005, 1.96]) console.log(`z ${z}: ${table(z)}, by errorFunction ${byError(z).toExponential(4)}`);
console.log(`probit(0.975) ${statistics.probit(0.975).toFixed(5)}, probit(0.999) ${statistics.probit(0.999).toFixed(5)}; right 1.95996, 3.09023`);
const cut = Math.abs(table(-6) - 0.001) < 1e-12 && Math.abs(table(6) - 0.999) < 1e-12 && table(0.004) === table(0);
process.exit(cut && byError(-4) < 1e-4 && Math.abs(statistics.probit(0.975) - 1.9572) < 1e-3 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the tails end at 0.001 and 0.999"
else
    echo "changed: expected tails of 0.001 and steps of 0.01"
    exit 1
fi
