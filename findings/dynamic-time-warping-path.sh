#!/usr/bin/env bash
# dynamic-time-warping 1.0.0: the path of a series with itself leaves the diagonal where the series is flat.
#
# Guess: of two equal series the distance is 0 and the path is the diagonal: where several ways cost the same, the step on both is taken
# first, as in R's dtw and in npm's dtw.
# Found: the step back along the second series is: over a flat stretch of four values, four of the first series are matched to one of the
# second, and then the last one of the first to three of the second. Alignments of signals with pauses, which are flat, get warps of the
# pause's whole length, and features such as the path's length differ for equal inputs. The distance is right.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts dynamic-time-warping@1.0.0 dtw@0.0.3 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import Dtw from 'dtw';
import DynamicTimeWarping from 'dynamic-time-warping';

const series = [0, 1, 1, 1, 1, 2], warping = new DynamicTimeWarping(series, series, (one, other) => Math.abs(one - other)), dtw = new Dtw();
const distance = warping.getDistance(), path = warping.getPath(), show = pairs => pairs.map(pair => pair.join('-')).join(' ');
dtw.compute(series, series);
console.log(`${series.join(' ')} with itself`);
console.log(`dynamic-time-warping 1.0.0: distance ${distance}, path ${show(path)}`);
console.log(`dtw 0.0.3: path ${show(dtw.path())}`);
process.exit(distance === 0 && show(path) === '0-0 1-1 2-1 3-1 4-1 4-2 4-3 4-4 5-5' && dtw.path().every(([i, j]) => i === j) ? 0 : 1);
JS
if node probe.mjs; then
    echo "as found: a detour of three steps over the flat stretch"
else
    echo "changed: expected a path that leaves the diagonal by dynamic-time-warping, and the diagonal by dtw"
    exit 1
fi
