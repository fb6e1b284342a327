// Writes the table of what the tokenizers library's BertNormalizer and BertPreTokenizer do to each Unicode scalar value.
// npm install tokenizers@0.23.2 && node bert-characters.js >../../../Data/Text/Tokenizers/bert-characters.txt
const { createHash } = require('crypto')
const { bertNormalizer, bertPreTokenizer, nfdNormalizer } = require('tokenizers')

const only = (option) => bertNormalizer({ cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false, [option]: true })
const [clean, chinese, strip, lower] = ['cleanText', 'handleChineseChars', 'stripAccents', 'lowercase'].map(only)
const [pieces, nfd] = [bertPreTokenizer(), nfdNormalizer()]
const values = (text) => [...text].map((c) => c.codePointAt(0))
const hex = (text) => values(text).map((v) => v.toString(16)).join('.')
const inner = (normalizer, text) => normalizer.normalizeString('a' + text + 'b').slice(1, -1)

const sections = { removed: [], chinese: [], punctuation: [], lower: [], strip: [], marks: [], starters: [] }
const whole = createHash('sha256')
const marks = []
for (let value = 0; value < 0x110000; value++) {
  if (value >= 0xd800 && value < 0xe000) continue
  const text = String.fromCodePoint(value)
  const results = [clean, chinese, strip, lower].map((normalizer) => inner(normalizer, text))
  const kind = pieces.preTokenizeString('a' + text + 'b').length
  whole.update([value.toString(16), ...results.map(hex), kind].join('\t') + '\n')
  if (results[0] === '') sections.removed.push([value])
  if (results[1] !== text) sections.chinese.push([value])
  if (kind === 3) sections.punctuation.push([value])
  if (results[3] !== text) sections.lower.push([value, hex(results[3])])
  const isHangul = value >= 0xac00 && value < 0xd7a4
  if (results[2] !== text && !isHangul) sections.strip.push([value, hex(results[2])])
  const isSingle = nfd.normalizeString(text) === text
  const moves = nfd.normalizeString('a' + text + '\u0334') !== 'a' + text + '\u0334' || nfd.normalizeString('a\u0345' + text) !== 'a\u0345' + text
  if (isSingle && moves && results[2] !== '') marks.push(value)
  if (isSingle && !moves && results[2] === '') sections.starters.push([value])
}

// The order of canonical combining classes of marks that stay, as ranks from 1 on.
const isBehind = (a, b) => values(nfd.normalizeString('a' + String.fromCodePoint(a, b)))[1] === b && a !== b
const ranks = new Map(marks.map((a) => [a, marks.filter((b) => isBehind(a, b)).length]))
const levels = [...new Set(ranks.values())].sort((a, b) => a - b)
sections.marks = marks.map((a) => [a, (levels.indexOf(ranks.get(a)) + 1).toString(16)])

const range = (first, last) => first.toString(16) + (last > first ? '-' + last.toString(16) : '')
function entries(list, isRunning) {
  const found = []
  for (let i = 0; i < list.length; ) {
    let j = i
    const [first, target] = list[i]
    const isSame = (step) => j + 1 < list.length && list[j + 1][0] === list[j][0] + step && (target === undefined
      || (isRunning && !target.includes('.') ? list[j + 1][1] === (parseInt(list[j][1], 16) + step).toString(16) : list[j + 1][1] === target))
    let step = 1
    while (isSame(1)) j++
    if (isRunning && j === i) while (isSame(2)) { j++; step = 2 }
    found.push(range(first, list[j][0]) + (step > 1 ? '/' + step : '') + (target === undefined ? '' : '=' + target))
    i = j + 1
  }
  return found
}

console.log('# Made by bert-characters.js beside the tests, of tokenizers 0.23.2, by asking it for every Unicode scalar value.')
for (const [name, list] of Object.entries(sections)) {
  console.log('[' + name + ']')
  let line = ''
  for (const entry of entries(list, name === 'lower')) {
    if (line.length + entry.length > 118) { console.log(line.trim()); line = '' }
    line += ' ' + entry
  }
  console.log(line.trim())
}
console.error(whole.digest('hex'))
