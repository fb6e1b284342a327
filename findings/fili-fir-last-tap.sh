#!/usr/bin/env bash
# fili 2.0.3: FirFilter leaves out its last coefficient and takes the others in reverse.
#
# Guess: the impulse response of a FirFilter is its coefficients (its own comment says so); the filter 0.25, 0.5, 0.25 leaves a constant as
# it is.
# Found: the response of 1, 2, 3, 4 is 1, 3, 2, 0: the buffer is one sample shorter than the filter, and after the first coefficient the
# oldest sample comes next. 0.25, 0.5, 0.25 turns a constant 1 into 0.75, and responsePoint(), which leaves out the last coefficient as
# well, agrees. A filter that its own FirCoeffs compute is symmetric and small at its ends, which hides both; a short mean or a
# differentiator is not.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts fili@2.0.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import Fili from 'fili';

const mean = new Fili.FirFilter([0.25, 0.5, 0.25]), constant = mean.multiStep([1, 1, 1, 1, 1]);
const gain = mean.responsePoint({Fs: 100, Fr: 0}).magnitude, response = new Fili.FirFilter([1, 2, 3, 4]).multiStep([1, 0, 0, 0, 0, 0]);
console.log(`fili 2.0.3, FirFilter of 0.25, 0.5, 0.25: a constant 1 becomes ${constant.join(' ')}, gain at 0 Hz ${gain}`);
console.log(`impulse response of 1, 2, 3, 4: ${response.join(' ')}`);
process.exit(constant.join() === '0.25,0.75,0.75,0.75,0.75' && gain === 0.75 && response.join() === '1,3,2,0,0,0' ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: the last coefficient is left out"
else
    echo "changed: expected a constant of 0.75 and the response 1 3 2 0"
    exit 1
fi
