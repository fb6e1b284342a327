#!/usr/bin/env bash
# ml-regression 6.3.0: RobustPolynomialRegression of degree 2 fits a straight line.
#
# Guess: the third argument is the degree, as in PolynomialRegression of the same package and as its name says; 2 fits a parabola.
# Found: it is the number of coefficients. Squares of 1 to 6 with the degree 2 give a line, with 3 the parabola, and with 1 a constant.
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

const x = [1, 2, 3, 4, 5, 6], y = x.map(one => one * one);
console.log('ml-regression 6.3.0: degree, robust fit and ordinary fit of the squares of 1 to 6, at 10');
const fits = [1, 2, 3].map(degree => {
  const robust = new regression.RobustPolynomialRegression(x, y, degree), plain = new regression.PolynomialRegression(x, y, degree);
  const curve = [0, 10, 20].map(one => robust.predict(one)), bend = curve[0] - 2 * curve[1] + curve[2];
  console.log(`${degree}: ${robust.predict(10).toFixed(3)} (${robust.toString(3)}), ${plain.predict(10).toFixed(3)}`);
  return {robust: robust.predict(10), plain: plain.predict(10), bend};
});
const near = (one, other) => Math.abs(one - other) < 1e-6;
const shifted = near(fits[1].bend, 0) && !near(fits[1].robust, 100) && near(fits[2].robust, 100);
process.exit(shifted && near(fits[1].plain, 100) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: degree 2 is a line, degree 3 the parabola"
else
    echo "changed: expected a line for degree 2 of the robust fit alone"
    exit 1
fi
