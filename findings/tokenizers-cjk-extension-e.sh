#!/usr/bin/env bash
# Hugging Face tokenizers 0.23.2: BertNormalizer does not part the first 256 characters of CJK Extension E, U+2B820 to U+2B91F.
#
# Guess: handle_chinese_chars puts blanks around every character of the blocks that BERT's own tokenization.py lists, among them U+2B820
# to U+2CEAF.
# Found: the range begins at U+2B920. Two of the characters before it next to each other are one word, which a vocabulary of single
# characters does not have: [UNK] in the place of two tokens.
#
# Needs: node 18 or later, npm. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
npm init -y >/dev/null
npm install --no-audit --no-fund tokenizers@0.23.2 >install.log 2>&1 || { cat install.log; exit 2; }
cat >probe.js <<'JS'
const { bertNormalizer } = require('tokenizers')

console.log(`Node ${process.version}, tokenizers ${require('tokenizers/package.json').version}`)
const normalizer = bertNormalizer({ cleanText: false, handleChineseChars: true, stripAccents: false, lowercase: false })
const isParted = (value) => normalizer.normalizeString(String.fromCodePoint(value)) !== String.fromCodePoint(value)
const parted = [0x2b81f, 0x2b820, 0x2b91f, 0x2b920, 0x2ceaf].map((value) => {
  console.log(`U+${value.toString(16).toUpperCase()}: ${isParted(value) ? 'a word of its own' : 'part of a word'}`)
  return isParted(value)
})
process.exit(parted.join() === 'true,false,false,true,true' ? 0 : 1)
JS
if node probe.js; then
    echo "as found: U+2B820 to U+2B91F are not parted"
else
    echo "changed: expected all but U+2B820 and U+2B91F to be words of their own"
    exit 1
fi
