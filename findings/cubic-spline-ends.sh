#!/usr/bin/env bash
# cubic-spline 3.0.3: after the last point the result is NaN, before the first one it is extrapolated.
#
# Guess: at() treats both sides alike: it extrapolates beyond both ends, or gives NaN or throws for both.
# Found: before the first point it extrapolates the first piece, after the last one, however little, it gives NaN. Resampled time stamps that
# overshoot by rounding put one NaN at the end of a series, which spreads through a whole network.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts cubic-spline@3.0.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import cubic from 'cubic-spline';

const Spline = cubic.default ?? cubic, spline = new Spline([0, 0.1, 0.2, 0.3], [0, 1, 4, 9]);
const end = 0.1 + 0.2, [before, last, after] = [-0.1, 0.3, end].map(x => spline.at(x));
console.log(`cubic-spline 3.0.3, points at 0, 0.1, 0.2, 0.3: at -0.1 ${before.toFixed(3)}, at 0.3 ${last.toFixed(3)}, at ${end} ${after}`);
process.exit(Number.isFinite(before) && last === 9 && Number.isNaN(after) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: NaN after the last point, a number before the first"
else
    echo "changed: expected NaN after the last point alone"
    exit 1
fi
