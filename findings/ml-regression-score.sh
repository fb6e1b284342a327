#!/usr/bin/env bash
# ml-regression 6.3.0: a forecast that runs the wrong way has the score r2 = 1.
#
# Guess: score(x, y).r2 is the coefficient of determination, 1 - residual / total squares, as scikit-learn's score: below 0 where the mean
# would forecast better.
# Found: it is the squared correlation. Forecasts that fall where the series rises, or that are 100 too low, have the r2 1. Beside it chi2 is
# divided by the observations themselves, and is negative for negative ones. Only rmsd can be used to choose a model.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts ml-regression@6.3.0 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import regression from 'ml-regression';

const x = [1, 2, 3, 4], model = new regression.SimpleLinearRegression(x, x);
console.log('ml-regression 6.3.0: forecasts 1 2 3 4');
const scores = [[1, 2, 3, 4], [4, 3, 2, 1], [101, 102, 103, 104], [-1, -2, -3, -4]].map(y => {
  const mean = y.reduce((sum, one) => sum + one) / 4, squares = f => y.reduce((sum, one, i) => sum + f(one, i) ** 2, 0);
  const determination = 1 - squares((one, i) => one - x[i]) / squares(one => one - mean), {r2, chi2, rmsd} = model.score(x, y);
  console.log(`observed ${y.join(' ')}: r2 ${r2.toFixed(3)}, chi2 ${chi2.toFixed(2)}, rmsd ${rmsd.toFixed(2)}; determination ${determination}`);
  return {r2, chi2, determination};
});
process.exit(scores.every(one => Math.abs(one.r2 - 1) < 1e-9) && scores[1].determination < -2 && scores[3].chi2 < 0 ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: r2 is 1 for opposite forecasts"
else
    echo "changed: expected an r2 of 1 for all four, and a negative chi2"
    exit 1
fi
