#!/usr/bin/env bash
# synaptic 1.1.4: clear() leaves a part of an LSTM's last sequence in it.
#
# Guess: after clear() a sequence gives the outputs that it gave to the fresh network.
# Found: the outputs depend on what was seen before clear(), and change from one repetition to the next. A second clear() does not help. A
# network that is evaluated twice on the same test set gives two results. A GRU of neataptic gives the same numbers each time.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund --ignore-scripts synaptic@1.1.4 neataptic@1.4.7 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.mjs <<'JS'
import synaptic from 'synaptic';
import neataptic from 'neataptic';

console.log('synaptic 1.1.4, neataptic 1.4.7: first output of one sequence, 1, 0, 1, after other ones');
const own = outputs(new synaptic.Architect.LSTM(1, 4, 1), 'synaptic'), other = outputs(new neataptic.architect.GRU(1, 4, 1), 'neataptic GRU');
process.exit(own.slice(1).every(one => Math.abs(one - own[0]) > 1e-7) && other.every(one => one === other[0]) ? 0 : 1);

function outputs(network, name) {
  const first = () => [1, 0, 1].map(one => network.activate([one])[0])[0], result = [first()];
  network.clear();
  result.push(first());
  for (let i = 0; i < 20; i++) network.activate([5]);
  network.clear();
  result.push(first());
  network.clear();
  network.clear();
  result.push(first());
  console.log(`${name}: fresh, cleared, cleared after twenty inputs of 5, cleared twice: ${result.map(one => one.toFixed(7)).join(' ')}`);
  return result;
}
JS
if node probe.mjs; then
    echo "as found: outputs after clear() depend on earlier sequences"
else
    echo "changed: expected differences of synaptic and none of neataptic"
    exit 1
fi
