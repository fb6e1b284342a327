#!/usr/bin/env bash
# Microsoft.ML.Tokenizers 2.0.1: BertTokenizer removes ends of lines and tabs, so that the last word of a line and the first of the next are one.
#
# Guess: white space parts words, as in BERT's own tokenizer, whose cleaning removes control characters except tab, line feed and carriage
# return, and makes blanks of these.
# Found: the normalizer removes all control characters, these three too: "water\nlevel" is the word "waterlevel", which is unknown or is
# parted into other pieces. A text with hard line ends, or a table with tabs, gets other ids than in Python, and nothing says so. Blanks
# in their place beforehand give the right words.
#
# Needs: .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
cat >probe.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.Tokenizers" Version="2.0.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Text;
using Microsoft.ML.Tokenizers;

Console.WriteLine($".NET {Environment.Version}, Microsoft.ML.Tokenizers {typeof(Tokenizer).Assembly.GetName().Version}");
const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwater\nlevel\n##level\n";
Tokenizer bert = BertTokenizer.Create(new MemoryStream(Encoding.UTF8.GetBytes(Vocabulary)));
string blank = Tokens("water level"), line = Tokens("water\nlevel"), tab = Tokens("water\tlevel");
return blank == "water level" && line == "water ##level" && tab == "water ##level" ? 0 : 1;

string Tokens(string text)
{
    string tokens = string.Join(" ", bert.EncodeToTokens(text, out _).Select(token => token.Value));
    Console.WriteLine($"{text.Replace("\n", "\\n").Replace("\t", "\\t")}: {tokens}");
    return tokens;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: a word goes on over the end of a line and over a tab"
else
    echo "changed: expected 'water level' of a blank, and 'water ##level' of a line's end and of a tab"
    exit 1
fi
